"""The journal: what is about to take a path's place, noted before the path is touched.

Most file systems of fsspec cannot put one file in another one's place in one step. So the new file is uploaded
under a temporary name and seen whole; then a note says which path it belongs to; then the former file is removed
and the new one moved, or copied, to the path; then the note goes. From the note on, the path stands for the new
file: who reads it is given that one, whatever half of it lies under the path itself, and whoever finds the note of
a dead run ends what it began.
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
from mhsync_fsspec.failures import NotWhole

PRIVATE = ".mhsync/"
TEMPORARY = ".mhsync/tmp"
_NOTE = ".json"
_NOTE_MAX = 64 * 1024
_PATIENCE = 60.0
"""Seconds in which another run's note is that run's own affair: it takes less to end what it says."""


@dataclass(frozen=True, slots=True)
class Note:
    """`source` is to become `path`, and has `size` bytes; what was there before has `former`."""

    path: str
    source: str
    size: int
    former: int | None
    token: str
    """Tells two notes on one path apart."""
    time: float
    """Unix seconds of the machine that wrote it."""
    pid: int
    machine: str | None

    @property
    def file(self) -> str:
        return note_file(self.path)

    @property
    def writer(self) -> str:
        """Who wrote it, and when, for messages."""
        where = "this machine" if self.machine is not None and self.machine == machine_id() else "another machine"
        begun = "an unknown time"
        with suppress(ValueError, OverflowError, OSError):  # what lies in a storage may hold any number
            begun = utc_text(datetime.fromtimestamp(self.time, UTC))
        return f"process {self.pid} on {where} since {begun}"


class Journal:
    """The notes of one storage. They are looked up each time: another run may have died since the last one.

    Args:
        now: Unix seconds.
    """

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now

    def new_name(self) -> str:
        """A temporary name; it tells when it was given."""
        return temporary_name(self._now())

    def age(self, name: str) -> float:
        """Seconds since a temporary name was given; none at all for names that are no such."""
        begun = name.partition("-")[0]
        return self._now() - int(begun) if begun.isascii() and begun.isdigit() else 0.0

    def of(self, backend: Backend, path: str) -> Note | None:
        """The note on a path; one that is not whole holds nothing."""
        if backend.replaces or backend.find(note_file(path)) is None:
            return None
        note = _read(backend, note_file(path))
        return note if note is not None and note.path == path else None

    def all(self, backend: Backend, entries: list[Entry]) -> Iterator[Note]:
        """All notes among what lies in the temporary folder."""
        for entry in entries:
            name = entry.name.rstrip("/").rpartition("/")[2]
            if entry.is_file and name.endswith(_NOTE):
                note = _read(backend, f"{TEMPORARY}/{name}")
                if note is not None and note.file == f"{TEMPORARY}/{name}":
                    yield note

    def write(self, backend: Backend, path: str, source: str, size: int, former: int | None) -> Note:
        """Note what is about to be done. It holds from when the note lies there whole."""
        note = Note(path, source, size, former, token_hex(8), self._now(), os.getpid(), machine_id())
        with spooling(note.file) as spool:
            spool.write(json.dumps(asdict(note)).encode())
            if backend.find(note.file) is not None:
                backend.remove(note.file)
            backend.upload(spool.local_path, note.file)
        if _read(backend, note.file) != note:
            raise NotWhole("a note of what is to be done did not arrive whole")
        return note

    def drop(self, backend: Backend, note: Note) -> None:
        """What the note says is done."""
        backend.remove(note.file)

    def must_be_dead(self, note: Note) -> None:
        """See that nobody is at work on what the note says.

        Raises:
            StorageError: another run may be.
        """
        # A note of this process is one that it could not finish: within a process, one path has one writer.
        is_own = note.machine is not None and note.machine == machine_id() and note.pid == os.getpid()
        if is_own or has_ended(asdict(note)) or self._now() - note.time > _PATIENCE:
            return
        raise StorageError(
            f"another run is about to replace {printable(note.path)}: {note.writer}",
            hint="let one run at a time work on a storage; if that one is dead, wait a minute",
        )


def temporary_name(now: float) -> str:
    """A name that no other file has. `now` is Unix seconds."""
    return f"{int(now)}-{os.getpid()}-{token_hex(8)}"


def note_file(path: str) -> str:
    """Where the note on a path lies."""
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
    return note if note is not None and _is_sane(note) else None


def _is_sane(note: Note) -> bool:
    """Whether a note can be followed: what lies in a storage is data, and names nothing outside."""
    paths: tuple[object, ...] = (note.path, note.source)
    if not all(isinstance(path, str) and path and ".." not in path.split("/") for path in paths):
        return False
    numbers: tuple[object, ...] = (note.size, note.pid, note.time, note.former or 0)
    return all(isinstance(number, int | float) for number in numbers)
