"""Reads an object in ranges of one version. Each range is a request, which obstore repeats if it fails.

Some servers respond to a range request in a wrong way: with 200 instead of 206 (gofakes3, on which `rclone serve
s3` is based), or with a range that an empty object does not have (s3rver). obstore refuses such a response. mhsync
then requests the whole object at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import obstore

from mhsync import StorageError
from mhsync.storage_kit import CheckedReader, printable
from mhsync_cloud.bounds import Bounds
from mhsync_cloud.failures import is_no_range, is_status, storage_errors
from mhsync_cloud.place import Place

if TYPE_CHECKING:
    from obstore import GetOptions
    from obstore.store import ObjectStore


@dataclass(slots=True)
class Server:
    """What earlier reads have shown about a server. The readers of a storage share it."""

    serves_ranges: bool = True
    serves_reads: bool = False
    """Whether an object that is not empty was read."""


def open_object(store: ObjectStore, path: str, place: Place, bounds: Bounds, server: Server) -> CheckedReader:
    """A reader of an object, from its beginning.

    Raises:
        StorageNotFound: there is no such object.
        StorageError: a request failed. The reader also raises it if the object was changed since it was opened, or
            is shorter than its size.
    """
    source = _ObjectSource(store, path, place, bounds, server)
    return CheckedReader(source, source.size, printable(place.url(path)))


class _ObjectSource:
    """The bytes of an object. `size` is its length."""

    def __init__(self, store: ObjectStore, path: str, place: Place, bounds: Bounds, server: Server) -> None:
        self._store = store
        self._path = path
        self._place = place
        self._bounds = bounds
        self._server = server
        self._etag: str | None = None
        self._at = self._until = self.size = 0
        self._chunks: Iterator[bytes] = iter(())
        self._rest = memoryview(b"")
        with storage_errors("read", place, path):
            self._begin()
        server.serves_reads |= bool(self.size)

    def read(self, count: int, /) -> bytes:
        if not self._rest and self._at < self.size:
            self._rest = memoryview(self._receive())
        data = bytes(self._rest[:count])
        self._rest = self._rest[count:]
        return data

    def close(self) -> None:
        self._chunks, self._rest = iter(()), memoryview(b"")

    def _begin(self) -> None:
        if not self._server.serves_ranges:
            self._request({})
            return
        try:
            self._request({"range": (0, self._bounds.read)})
        except obstore.exceptions.BaseError as error:
            # An empty object has no range.
            if is_status(error, 416) and not obstore.head(self._store, self._path)["size"]:
                return
            if not is_no_range(error):
                raise
            self._request({})
            # The response for an empty object shows nothing about other objects.
            self._server.serves_ranges = not self.size

    def _request_range(self) -> None:
        options: GetOptions = {"range": (self._at, self._at + self._bounds.read)}
        if self._etag is not None:
            options["if_match"] = self._etag
        self._request(options)

    def _request(self, options: GetOptions) -> None:
        """Request the object, or a range of it."""
        response = obstore.get(self._store, self._path, options=options)
        self._etag = response.meta["e_tag"]
        self.size, self._until = response.meta["size"], response.range[1]
        self._chunks = iter(response.stream(min_chunk_size=self._bounds.chunk))

    def _receive(self) -> bytes:
        try:
            with storage_errors("read", self._place, self._path):
                if self._at == self._until:
                    self._request_range()
                chunk = next(self._chunks, b"")
        except StorageError as error:
            if self._server.serves_ranges:
                raise
            raise type(error)(
                f"{error.message}; the server does not support range requests, so the download cannot be resumed",
                hint="run it again; if the file is large or the network slow, increase storage_options.timeout",
            ) from None
        self._at += len(chunk)
        return chunk
