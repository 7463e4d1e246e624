"""The journal: notes of replacements, written before a file is replaced.

Most file systems of fsspec cannot replace a file in one step. So the new file is uploaded under a temporary name,
and its size is checked. Then a note records which path it is for. Then the old file is removed, the new one is
moved or copied to the path, and the note is removed. As soon as the note exists, the path reads as the new file,
even if only a part of it is under the path itself. A run that finds the note of a killed run completes it.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from secrets import token_hex

from mhsync import StorageError
from mhsync.storage_kit import has_ended, machine_id, printable, spooling, utc_text
from mhsync_fsspec.backend import Backend, Entry
from mhsync_fsspec.failures import Incomplete

PRIVATE = ".mhsync/"
TEMPORARY = ".mhsync/tmp"
_NOTE = ".json"
_NOTE_MAX = 64 * 1024
_NOTE_TIMEOUT = 60.0
"""Seconds after which the note of another run may be completed by this one. A replacement takes less."""


@dataclass(frozen=True, slots=True)
class Note:
    """The file `source`, with `size` bytes, is to replace the file `path`, which has `former` bytes."""

    path: str
    source: str
    size: int
    former: int | None
    token: str
    """Distinguishes two notes for one path."""
    time: float
    """Seconds since 1970, by the clock of the machine that wrote the note."""
    pid: int
    machine: str | None

    @property
    def file(self) -> str:
        return note_file(self.path)

    @property
    def writer(self) -> str:
        """The process that wrote the note, and when, for messages."""
        where = "this machine" if self.machine is not None and self.machine == machine_id() else "another machine"
        begun = "an unknown time"
        with suppress(ValueError, OverflowError, OSError):  # the number in the file may be invalid
            begun = utc_text(datetime.fromtimestamp(self.time, UTC))
        return f"process {self.pid} on {where} since {begun}"


class Journal:
    """The notes of one storage. They are read each time, because another run may have been killed meanwhile.

    Args:
        now: gives the seconds since 1970.
    """

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now

    def new_name(self) -> str:
        """A temporary name, which contains the time."""
        return temporary_name(self._now())

    def age(self, name: str) -> float:
        """Seconds since a temporary name was made; 0 for other names."""
        begun = name.partition("-")[0]
        return self._now() - int(begun) if begun.isascii() and begun.isdigit() else 0.0

    def of(self, backend: Backend, path: str) -> Note | None:
        """The note for a path; None if there is none, or if it is incomplete."""
        if backend.replaces or backend.find(note_file(path)) is None:
            return None
        note = _read(backend, note_file(path))
        return note if note is not None and note.path == path else None

    def all(self, backend: Backend, entries: list[Entry]) -> Iterator[Note]:
        """All notes among the entries of the temporary folder."""
        for entry in entries:
            name = entry.name.rstrip("/").rpartition("/")[2]
            if entry.is_file and name.endswith(_NOTE):
                note = _read(backend, f"{TEMPORARY}/{name}")
                if note is not None and note.file == f"{TEMPORARY}/{name}":
                    yield note

    def write(self, backend: Backend, path: str, source: str, size: int, former: int | None) -> Note:
        """Write the note of a replacement. When the method returns, the note is complete."""
        note = Note(path, source, size, former, token_hex(8), self._now(), os.getpid(), machine_id())
        with spooling(note.file) as spool:
            spool.write(json.dumps(asdict(note)).encode())
            if backend.find(note.file) is not None:
                backend.remove(note.file)
            backend.upload(spool.local_path, note.file)
        if _read(backend, note.file) != note:
            raise Incomplete("a note in .mhsync/tmp/ was not stored completely")
        return note

    def drop(self, backend: Backend, note: Note) -> None:
        """Remove a note that is completed."""
        backend.remove(note.file)

    def require_abandoned(self, note: Note) -> None:
        """Check that no other run is working on the note.

        Raises:
            StorageError: another run may be working on it.
        """
        # A note of this process is one that it could not complete: within a process, a path has one writer.
        is_own = note.machine is not None and note.machine == machine_id() and note.pid == os.getpid()
        if is_own or has_ended(asdict(note)) or self._now() - note.time > _NOTE_TIMEOUT:
            return
        raise StorageError(
            f"another run is about to replace {printable(note.path)}: {note.writer}",
            hint="let only one run at a time use a storage; if that run was killed, wait a minute",
        )


def temporary_name(now: float) -> str:
    """A name that no other file has. `now` is in seconds since 1970."""
    return f"{int(now)}-{os.getpid()}-{token_hex(8)}"


def note_file(path: str) -> str:
    """The path of the note for a path."""
    return f"{TEMPORARY}/{hashlib.sha256(path.encode()).hexdigest()[:40]}{_NOTE}"


def _read(backend: Backend, file: str) -> Note | None:
    try:
        with backend.open(file) as reader:
            data = json.loads(reader.read(_NOTE_MAX))
    except (FileNotFoundError, ValueError):
        return None
    note = None
    with suppress(TypeError):
        note = Note(**data)
    return note if note is not None and _is_valid(note) else None


def _is_valid(note: Note) -> bool:
    """Whether a note can be completed. A file in a storage is untrusted: its paths must stay inside."""
    paths: tuple[object, ...] = (note.path, note.source)
    if not all(isinstance(path, str) and path and ".." not in path.split("/") for path in paths):
        return False
    numbers: tuple[object, ...] = (note.size, note.pid, note.time, note.former or 0)
    return all(isinstance(number, int | float) for number in numbers)
