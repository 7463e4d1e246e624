"""Publishing: a whole local file becomes a whole file of the file system, or nothing does."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from mhsync_fsspec.access import Access
from mhsync_fsspec.backend import Backend, Entry
from mhsync_fsspec.failures import NotWhole
from mhsync_fsspec.journal import PRIVATE, TEMPORARY, Journal, Note
from mhsync_fsspec.names import NameProbe

_CHUNK = 1024 * 1024
_LOOKS = (0.0, 0.2, 1.0)
"""Pauses before a file is looked at, for those that see what was written only after a while."""
_STRIPES = 64
_PLAIN = re.compile(r"[A-Za-z0-9_./=-]*[A-Za-z0-9_=-]")
"""Names that no server takes for anything else."""


class Publisher:
    """All that changes one storage; safe in threads.

    Args:
        sleep: the pause before a file is looked at again.
    """

    def __init__(self, access: Access, journal: Journal, sleep: Callable[[float], None] = time.sleep) -> None:
        self._access = access
        self._journal = journal
        self._sleep = sleep
        self._made: set[str] = set()
        self._free: set[str] = set()
        self._files: set[str] = set()
        self._folders: frozenset[str] | None = None
        self._believes = False  # once a rename was seen to do what it said
        self._names = NameProbe(self._look_whole)
        self._making = threading.Lock()
        self._locks = tuple(threading.Lock() for _ in range(_STRIPES))

    def find(self, backend: Backend, path: str) -> tuple[str, Entry] | None:
        """What counts as standing under a path: where it lies, and what it is."""
        note = self._journal.of(backend, path)
        while note is not None:
            for place, size in ((note.source, note.size), (path, note.size), (path, note.former)):
                found = backend.find(place)
                if found is not None and self._is_whole(backend, place, found, size):
                    return place, found
            before, note = note, self._journal.of(backend, path)
            if note == before:
                return None
        found = self._look(backend, path)
        return None if found is None else (path, found)

    def is_known(self, backend: Backend, path: str) -> bool:
        """Whether a read needs no look before it: the backend tells a file from what is none, or it is one."""
        return backend.opens_at_once and (path in self._files or path.startswith(PRIVATE))

    def has_listed(self, folders: Iterable[str]) -> None:
        """Remember the folders of a listing of the whole storage."""
        self._folders = frozenset(folders)

    def is_free(self, path: str) -> None:
        """Remember that a read found nothing under the path."""
        self._free.add(path)
        self._files.discard(path)

    def must_be_free(self, backend: Backend, path: str) -> None:
        """See that a file can stand under the path.

        Raises:
            IsADirectoryError: a folder does.
        """
        if self._folders is not None and path not in self._folders:
            return  # as the last listing has it; it is looked at again when the file is put there
        there = self._look(backend, path)
        if there is not None:
            _must_be_file(there)

    def write(self, local: Path, size: int, path: str) -> None:
        """Make a local file the file under a path."""

        def work(backend: Backend) -> None:
            if backend.refuses_to_replace:
                self._put(backend, local, size, path)
                return
            self.settle(backend, path)
            there = backend.find(path)
            if there is not None:
                _must_be_file(there)
            self._names.check(backend, path)
            source = self._upload(backend, local, size)
            if backend.replaces:
                self._rename(backend, source, path, size)
                return
            former = None if there is None else self.measure(backend, path, there)
            note = self._journal.write(backend, path, source, size, former)
            try:
                self.finish(backend, note)
            except NotWhole:
                # Its rename spoilt the file. What the note names must be whole, or the path stands for nothing.
                with suppress(Exception):
                    backend.upload(local, note.source)
                raise

        with self._locks[self._stripe(path)]:
            self._change("write", path, work)

    def remove(self, path: str) -> None:
        def work(backend: Backend) -> None:
            self.settle(backend, path)
            found = backend.find(path)
            if found is not None and found.is_file:
                backend.remove(path)
                self._files.discard(path)

        with self._locks[self._stripe(path)]:
            self._change("remove", path, work)

    def finish(self, backend: Backend, note: Note) -> None:
        """Do what a note says, from wherever it was left."""
        source = backend.find(note.source)
        if source is not None and self._is_whole(backend, note.source, source, note.size):
            there = backend.find(note.path)
            if there is not None:
                _must_be_file(there)
                backend.remove(note.path)
            self._make_folder(backend, note.path.rpartition("/")[0])
            if backend.can_rename:
                backend.rename(note.source, note.path)
            else:
                backend.copy(note.source, note.path)
        self._see_whole(backend, note.path, note.size)
        self._journal.drop(backend, note)
        backend.remove(note.source)

    def _upload(self, backend: Backend, local: Path, size: int) -> str:
        """Upload under a temporary name; the path it has there, once it is seen whole."""
        path = f"{TEMPORARY}/{self._journal.new_name()}"
        try:
            self._make_folder(backend, TEMPORARY)
            backend.upload(local, path)
            self._see_whole(backend, path, size)
        except BaseException:
            with suppress(Exception):
                backend.remove(path)
            raise
        return path

    def _put(self, backend: Backend, local: Path, size: int, path: str) -> None:
        """Upload, and put in place where the backend itself sees that nothing but a file is replaced.

        What is known of the path saves a look at it: where nothing was, nothing is replaced, and where something
        is after all, that is looked at then. A file of mhsync's own, seen in this run, is replaced at once.
        """
        self._names.check(backend, path)
        if path not in self._free and not self._is_own(path):
            there = self._look(backend, path)
            if there is not None:
                _must_be_file(there)
        is_new = path in self._free
        source = self._upload(backend, local, size)
        self._make_folder(backend, path.rpartition("/")[0])
        self._free.discard(path)
        try:
            is_sure = backend.rename(source, path, replace=not is_new)
        except FileExistsError:
            there = backend.find(path)
            if there is not None:
                _must_be_file(there)
            is_sure = backend.rename(source, path)
        if not (is_sure and self._believes and _PLAIN.fullmatch(path)):
            self._see_whole(backend, path, size)
            self._believes = self._believes or is_sure
        self._files.add(path)

    def _is_own(self, path: str) -> bool:
        return path.startswith(PRIVATE) and path in self._files

    def _look(self, backend: Backend, path: str) -> Entry | None:
        """What lies under a path, remembered as far as that saves another look."""
        found = backend.find(path)
        (self._free.add if found is None else self._free.discard)(path)
        (self._files.add if found is not None and found.is_file else self._files.discard)(path)
        return found

    def _rename(self, backend: Backend, old: str, new: str, size: int) -> None:
        self._make_folder(backend, new.rpartition("/")[0])
        backend.rename(old, new)
        self._see_whole(backend, new, size)

    def settle(self, backend: Backend, path: str) -> None:
        """End what a note says of the path before anything else is done with it."""
        note = self._journal.of(backend, path)
        if note is not None:
            self._journal.must_be_dead(note)
            self.end(backend, note)

    def end(self, backend: Backend, note: Note) -> None:
        """Finish what a note says, or give it up where its source is gone and the path holds half a file."""
        try:
            self.finish(backend, note)
        except NotWhole:
            there = backend.find(note.path)
            if there is not None and not self._is_whole(backend, note.path, there, note.former):
                _must_be_file(there)
                backend.remove(note.path)
            self._journal.drop(backend, note)

    def _see_whole(self, backend: Backend, path: str, size: int) -> None:
        """See that a file has its size.

        Raises:
            NotWhole: it has not.
        """
        seen: Entry | None = None
        for pause in _LOOKS:
            if pause:
                self._sleep(pause)
            seen = backend.find(path)
            if seen is not None and self._is_whole(backend, path, seen, size):
                return
        arrived = "nothing" if seen is None else "another number" if seen.size is None else str(seen.size)
        raise NotWhole(f"of {size} bytes {arrived} arrived")

    def _look_whole(self, backend: Backend, path: str, size: int) -> bool:
        try:
            self._see_whole(backend, path, size)
        except NotWhole:
            return False
        return True

    def _is_whole(self, backend: Backend, path: str, entry: Entry, size: int | None) -> bool:
        return entry.is_file and self.measure(backend, path, entry) == size

    def measure(self, backend: Backend, path: str, entry: Entry) -> int:
        """A file's size; where the file system does not tell it, it is read."""
        if entry.size is not None:
            return entry.size
        count = 0
        with backend.open(path) as reader:
            while data := reader.read(_CHUNK):
                count += len(data)
        return count

    def _stripe(self, path: str) -> int:
        return hash(path) % _STRIPES

    def _change(self, doing: str, path: str, work: Callable[[Backend], None]) -> None:
        try:
            self._access.run(doing, path, work)
        except BaseException:
            for known in (self._made, self._free, self._files):
                known.clear()
            raise

    def _make_folder(self, backend: Backend, folder: str) -> None:
        """Make a folder that this object has not made before: it takes many a file system several requests."""
        if folder in self._made:
            return
        # One at a time: servers fail where two make the same folder at once.
        with self._making:
            if folder not in self._made:
                backend.make_folder(folder)
                self._made.add(folder)


def _must_be_file(entry: Entry) -> None:
    if not entry.is_file:
        raise IsADirectoryError("a folder stands there")
