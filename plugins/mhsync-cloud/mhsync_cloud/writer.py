"""Writing an object: parts go up while it is written, and it becomes visible when all of them are joined."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import obstore

from mhsync import StorageError
from mhsync_cloud.bounds import Bounds
from mhsync_cloud.failures import told
from mhsync_cloud.place import Place

if TYPE_CHECKING:
    from obstore import WritableFile
    from obstore.store import ObjectStore

_TYPES = {
    ".wav": "audio/wav", ".mp3": "audio/mpeg", ".flac": "audio/flac", ".ogg": "audio/ogg", ".m4a": "audio/mp4",
    ".json": "application/json",
}  # fmt: skip


class ObjectWriter:
    """Takes the bytes of one object, in order."""

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
                hint="keep files of this size in another storage",
            )
        with told("write", self._place, self._path):
            # obstore holds on to what it is given until it is sent, so it gets what nobody can change.
            return self._file.write(bytes(data))


@contextmanager
def uploading(store: ObjectStore, path: str, place: Place, bounds: Bounds) -> Iterator[ObjectWriter]:
    """A writer; the object becomes visible when the block ends well. Otherwise the service is told to forget it.

    Raises:
        StorageError: the service did not take it.
    """
    with told("write", place, path):
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
        with told("write", place, path):
            file.close()
    except BaseException as error:
        with suppress(Exception):
            file.__exit__(type(error), error, error.__traceback__)
        raise
