"""A file seen through a window: any bytes of it, in the memory of one block."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

_BLOCK = 256 * 1024


class Window:
    """Bytes of an open file by their offset. Reading goes forward best; one thread at a time."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._at = 0
        self._block = b""
        self.size = os.fstat(file.fileno()).st_size

    def read(self, at: int, count: int) -> bytes:
        """Up to `count` bytes from an offset; fewer at the file's end."""
        start = at - self._at
        if not 0 <= start <= start + count <= len(self._block):
            self._file.seek(at)
            self._at, self._block, start = at, self._file.read(max(count, _BLOCK)), 0
        return self._block[start : start + count]

    def blocks(self, start: int) -> Iterator[tuple[int, bytes]]:
        """What follows an offset, block by block, each with its own offset."""
        while block := self.read(start, _BLOCK):
            yield start, block
            start += len(block)

    def first_not_zero(self, start: int) -> int:
        """The offset of the first byte from `start` on that is not zero; the size where all are."""
        for at, block in self.blocks(start):
            rest = block.lstrip(b"\0")
            if rest:
                return at + len(block) - len(rest)
        return self.size


@contextmanager
def opened(path: Path) -> Iterator[Window]:
    with path.open("rb", buffering=0) as file:
        yield Window(file)
