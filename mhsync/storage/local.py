"""LocalStorage: a folder of this machine.

A file is written under `.mhsync/tmp/`, flushed to disk, and renamed to its path: it is there whole or not at all,
also after a kill or a power cut. Symbolic links below the folder are not followed: a listing leaves them out, and
a path that is one, or leads through one, is an error. Folders that a removed or moved file leaves empty go too.
"""

from __future__ import annotations

import errno
import io
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from mhsync.core.layout import LOCK, PARTIAL, PRIVATE, TEMPORARY
from mhsync.errors import StorageError, StorageNotFound
from mhsync.storage.base import FileInfo, Storage, validate_path
from mhsync.storage.files import FileReader, TemporaryFile
from mhsync.storage.listing import files_below, info_of
from mhsync.storage.lock import hold
from mhsync.storage.os_errors import printable_path, reported_as
from mhsync.storage.partials import LocalPartials
from mhsync.storage.tree import NOFOLLOW, Tree, look, sync_folder

_TMP = TEMPORARY.removesuffix("/")
_OLD_FILE = os.O_RDONLY | NOFOLLOW | getattr(os, "O_NONBLOCK", 0)
_SUFFIX_MAX = 16
_TRIES = 50
"""Of making a folder and using it, while others tidy it away as empty."""


class LocalStorage(Storage):
    """A folder. The first write makes it; until then it lists as empty.

    Args:
        folder: its path; made absolute at once.
    """

    is_local = True
    gives_local_files = True

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder).absolute()
        self._tree = Tree(self.folder)

    def __repr__(self) -> str:
        return f"LocalStorage({str(self.folder)!r})"

    def list(self, prefix: str = "") -> Iterator[FileInfo]:
        start = prefix.rpartition("/")[0]
        if start and not _is_listable(start):
            return
        yield from files_below(self._tree, start, prefix)

    def stat(self, path: str) -> FileInfo | None:
        info = self._look("look at", path)
        return None if info is None else info_of(path, info)

    def open(self, path: str) -> BinaryIO:
        *folders, name = _parts(path)
        if self._look("read", path) is None:
            raise self._not_found(path)
        with reported_as("read", self.folder / path):
            try:
                with self._tree.folder(folders) as folder:
                    descriptor = os.open(name, _OLD_FILE, dir_fd=folder)
            except (FileNotFoundError, NotADirectoryError):
                raise self._not_found(path) from None
        return io.BufferedReader(FileReader(descriptor, self.folder / path))

    @contextmanager
    def write(self, path: str) -> Iterator[TemporaryFile]:
        *folders, name = _parts(path)
        try:
            with reported_as("write", self.folder / path):
                self._must_be_free(folders, name)
                temporary = self._new_temporary(path)
            with temporary:
                yield temporary
                temporary.sync()
                with reported_as("write", self.folder / path), self._tree.folder(_TMP.split("/")) as source:
                    _again(partial(self._rename, source, temporary.local_path.name, folders, name))
                temporary.note_version()
        except BaseException:
            self._tidy(folders)
            raise

    def remove(self, path: str) -> None:
        *folders, name = _parts(path)
        if self._look("remove", path) is None:
            # A run that ended right after the removal left its folders.
            self._tidy(folders)
            return
        with (
            reported_as("remove", self.folder / path),
            suppress(FileNotFoundError, NotADirectoryError),
            self._tree.folder(folders) as folder,
        ):
            os.unlink(name, dir_fd=folder)
            sync_folder(folder)
        self._tidy(folders)

    def flush(self, path: str) -> None:
        """Flush a file, and the folders on the way to it, to disk."""
        *folders, name = _parts(path)
        with reported_as("flush", self.folder / path):
            with self._tree.folder(folders) as folder:
                descriptor = os.open(name, _OLD_FILE, dir_fd=folder)
                try:
                    os.fsync(descriptor)
                finally:
                    os.close(descriptor)
            for depth in range(len(folders), -1, -1):
                with self._tree.folder(folders[:depth]) as folder:
                    sync_folder(folder)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the folder for one run; two locks in one process exclude each other too."""
        with reported_as("lock", self.folder / LOCK), self._tree.folder([PRIVATE.removesuffix("/")], make=True):
            pass
        with hold(self.folder / LOCK):
            yield

    def sweep(self) -> None:
        with (
            reported_as("clear", self.folder / TEMPORARY),
            suppress(FileNotFoundError),
            self._tree.folder(_TMP.split("/")) as folder,
            os.scandir(folder) as entries,
        ):
            for name in [entry.name for entry in entries if not entry.is_dir(follow_symlinks=False)]:
                with suppress(FileNotFoundError):
                    os.unlink(name, dir_fd=folder)

    def partials(self) -> LocalPartials:
        return LocalPartials(self._tree)

    def _not_found(self, path: str) -> StorageNotFound:
        return StorageNotFound(f"there is no file {printable_path(self.folder / path)}")

    def _look(self, doing: str, path: str) -> os.stat_result | None:
        """The regular file under the path, or None where there is none; a folder is none."""
        *folders, name = _parts(path)
        with reported_as(doing, self.folder / path):
            try:
                with self._tree.folder(folders) as folder:
                    info = look(folder, name)
            except (FileNotFoundError, NotADirectoryError):
                return None
        return None if stat.S_ISDIR(info.st_mode) else info

    def _new_temporary(self, path: str) -> TemporaryFile:
        suffix = PurePosixPath(path).suffix
        with self._tree.folder(_TMP.split("/"), make=True) as folder:
            return TemporaryFile(
                folder,
                self.folder / _TMP,
                suffix if len(suffix) <= _SUFFIX_MAX else "",
                self.folder / path,
            )

    def _rename(self, source: int, old: str, folders: Sequence[str], new: str) -> None:
        """Rename into the folder `folders`, which is made where it is missing."""
        with self._tree.folder(folders, make=True) as target:
            _must_take_a_file(target, new)
            os.replace(old, new, src_dir_fd=source, dst_dir_fd=target)
            sync_folder(target)

    def _must_be_free(self, folders: Sequence[str], name: str) -> None:
        """Raise for what stands in the way of a file before gigabytes are fetched.

        Folders are made once the file is whole: a run that ends before leaves none that is empty.
        """
        with suppress(FileNotFoundError), self._tree.folder(folders) as folder:
            _must_take_a_file(folder, name)

    def _tidy(self, folders: Sequence[str]) -> None:
        """Remove folders that are left empty, from the innermost on; mhsync's own and the root stay."""
        if "/".join([*folders, ""]).startswith(PRIVATE):
            return
        with suppress(OSError, StorageError):
            for depth in range(len(folders), 0, -1):
                # One that is not there does not end it: a killed run may have made only the outer folders.
                with suppress(FileNotFoundError), self._tree.folder(folders[: depth - 1]) as parent:
                    os.rmdir(folders[depth - 1], dir_fd=parent)


def _is_listable(folder: str) -> bool:
    """Whether files could lie there at all; a prefix may be any text."""
    try:
        _parts(folder)
    except StorageError:
        return False
    return True


def _parts(path: str) -> list[str]:
    """The names along a path.

    Raises:
        StorageError: it leaves the storage, no file system can hold it, or it is where unfinished files lie.
    """
    validate_path(path)
    try:
        os.fsencode(path)
    except UnicodeEncodeError:
        raise StorageError(
            f"the file system cannot hold this name: {printable_path(path)}",
            hint="give it another path in the manifest",
        ) from None
    if path == LOCK or f"{path}/".startswith((TEMPORARY, PARTIAL)):
        raise StorageError(
            f"no file may lie there: {path}", hint="mhsync keeps its lock and unfinished files there"
        )
    return path.split("/")


def _again(action: Callable[[], None]) -> None:
    """Do it, and once more each time that a folder was tidied away meanwhile."""
    for left in reversed(range(_TRIES)):
        try:
            action()
        except FileNotFoundError:
            if not left:
                raise
        else:
            return


def _must_take_a_file(folder: int, name: str) -> None:
    """Raise what a rename to the name would meet: a folder, or a link that it would replace."""
    with suppress(FileNotFoundError):
        if stat.S_ISDIR(look(folder, name).st_mode):
            raise IsADirectoryError(errno.EISDIR, "a folder stands there", name)
