"""CheckedReader: a reader that reports a file which ends too early."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from mhsync.errors import StorageError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class Source(Protocol):
    """What `CheckedReader` needs of the reader of a library."""

    def read(self, size: int, /) -> bytes | memoryview:
        """At least one byte and at most `size`; empty at the end of the file."""

    def close(self) -> object: ...


class CheckedReader(io.RawIOBase):
    """Reads a file from its beginning and compares its length with the size that the service stated.

    Libraries often end a file without an error when the connection breaks. Wrap the reader in
    `io.BufferedReader` for callers that read small pieces.

    Args:
        source: the library's reader.
        size: the length in bytes, or None where it is not known.
        name: the file, as messages name it.
        translate: turns an exception of the library into the one to raise.
        on_close: called once, when the reader is closed, with whether every operation succeeded.
    """

    def __init__(
        self,
        source: Source,
        size: int | None,
        name: str,
        *,
        translate: Callable[[Exception], Exception] = lambda error: error,
        on_close: Callable[[bool], None] = lambda _: None,
    ) -> None:
        super().__init__()
        self._source = source
        self._size = size
        self._name = name
        self._translate = translate
        self._on_close = on_close
        self._received = 0
        self._has_failed = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Read the next bytes.

        Raises:
            StorageError: the file is shorter or longer than its size.
            Exception: what `translate` returned for an exception of the library.
        """
        target = memoryview(buffer).cast("B")
        try:
            data = self._source.read(len(target))
        except Exception as error:  # noqa: BLE001 - a library may raise anything
            self._has_failed = True
            translated = self._translate(error)
            raise translated from (None if translated is error else error)
        self._received += len(data)
        self._check(at_end=bool(target) and not data)
        target[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Close the source. An exception of the library is ignored: all requested bytes were returned."""
        if self.closed:
            return
        is_closed = False
        try:
            with suppress(Exception):
                self._source.close()
                is_closed = True
        finally:
            super().close()
            self._on_close(is_closed and not self._has_failed)

    def _check(self, *, at_end: bool) -> None:
        if self._size is not None and (self._received > self._size or (at_end and self._received < self._size)):
            self._has_failed = True
            raise StorageError(
                f"cannot read {self._name}: {self._received} of {self._size} bytes were received",
                hint="check the server and the connection to it, then run it again",
            )
