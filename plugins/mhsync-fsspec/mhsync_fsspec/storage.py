"""FsspecStorage: a folder of any file system that fsspec can write to.

A file is written to a spool on this machine, uploaded under a temporary name, and its size is checked. Then it is
renamed to its path: in one step if the file system can replace a file, otherwise with a note (see `journal`).
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import IO, BinaryIO

from mhsync import FileInfo, Storage, StorageError, Writer
from mhsync.storage_kit import CheckedReader, check_file_path, is_file_path, printable, spooling, sweep_spools
from mhsync_fsspec.access import Access
from mhsync_fsspec.backend import Backend
from mhsync_fsspec.failures import not_found
from mhsync_fsspec.journal import PRIVATE, TEMPORARY, Journal, Note
from mhsync_fsspec.publishing import Publisher

_AT_ONCE = 8
"""Folders listed at once."""
_OLD = 24 * 3600
"""Seconds after which a temporary file is removed. A younger one may belong to another run: there is no lock."""
_TRIES = 3
_BUFFER = 256 * 1024


class FsspecStorage(Storage):
    """A folder of a file system. The first write creates it; until then its listing is empty.

    A file has a `FileInfo.version` once its last change is a minute old, if it is on a WebDAV or SMB server or on
    this machine. The module `versions` says what the token guarantees. Files of other file systems have none: FTP
    reports neither the clock of the server nor fractions of a second, and the others were not reviewed.

    Args:
        is_local: whether the files are lost when this machine is.
    """

    def __init__(self, access: Access, journal: Journal, publisher: Publisher, *, is_local: bool = False) -> None:
        self._access = access
        self._journal = journal
        self._publisher = publisher
        self.is_local = is_local

    def __repr__(self) -> str:
        return f"FsspecStorage({self._access.name!r})"

    def list(self, prefix: str = "") -> Iterator[FileInfo]:
        start = prefix.rpartition("/")[0]
        if not start or is_file_path(start, (TEMPORARY,)):
            # The listing is complete before its first file is returned, so that an incomplete one only raises.
            files = self._list(start, prefix)
            yield from [info for path, info in files.items() if path.startswith(prefix)]

    def stat(self, path: str) -> FileInfo | None:
        _check(path)

        def work(backend: Backend) -> FileInfo | None:
            found = self._publisher.find(backend, path)
            if found is None or not found[1].is_file:
                return None
            version = found[1].version if backend.replaces else None
            return FileInfo(path, self._publisher.measure(backend, *found), version)

        return self._access.run("look up", path, work)

    def open(self, path: str) -> BinaryIO:
        _check(path)
        backend, (source, size) = self._access.lease("read", path, lambda backend: self._open(backend, path))

        reader = CheckedReader(
            source,
            size,
            printable(self._access.place(path)),
            translate=lambda error: self._access.error("read", path, error),
            on_close=lambda is_reusable: self._access.release(backend, is_reusable=is_reusable),
        )
        return io.BufferedReader(reader, _BUFFER)

    @contextmanager
    def write(self, path: str) -> Iterator[Writer]:
        _check(path)
        # A folder with this path is reported before the output is downloaded.
        self._access.run("write", path, lambda backend: self._publisher.require_no_folder(backend, path))
        with spooling(path) as spool:
            yield spool
            self._publisher.write(spool.local_path, spool.size, path)

    def remove(self, path: str) -> None:
        _check(path)
        self._publisher.remove(path)

    def sweep(self) -> None:
        self._access.run("clean", TEMPORARY, self._sweep)
        sweep_spools()

    def close(self) -> None:
        self._access.close()

    def _open(self, backend: Backend, path: str) -> tuple[IO[bytes], int | None]:
        if self._publisher.can_open_directly(backend, path):
            with suppress(FileNotFoundError):
                source = backend.open(path)
                return source, getattr(source, "size", None)
            if path.startswith(PRIVATE):
                self._publisher.mark_free(path)
                raise not_found(self._access.place(path))
        for _ in range(_TRIES):
            found = self._publisher.find(backend, path)
            if found is None or not found[1].is_file:
                break
            # If it disappeared in between, it was renamed to its path or removed.
            with suppress(FileNotFoundError):
                return backend.open(found[0]), found[1].size
        raise not_found(self._access.place(path))

    def _list(self, start: str, prefix: str) -> Mapping[str, FileInfo]:
        files: dict[str, FileInfo] = {}
        folders = [start]
        seen: set[str] = set()
        if not start and PRIVATE.startswith(prefix):
            # Some servers omit names that begin with a dot from listings, but can list such a folder itself.
            folders.append(PRIVATE.rstrip("/"))
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="mhsync-fsspec") as pool:
            while folders:
                # Folder by folder, without `find` of fsspec, which treats a folder that it cannot read as empty.
                listed = [*pool.map(lambda folder: self._list_folder(folder, prefix), folders)]
                folders = [folder for _, below in listed for folder in below if f"{folder}/" != PRIVATE]
                for found, below in listed:
                    files |= found
                    seen.update(below)
        if not prefix:
            self._publisher.remember_folders(seen)
        return self._with_notes(files, prefix)

    def _list_folder(self, folder: str, prefix: str) -> tuple[dict[str, FileInfo], Sequence[str]]:
        """The files in a folder that match the prefix, and the folders to list next."""

        def work(backend: Backend) -> tuple[dict[str, FileInfo], Sequence[str]]:
            files: dict[str, FileInfo] = {}
            below = []
            for entry in backend.entries(folder):
                name = entry.name.rstrip("/").rpartition("/")[2]
                path = f"{folder}/{name}" if folder else name
                if entry.is_folder and path != TEMPORARY and f"{path}/".startswith(prefix):
                    below.append(path)
                elif entry.is_file and path.startswith(prefix):
                    version = entry.version if backend.replaces else None
                    files[path] = FileInfo(path, self._publisher.measure(backend, path, entry), version)
            return files, below

        return self._access.run("list", folder, work)

    def _with_notes(self, files: dict[str, FileInfo], prefix: str) -> dict[str, FileInfo]:
        """The files with those that notes are about: such a path reads as the note says."""
        for note in self._access.run("list", TEMPORARY, self._notes):
            if note.path.startswith(prefix):
                info = self.stat(note.path)
                files.pop(note.path, None)
                if info is not None:
                    files[note.path] = info
        return files

    def _notes(self, backend: Backend) -> Sequence[Note]:
        if backend.replaces:
            return ()
        return [*self._journal.all(backend, [*backend.entries(TEMPORARY)])]

    def _sweep(self, backend: Backend) -> None:
        for note in self._notes(backend):
            # A note that cannot be completed now stays. Its path reads as the note says.
            with suppress(StorageError):
                self._publisher.complete_pending(backend, note.path)
        kept = {note.source for note in self._notes(backend)}
        for entry in backend.entries(TEMPORARY):
            name = entry.name.rstrip("/").rpartition("/")[2]
            path = f"{TEMPORARY}/{name}"
            if entry.is_file and path not in kept and self._journal.age(name) > _OLD:
                backend.remove(path)


def _check(path: str) -> str:
    return check_file_path(path, (TEMPORARY,))
