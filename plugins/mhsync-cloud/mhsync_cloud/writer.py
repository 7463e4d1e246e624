"""Writes an object. Its parts are sent one by one. It becomes visible when the service has joined them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import obstore

from mhsync import StorageError
from mhsync_cloud.bounds import Bounds
from mhsync_cloud.failures import storage_errors
from mhsync_cloud.place import Place

if TYPE_CHECKING:
    from obstore import WritableFile
    from obstore.store import ObjectStore

_TYPES = {
    ".wav": "audio/wav", ".mp3": "audio/mpeg", ".flac": "audio/flac", ".ogg": "audio/ogg", ".m4a": "audio/mp4",
    ".json": "application/json",
}  # fmt: skip


class ObjectWriter:
    """Writes the bytes of one object, in order. A short one is sent in one request when it is complete."""

    version: str | None = None
    """The ETag in the response to that request; None while there is none, and for a longer object."""

    def __init__(self, store: ObjectStore, path: str, place: Place, bounds: Bounds) -> None:
        self._store = store
        self._path = path
        self._place = place
        self._bounds = bounds
        self._attributes = {
            "Content-Type": _TYPES.get(PurePosixPath(path).suffix.lower(), "application/octet-stream")
        }
        self._written = 0
        self._start = bytearray()
        self._file: WritableFile | None = None

    def write(self, data: bytes, /) -> int:
        self._written += len(data)
        if self._written > self._bounds.largest:
            raise StorageError(
                f"{self._place.url(self._path)} would be longer than {self._bounds.largest} bytes",
                hint="use another storage for files of this size",
            )
        if self._file is None and self._written <= self._bounds.short:
            self._start += data
            return len(data)
        with storage_errors("write", self._place, self._path):
            if self._file is None:
                self._file = self._open()
                self._file.write(bytes(self._start))
                self._start.clear()
            # obstore keeps the object until it is sent, so it gets a copy that the caller cannot change.
            self._file.write(bytes(data))
        return len(data)

    def finish(self) -> None:
        """Make the object visible.

        Raises:
            StorageError: the upload failed.
        """
        with storage_errors("write", self._place, self._path):
            if self._file is not None:
                self._file.close()
                return
            sent = obstore.put(
                self._store, self._path, bytes(self._start), attributes=self._attributes, use_multipart=False
            )
            self.version = version_of(sent["e_tag"])

    def abort(self, error: BaseException) -> None:
        """Let the service forget what was sent."""
        if self._file is not None:
            with suppress(Exception):
                self._file.__exit__(type(error), error, error.__traceback__)

    def _open(self) -> WritableFile:
        return obstore.open_writer(
            self._store,
            self._path,
            attributes=self._attributes,
            buffer_size=self._bounds.part,
            max_concurrency=self._bounds.parts_at_once,
        )


def version_of(etag: str | None) -> str | None:
    """The version of an object. In a listing of Azure the ETag has no quotes; in other responses it has."""
    return None if etag is None else etag.strip('"')


@contextmanager
def uploading(store: ObjectStore, path: str, place: Place, bounds: Bounds) -> Iterator[ObjectWriter]:
    """A writer. The object becomes visible if the block ends without an exception, else the upload is aborted.

    Raises:
        StorageError: the upload failed.
    """
    writer = ObjectWriter(store, path, place, bounds)
    try:
        yield writer
        writer.finish()
    except BaseException as error:
        writer.abort(error)
        raise
