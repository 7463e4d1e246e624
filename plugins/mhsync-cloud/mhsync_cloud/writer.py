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
    """Writes the bytes of one object, in order."""

    def __init__(self, file: WritableFile, path: str, place: Place, bounds: Bounds) -> None:
        self._file = file
        self._path = path
        self._place = place
        self._bounds = bounds
        self._written = 0

    def write(self, data: bytes, /) -> int:
        self._written += len(data)
        if self._written > self._bounds.largest:
            raise StorageError(
                f"{self._place.url(self._path)} would be longer than {self._bounds.largest} bytes",
                hint="use another storage for files of this size",
            )
        with storage_errors("write", self._place, self._path):
            # obstore keeps the object until it is sent, so it gets a copy that the caller cannot change.
            return self._file.write(bytes(data))


@contextmanager
def uploading(store: ObjectStore, path: str, place: Place, bounds: Bounds) -> Iterator[ObjectWriter]:
    """A writer. The object becomes visible if the block ends without an exception, else the upload is aborted.

    Raises:
        StorageError: the upload failed.
    """
    with storage_errors("write", place, path):
        file = obstore.open_writer(
            store,
            path,
            attributes={
                "Content-Type": _TYPES.get(PurePosixPath(path).suffix.lower(), "application/octet-stream")
            },
            buffer_size=bounds.part,
            max_concurrency=bounds.parts_at_once,
        )
    try:
        yield ObjectWriter(file, path, place, bounds)
        with storage_errors("write", place, path):
            file.close()
    except BaseException as error:
        with suppress(Exception):
            file.__exit__(type(error), error, error.__traceback__)
        raise
