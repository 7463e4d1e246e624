"""LocalStorage: a folder of this machine.

A file is written under `.mhsync/tmp/`, flushed to disk, and renamed to its path. It is visible completely or not
at all, also after a kill or a power failure. Symbolic links below the folder are not followed: a listing omits
them. A path that is a link, or leads through one, is an error. Folders that become empty when a file is removed or
moved are removed too.
"""

from __future__ import annotations

import errno
import io
import os
import posixpath
import secrets
import stat
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from mhsync.core.layout import LOCK, PARTIAL, PRIVATE, RECEIPTS, TEMPORARY
from mhsync.errors import StorageError, StorageNotFound
from mhsync.storage.base import FileInfo, Storage, validate_path
from mhsync.storage.files import FileReader, TemporaryFile
from mhsync.storage.listing import add_sizes, files_below, info_of
from mhsync.storage.lock import hold
from mhsync.storage.os_errors import printable_path, reported_as
from mhsync.storage.tree import NOFOLLOW, Tree, look

if TYPE_CHECKING:
    from mhsync.storage.partials import LocalPartials

_TMP = tuple(TEMPORARY.removesuffix("/").split("/"))
_OLD_FILE = os.O_RDONLY | NOFOLLOW | getattr(os, "O_NONBLOCK", 0)
_KEPT_OPEN = (_TMP, tuple(RECEIPTS.removesuffix("/").split("/")))
"""Folders that stay open while the storage is locked: a run uses them several times for each project."""
_SUFFIX_MAX = 16
_TRIES = 50
"""Attempts to create a folder and use it, while other runs remove it because it is empty."""


class LocalStorage(Storage):
    """A folder. The first write creates it; until then it lists as empty.

    Args:
        folder: its path; a relative one is resolved when the object is created.
    """

    is_local = True
    gives_local_files = True

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder).absolute()
        self._tmp = self.folder.joinpath(*_TMP)
        self._tree = Tree(self.folder)

    def __repr__(self) -> str:
        return f"LocalStorage({str(self.folder)!r})"

    def list(self, prefix: str = "") -> Iterator[FileInfo]:
        start = prefix.rpartition("/")[0]
        if start and not _is_listable(start):
            return
        yield from files_below(self._tree, start, prefix)

    def stat(self, path: str) -> FileInfo | None:
        info = self._look("read", path)
        return None if info is None else info_of(path, info)

    def sizes(self, paths: Collection[str]) -> Mapping[str, int]:
        found: dict[str, int] = {}
        special = add_sizes(self._tree, paths, found)
        found.update((path, info.size) for path in special if (info := self.stat(path)) is not None)
        return found

    def open(self, path: str) -> BinaryIO:
        *folders, name = _parts(path)
        with reported_as("read", self.folder, below=path):
            try:
                with self._tree.shared(folders) as folder:
                    if stat.S_ISDIR(look(folder, name).st_mode):
                        raise self._not_found(path)
                    descriptor = os.open(name, _OLD_FILE, dir_fd=folder)
            except (FileNotFoundError, NotADirectoryError):
                raise self._not_found(path) from None
        return io.BufferedReader(FileReader(descriptor, self.folder / path))

    def local_file(self, path: str) -> Path | None:
        return None if self._look("read", path) is None else self.folder / path

    def link(self, source: Path, path: str) -> None:
        """Make a hard link to a file of this machine visible at the path. It replaces what was there.

        Raises:
            OSError: the file system cannot make the link, for example because the file is on another one.
            StorageError: the link could not be made visible.
        """
        *folders, name = _parts(path)
        temporary = f"{os.getpid()}-{secrets.token_hex(8)}"
        with self._tree.shared(_TMP, make=True) as folder:
            os.link(source, temporary, dst_dir_fd=folder, follow_symlinks=False)
            try:
                with reported_as("write", self.folder, below=path):
                    _retry_missing_folder(partial(self._rename, folder, temporary, folders, name))
                    self._tree.flush_new(folders)
            finally:
                # Renaming a link over another link to the same file leaves both.
                with suppress(FileNotFoundError):
                    os.unlink(temporary, dir_fd=folder)

    @contextmanager
    def write(self, path: str) -> Iterator[TemporaryFile]:
        *folders, name = _parts(path)
        try:
            with reported_as("write", self.folder, below=path):
                self._must_be_free(folders, name)
                temporary = self._new_temporary(path)
            with temporary:
                yield temporary
                temporary.sync()
                with (
                    reported_as("write", self.folder, below=path),
                    self._tree.shared(_TMP, is_checked=False) as source,
                ):
                    _retry_missing_folder(partial(self._rename, source, temporary.name, folders, name))
                    self._tree.flush_new(folders)
                temporary.note_version()
        except BaseException:
            self._remove_empty(folders)
            raise

    def remove(self, path: str) -> None:
        *folders, name = _parts(path)
        if self._look("remove", path) is None:
            # A run that was killed right after the removal left the folders.
            self._remove_empty(folders)
            return
        with (
            reported_as("remove", self.folder, below=path),
            suppress(FileNotFoundError, NotADirectoryError),
            self._tree.folder(folders) as folder,
        ):
            os.unlink(name, dir_fd=folder)
            self._tree.flush(folder)
        self._remove_empty(folders)

    def flush(self, path: str) -> None:
        """Flush a file, and the folders above it, to disk."""
        *folders, name = _parts(path)
        with reported_as("flush", self.folder, below=path):
            with self._tree.folder(folders) as folder:
                descriptor = os.open(name, _OLD_FILE, dir_fd=folder)
                try:
                    os.fsync(descriptor)
                finally:
                    os.close(descriptor)
            for depth in range(len(folders), -1, -1):
                with self._tree.folder(folders[:depth]) as folder:
                    self._tree.flush(folder)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Lock the folder for one run; two locks in one process also exclude each other."""
        with (
            reported_as("lock", self.folder, below=LOCK),
            self._tree.folder([PRIVATE.removesuffix("/")], make=True),
        ):
            pass
        with hold(self.folder / LOCK), self._tree.keeping_open(_KEPT_OPEN):
            yield

    def sweep(self) -> None:
        with (
            reported_as("clear", self.folder, below=TEMPORARY),
            suppress(FileNotFoundError),
            self._tree.folder(_TMP) as folder,
            os.scandir(folder) as entries,
        ):
            for name in [entry.name for entry in entries if not entry.is_dir(follow_symlinks=False)]:
                with suppress(FileNotFoundError):
                    os.unlink(name, dir_fd=folder)

    def partials(self) -> LocalPartials:
        from mhsync.storage.partials import LocalPartials

        return LocalPartials(self._tree)

    def _not_found(self, path: str) -> StorageNotFound:
        return StorageNotFound(f"there is no file {printable_path(self.folder / path)}")

    def _look(self, doing: str, path: str) -> os.stat_result | None:
        """The regular file at the path; None if there is none, or a folder."""
        *folders, name = _parts(path)
        with reported_as(doing, self.folder, below=path):
            try:
                with self._tree.shared(folders) as folder:
                    info = look(folder, name)
            except (FileNotFoundError, NotADirectoryError):
                return None
        return None if stat.S_ISDIR(info.st_mode) else info

    def _new_temporary(self, path: str) -> TemporaryFile:
        suffix = posixpath.splitext(path)[1]
        with self._tree.shared(_TMP, make=True) as folder:
            return TemporaryFile(
                folder, self._tmp, suffix if len(suffix) <= _SUFFIX_MAX else "", self.folder, path
            )

    def _rename(self, source: int, old: str, folders: Sequence[str], new: str) -> None:
        """Rename into the folder `folders`, which is created if it is missing."""
        with self._tree.shared(folders, make=True) as target:
            _must_take_a_file(target, new)
            os.replace(old, new, src_dir_fd=source, dst_dir_fd=target)
            self._tree.flush(target)

    def _must_be_free(self, folders: Sequence[str], name: str) -> None:
        """Raise an error for a folder or link at the path, before gigabytes are downloaded.

        Folders are created when the file is complete, so that a killed run leaves no empty ones. A receipt is
        short: for it the check before the rename is early enough.
        """
        if tuple(folders) in _KEPT_OPEN:
            return
        with suppress(FileNotFoundError), self._tree.shared(folders) as folder:
            _must_take_a_file(folder, name)

    def _remove_empty(self, folders: Sequence[str]) -> None:
        """Remove folders that are empty, from the innermost outwards; not mhsync's own folder and not the root."""
        if "/".join([*folders, ""]).startswith(PRIVATE):
            return
        with suppress(OSError, StorageError):
            for depth in range(len(folders), 0, -1):
                # A missing folder does not end the loop: a killed run may have created only the outer folders.
                with suppress(FileNotFoundError), self._tree.folder(folders[: depth - 1]) as parent:
                    os.rmdir(folders[depth - 1], dir_fd=parent)


def _is_listable(folder: str) -> bool:
    """Whether the folder can contain files; a prefix may be any text."""
    try:
        _parts(folder)
    except StorageError:
        return False
    return True


def _parts(path: str) -> list[str]:
    """The names of a path.

    Raises:
        StorageError: the path leaves the storage, is invalid on a file system, or is reserved by mhsync.
    """
    validate_path(path)
    try:
        os.fsencode(path)
    except UnicodeEncodeError:
        raise StorageError(
            f"the file system cannot store this name: {printable_path(path)}",
            hint="write another path in the manifest",
        ) from None
    if path == LOCK or f"{path}/".startswith((TEMPORARY, PARTIAL)):
        raise StorageError(
            f"the path is reserved: {path}", hint="mhsync keeps its lock and unfinished files there"
        )
    return path.split("/")


def _retry_missing_folder(action: Callable[[], None]) -> None:
    """Run the action; run it again each time that another run removed a folder that it needs."""
    for left in reversed(range(_TRIES)):
        try:
            action()
        except FileNotFoundError:
            if not left:
                raise
        else:
            return


def _must_take_a_file(folder: int, name: str) -> None:
    """Raise an error for a folder at the name, or for a link that a rename would replace."""
    with suppress(FileNotFoundError):
        if stat.S_ISDIR(look(folder, name).st_mode):
            raise IsADirectoryError(errno.EISDIR, "a folder is at this path", name)
