"""Reading an object: in ranges, each a request that obstore repeats by itself, all of one version of it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

import obstore

from mhsync import StorageError
from mhsync_cloud.bounds import Bounds
from mhsync_cloud.failures import is_status, told
from mhsync_cloud.place import Place

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer
    from obstore import GetOptions
    from obstore.store import ObjectStore


class ObjectReader(io.RawIOBase):
    """The bytes of one object, from the start.

    Raises:
        StorageNotFound: there is no such object.
        StorageError: a request failed, or the object was changed or cut short meanwhile.
    """

    def __init__(self, store: ObjectStore, path: str, place: Place, bounds: Bounds) -> None:
        super().__init__()
        self._store = store
        self._path = path
        self._place = place
        self._bounds = bounds
        self._etag: str | None = None
        self._at = self._until = self._size = 0
        self._chunks: Iterator[bytes] = iter(())
        self._left = memoryview(b"")
        with told("read", place, path):
            try:
                self._ask()
            except obstore.exceptions.BaseError as error:
                # No range of an empty object can be asked for.
                if not is_status(error, 416) or obstore.head(store, path)["size"]:
                    raise

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        if not self._left and self._at < self._size:
            self._left = memoryview(self._more())
        target = memoryview(buffer).cast("B")
        count = min(len(target), len(self._left))
        target[:count] = self._left[:count]
        self._left = self._left[count:]
        return count

    def close(self) -> None:
        self._chunks, self._left = iter(()), memoryview(b"")
        super().close()

    def _ask(self) -> None:
        """Ask for the next range."""
        options: GetOptions = {"range": (self._at, self._at + self._bounds.read)}
        if self._etag is not None:
            options["if_match"] = self._etag
        answer = obstore.get(self._store, self._path, options=options)
        self._etag = answer.meta["e_tag"]
        self._size, self._until = answer.meta["size"], answer.range[1]
        self._chunks = iter(answer.stream(min_chunk_size=self._bounds.chunk))

    def _more(self) -> bytes:
        with told("read", self._place, self._path):
            if self._at == self._until:
                self._ask()
            chunk = next(self._chunks, b"")
        if not chunk:
            raise StorageError(
                f"{self._place.url(self._path)} ended after {self._at} of {self._size} bytes",
                hint="run it again; if it stays so, see that the service is well",
            )
        self._at += len(chunk)
        return chunk
