"""Sightings in a storage: the projects that webhooks and imports named, one file for each."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from zlib import crc32

from mhsync.core.layout import SIGHTINGS
from mhsync.core.sighting import Sighting
from mhsync.errors import SightingInvalid, StorageError
from mhsync.storage.base import Storage
from mhsync.storage.documents import DocumentInvalid, document_bytes, document_path, id_in_folder, read_document

_STRIPES = 64
"""Locks that all projects share: two threads rarely wait for each other because of two projects."""
_TRIES = 5
"""Writes of one sighting, if another process changes it at the same time."""
_HINT = "examine the file under .mhsync/inbox/; the next event of the project replaces it"


def sighting_path(id: str) -> str:
    """The path of the sighting of a project; unique also on a case-insensitive file system.

    Raises:
        ValueError: the id is invalid.
    """
    return document_path(SIGHTINGS, id)


def sighted_id(path: str) -> str | None:
    """The id whose sighting has the path; None if it is not the path of a sighting."""
    return id_in_folder(SIGHTINGS, path)


class Sightings:
    """The sightings of one storage. Use one object for all threads of a process.

    Args:
        storage: where they are.
        limit: bytes of one file; a larger one is not a sighting.
    """

    def __init__(self, storage: Storage, *, limit: int) -> None:
        self._storage = storage
        self._limit = limit
        self._locks = tuple(threading.Lock() for _ in range(_STRIPES))

    def ids(self) -> Iterator[str]:
        """The ids of all sighted projects, in any order, from one listing. No file is read.

        Raises:
            StorageError: the storage cannot be listed.
        """
        for info in self._storage.list(SIGHTINGS):
            id_ = sighted_id(info.path)
            if id_ is not None:
                yield id_

    def read(self, id: str) -> Sighting | None:
        """The sighting of a project; None if there is none.

        Raises:
            SightingInvalid: the file is not a valid sighting.
            StorageError: it cannot be read.
        """
        try:
            value = read_document(self._storage, sighting_path(id), limit=self._limit)
        except DocumentInvalid as error:
            raise SightingInvalid(f"the sighting of {id} {error}", id=id, hint=_HINT) from None
        return None if value is None else Sighting.from_json(value, expected_id=id)

    def record(self, sighting: Sighting) -> bool:
        """Merge a sighting into the one that the storage has. It is durable when the method returns.

        A file that is not a valid sighting is replaced: its id is all that it could add. A file of a newer version
        is kept as it is.

        The file is read back after it was written, and written again if another process replaced it meanwhile. Of
        two processes that write at exactly the same time, the later one may keep its own event. The project stays
        sighted.

        Returns:
            Whether the file was written.

        Raises:
            StorageError: it cannot be read or written.
        """
        path = sighting_path(sighting.id)
        with self._locks[crc32(sighting.id.encode()) % _STRIPES]:
            for turn in range(_TRIES):
                merged = self._merged(sighting)
                if merged is None:
                    # Another process may have renamed the file, and not have flushed the folder yet.
                    self._storage.flush(path)
                    return turn > 0
                with self._storage.write(path) as writer:
                    writer.write(document_bytes(merged.to_json()))
            if self._merged(sighting) is None:
                return True
        raise StorageError(f"other processes keep replacing {path}", hint="the sender delivers the event again")

    def _merged(self, sighting: Sighting) -> Sighting | None:
        """What is to be written; None if the storage has it already."""
        try:
            found = self.read(sighting.id)
        except SightingInvalid as error:
            return None if error.is_newer else sighting
        merged = sighting if found is None else sighting.merged(found)
        return None if merged == found else merged
