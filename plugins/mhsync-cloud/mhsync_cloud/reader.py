"""Reading an object: in ranges, each a request that obstore repeats by itself, all of one version of it.

Some servers answer a request for a range wrongly: with 200 where 206 is due (gofakes3, which `rclone serve s3` is
made of), or with a range that an empty object does not have (s3rver). obstore refuses such an answer. Such
servers are asked for the whole object in one request.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import obstore

from mhsync import StorageError
from mhsync_cloud.bounds import Bounds
from mhsync_cloud.failures import is_no_range, is_status, told
from mhsync_cloud.place import Place

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer
    from obstore import GetOptions
    from obstore.store import ObjectStore


@dataclass(slots=True)
class Server:
    """What reading has shown of a server. All readers of a storage share it, so each thing is found out once."""

    serves_ranges: bool = True
    serves_reads: bool = False
    """Whether an object that is not empty was read."""


class ObjectReader(io.RawIOBase):
    """The bytes of one object, from the start.

    Raises:
        StorageNotFound: there is no such object.
        StorageError: a request failed, or the object was changed or cut short meanwhile.
    """

    def __init__(self, store: ObjectStore, path: str, place: Place, bounds: Bounds, server: Server) -> None:
        super().__init__()
        self._store = store
        self._path = path
        self._place = place
        self._bounds = bounds
        self._server = server
        self._etag: str | None = None
        self._at = self._until = self._size = 0
        self._chunks: Iterator[bytes] = iter(())
        self._left = memoryview(b"")
        with told("read", place, path):
            self._begin()
        server.serves_reads |= bool(self._size)

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

    def _begin(self) -> None:
        if not self._server.serves_ranges:
            self._ask({})
            return
        try:
            self._ask({"range": (0, self._bounds.read)})
        except obstore.exceptions.BaseError as error:
            # No range of an empty object can be asked for.
            if is_status(error, 416) and not obstore.head(self._store, self._path)["size"]:
                return
            if not is_no_range(error):
                raise
            self._ask({})
            # What a server answers for an empty object says nothing of others.
            self._server.serves_ranges = not self._size

    def _ask_for_more(self) -> None:
        options: GetOptions = {"range": (self._at, self._at + self._bounds.read)}
        if self._etag is not None:
            options["if_match"] = self._etag
        self._ask(options)

    def _ask(self, options: GetOptions) -> None:
        """Ask for the object, or a range of it."""
        answer = obstore.get(self._store, self._path, options=options)
        self._etag = answer.meta["e_tag"]
        self._size, self._until = answer.meta["size"], answer.range[1]
        self._chunks = iter(answer.stream(min_chunk_size=self._bounds.chunk))

    def _more(self) -> bytes:
        try:
            with told("read", self._place, self._path):
                if self._at == self._until:
                    self._ask_for_more()
                chunk = next(self._chunks, b"")
        except StorageError as error:
            if self._server.serves_ranges:
                raise
            raise type(error)(
                f"{error.message}; the server serves no ranges (it answers 200), so nothing can be resumed",
                hint="run it again; if the file is large or the network slow, raise storage_options.timeout",
            ) from None
        if not chunk:
            raise StorageError(
                f"{self._place.url(self._path)} ended after {self._at} of {self._size} bytes",
                hint="run it again; if it stays so, see that the service is well",
            )
        self._at += len(chunk)
        return chunk
