"""Reads and writes the receipt index of a storage. What the lines mean is in `core/index_row.py`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping

from mhsync.core.index_row import FORMAT, Row, rows_of
from mhsync.core.layout import INDEX
from mhsync.storage.base import Storage

_CHUNK = 256 * 1024
"""Bytes that are read, and rows' bytes that are decoded, at once."""


class IndexInvalidError(ValueError):
    """The index is not one that can be used: truncated, changed, of another API, or of another format."""


def read_index(storage: Storage, api: str, *, size_max: int, row_max: int) -> Iterator[list[tuple[bytes, Row]]]:
    """The lines of the index with their rows, some at a time.

    Nothing that was given may be used until the iterator has ended: the last line says whether all of it is whole.

    Args:
        api: the origin that the index must be for.
        size_max: bytes of the whole file.
        row_max: bytes of one line.

    Raises:
        IndexInvalidError: the index cannot be used.
        StorageError: it cannot be read.
    """
    reader = _Reader(api, row_max)
    size, rest = 0, b""
    with storage.open(INDEX) as file:
        while data := file.read(_CHUNK):
            size += len(data)
            if size > size_max:
                raise IndexInvalidError("it is too large")
            *lines, rest = (rest + data).split(b"\n")
            if len(rest) > row_max:
                raise IndexInvalidError("a line is too long")
            yield reader.take(lines)
    reader.end(rest)


class _Reader:
    """Checks the lines of an index as they come. The last line is held back: it may be the end."""

    def __init__(self, api: str, row_max: int) -> None:
        self._header: bytes | None = _header(api)
        self._row_max = row_max
        self._digest = hashlib.sha256()
        self._rows = 0
        self._last_name = ""
        self._held: list[bytes] = []

    def take(self, lines: list[bytes]) -> list[tuple[bytes, Row]]:
        lines = self._held + lines
        self._held = lines[-1:]
        lines = lines[:-1]
        if not lines:
            return []
        self._digest.update(b"\n".join(lines) + b"\n")
        if self._header is not None:
            if lines[0] != self._header:
                raise IndexInvalidError("it is of another API or another format")
            self._header = None
            lines = lines[1:]
        if max(map(len, lines), default=0) > self._row_max:
            raise IndexInvalidError("a line is too long")
        return list(zip(lines, self._decoded(lines), strict=True))

    def _decoded(self, lines: list[bytes]) -> list[Row]:
        try:
            rows = rows_of(lines)
        except (ValueError, RecursionError) as error:
            raise IndexInvalidError(str(error)[:200]) from None
        last = self._last_name
        for row in rows:
            if row[0] <= last:
                raise IndexInvalidError("its rows are not in order, or one is there twice")
            last = row[0]
        self._last_name = last
        self._rows += len(rows)
        return rows

    def end(self, rest: bytes) -> None:
        if rest or self._header is not None or self._held != [_end(self._rows, self._digest.hexdigest())]:
            raise IndexInvalidError("it is truncated, or was changed")


def write_index(storage: Storage, api: str, lines: Mapping[str, bytes]) -> None:
    """Write the index, as a whole or not at all.

    Args:
        api: the origin that it is for.
        lines: by the name of the receipt's file.

    Raises:
        StorageError: it cannot be written.
    """
    digest = hashlib.sha256()
    with storage.write(INDEX) as writer:
        part = [_header(api)]
        size = 0
        for name in sorted(lines):
            part.append(lines[name])
            size += len(lines[name])
            if size > _CHUNK:
                data = b"\n".join(part) + b"\n"
                digest.update(data)
                writer.write(data)
                part, size = [], 0
        data = b"\n".join(part) + b"\n" if part else b""
        digest.update(data)
        writer.write(data + _end(len(lines), digest.hexdigest()) + b"\n")


def _header(api: str) -> bytes:
    return json.dumps({"format": FORMAT, "api": api}, separators=(",", ":")).encode("ascii")


def _end(rows: int, sha256: str) -> bytes:
    return json.dumps({"rows": rows, "sha256": sha256}, separators=(",", ":")).encode("ascii")
