"""Publishing: a local file becomes visible in the file system, completely or not at all."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from mhsync_fsspec.access import Access
from mhsync_fsspec.backend import Backend, Entry
from mhsync_fsspec.failures import Incomplete
from mhsync_fsspec.journal import PRIVATE, TEMPORARY, Journal, Note
from mhsync_fsspec.names import NameProbe

_CHUNK = 1024 * 1024
_CHECKS = (0.0, 0.2, 1.0)
"""Pauses in seconds before each check of a file, for servers that report a new file only after some time."""
_STRIPES = 64
_PLAIN = re.compile(r"[A-Za-z0-9_./=-]*[A-Za-z0-9_=-]")
"""Paths without a character that a server may change."""


class Publisher:
    """All operations that change one storage. Any thread may call them.

    Args:
        sleep: makes the pause before a file is checked again.
    """

    def __init__(self, access: Access, journal: Journal, sleep: Callable[[float], None] = time.sleep) -> None:
        self._access = access
        self._journal = journal
        self._sleep = sleep
        self._made: set[str] = set()
        self._free: set[str] = set()
        self._files: set[str] = set()
        self._folders: frozenset[str] | None = None
        self._trusts_rename = False  # True after a check showed that a rename did what its response said
        self._names = NameProbe(self._has_size)
        self._making = threading.Lock()
        self._locks = tuple(threading.Lock() for _ in range(_STRIPES))

    def find(self, backend: Backend, path: str) -> tuple[str, Entry] | None:
        """The file or folder that a path reads as, and the path at which it is. A note may name another one."""
        note = self._journal.of(backend, path)
        while note is not None:
            for place, size in ((note.source, note.size), (path, note.size), (path, note.former)):
                found = backend.find(place)
                if found is not None and self._is_complete(backend, place, found, size):
                    return place, found
            before, note = note, self._journal.of(backend, path)
            if note == before:
                return None
        found = self._look(backend, path)
        return None if found is None else (path, found)

    def can_open_directly(self, backend: Backend, path: str) -> bool:
        """Whether the file can be opened without a request before."""
        return backend.opens_directly and (path in self._files or path.startswith(PRIVATE))

    def remember_folders(self, folders: Iterable[str]) -> None:
        """Remember the folders in a listing of the whole storage."""
        self._folders = frozenset(folders)

    def mark_free(self, path: str) -> None:
        """Remember that a read found nothing under the path."""
        self._free.add(path)
        self._files.discard(path)

    def require_no_folder(self, backend: Backend, path: str) -> None:
        """Check that there is no folder under the path.

        Raises:
            IsADirectoryError: there is a folder.
        """
        if self._folders is not None and path not in self._folders:
            return  # according to the last listing; the path is checked again when the file is written
        found = self._look(backend, path)
        if found is not None:
            _require_file(found)

    def write(self, local: Path, size: int, path: str) -> None:
        """Make a local file the file under a path."""

        def work(backend: Backend) -> None:
            if backend.can_refuse_to_replace:
                self._put(backend, local, size, path)
                return
            self.complete_pending(backend, path)
            found = backend.find(path)
            if found is not None:
                _require_file(found)
            self._names.check(backend, path)
            source = self._upload(backend, local, size)
            if backend.replaces:
                self._rename(backend, source, path, size)
                return
            former = None if found is None else self.measure(backend, path, found)
            note = self._journal.write(backend, path, source, size, former)
            try:
                self.finish(backend, note)
            except Incomplete:
                # The rename damaged the file. The source of the note must be complete, or the path cannot be read.
                with suppress(Exception):
                    backend.upload(local, note.source)
                raise

        with self._locks[self._stripe(path)]:
            self._change("write", path, work)

    def remove(self, path: str) -> None:
        def work(backend: Backend) -> None:
            self.complete_pending(backend, path)
            found = backend.find(path)
            if found is not None and found.is_file:
                backend.remove(path)
                self._files.discard(path)

        with self._locks[self._stripe(path)]:
            self._change("remove", path, work)

    def finish(self, backend: Backend, note: Note) -> None:
        """Do the steps of a note that are not done yet."""
        source = backend.find(note.source)
        if source is not None and self._is_complete(backend, note.source, source, note.size):
            found = backend.find(note.path)
            if found is not None:
                _require_file(found)
                backend.remove(note.path)
            self._make_folder(backend, note.path.rpartition("/")[0])
            if backend.can_rename:
                backend.rename(note.source, note.path)
            else:
                backend.copy(note.source, note.path)
        self._verify_size(backend, note.path, note.size)
        self._journal.drop(backend, note)
        backend.remove(note.source)

    def _upload(self, backend: Backend, local: Path, size: int) -> str:
        """Upload a file under a temporary name, verify its size, and return its temporary path."""
        path = f"{TEMPORARY}/{self._journal.new_name()}"
        try:
            self._make_folder(backend, TEMPORARY)
            backend.upload(local, path)
            self._verify_size(backend, path, size)
        except BaseException:
            with suppress(Exception):
                backend.remove(path)
            raise
        return path

    def _put(self, backend: Backend, local: Path, size: int, path: str) -> None:
        """Upload a file and rename it, with a backend whose rename can refuse to replace a file.

        A path that is known to be free is not checked: the rename does not replace anything, and only if it fails
        is the path checked. A file of mhsync itself that was found in this run is replaced without a check.
        """
        self._names.check(backend, path)
        if path not in self._free and not self._is_own(path):
            found = self._look(backend, path)
            if found is not None:
                _require_file(found)
        is_new = path in self._free
        source = self._upload(backend, local, size)
        self._make_folder(backend, path.rpartition("/")[0])
        self._free.discard(path)
        try:
            is_proved = backend.rename(source, path, replace=not is_new)
        except FileExistsError:
            found = backend.find(path)
            if found is not None:
                _require_file(found)
            is_proved = backend.rename(source, path)
        if not (is_proved and self._trusts_rename and _PLAIN.fullmatch(path)):
            self._verify_size(backend, path, size)
            self._trusts_rename = self._trusts_rename or is_proved
        self._files.add(path)

    def _is_own(self, path: str) -> bool:
        return path.startswith(PRIVATE) and path in self._files

    def _look(self, backend: Backend, path: str) -> Entry | None:
        """The file or folder under a path. The result is remembered, so that later requests can be omitted."""
        found = backend.find(path)
        (self._free.add if found is None else self._free.discard)(path)
        (self._files.add if found is not None and found.is_file else self._files.discard)(path)
        return found

    def _rename(self, backend: Backend, old: str, new: str, size: int) -> None:
        self._make_folder(backend, new.rpartition("/")[0])
        backend.rename(old, new)
        self._verify_size(backend, new, size)

    def complete_pending(self, backend: Backend, path: str) -> None:
        """Complete the note for a path, if there is one, before the path is changed.

        Raises:
            StorageError: another run may be working on the note.
        """
        note = self._journal.of(backend, path)
        if note is not None:
            self._journal.require_abandoned(note)
            self.complete(backend, note)

    def complete(self, backend: Backend, note: Note) -> None:
        """Finish a note. If its source is missing, remove the note, and the file if it is incomplete."""
        try:
            self.finish(backend, note)
        except Incomplete:
            found = backend.find(note.path)
            if found is not None and not self._is_complete(backend, note.path, found, note.former):
                _require_file(found)
                backend.remove(note.path)
            self._journal.drop(backend, note)

    def _verify_size(self, backend: Backend, path: str, size: int) -> None:
        """Check that there is a file with the size under a path.

        Raises:
            Incomplete: there is none.
        """
        found: Entry | None = None
        for pause in _CHECKS:
            if pause:
                self._sleep(pause)
            found = backend.find(path)
            if found is not None and self._is_complete(backend, path, found, size):
                return
        stored = "none" if found is None else "another number" if found.size is None else str(found.size)
        raise Incomplete(f"{stored} of {size} bytes were stored")

    def _has_size(self, backend: Backend, path: str, size: int) -> bool:
        try:
            self._verify_size(backend, path, size)
        except Incomplete:
            return False
        return True

    def _is_complete(self, backend: Backend, path: str, entry: Entry, size: int | None) -> bool:
        return entry.is_file and self.measure(backend, path, entry) == size

    def measure(self, backend: Backend, path: str, entry: Entry) -> int:
        """The size of a file in bytes. If the file system does not report it, the file is read."""
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
        """Create a folder, unless this object has already created it: this takes several requests."""
        if folder in self._made:
            return
        # One at a time: servers fail if two requests create the same folder at once.
        with self._making:
            if folder not in self._made:
                backend.make_folder(folder)
                self._made.add(folder)


def _require_file(entry: Entry) -> None:
    if not entry.is_file:
        raise IsADirectoryError("there is a folder with this path")
