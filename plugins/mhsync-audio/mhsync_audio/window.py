"""Random access to the bytes of a file, with one block in memory."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

_BLOCK = 256 * 1024


class Window:
    """Bytes of an open file by their offset. Reading forward is fastest. For one thread at a time."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._at = 0
        self._block = b""
        self.size = os.fstat(file.fileno()).st_size

    def read(self, at: int, count: int) -> bytes:
        """The `count` bytes at an offset; fewer at the end of the file."""
        start = at - self._at
        if not 0 <= start <= start + count <= len(self._block):
            self._file.seek(at)
            self._at, self._block, start = at, self._file.read(max(count, _BLOCK)), 0
        return self._block[start : start + count]

    def blocks(self, start: int) -> Iterator[tuple[int, bytes]]:
        """The bytes from an offset to the end, in blocks, each with its offset."""
        while block := self.read(start, _BLOCK):
            yield start, block
            start += len(block)

    def first_not_zero(self, start: int) -> int:
        """The offset of the first byte from `start` that is not zero; the size of the file if all are zero."""
        for at, block in self.blocks(start):
            rest = block.lstrip(b"\0")
            if rest:
                return at + len(block) - len(rest)
        return self.size


@contextmanager
def opened(path: Path) -> Iterator[Window]:
    with path.open("rb", buffering=0) as file:
        yield Window(file)
