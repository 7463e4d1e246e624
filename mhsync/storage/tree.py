"""The tree of a folder, walked by descriptors: symbolic links below the folder are never followed.

The path of the folder itself may contain links, which its owner chose. Links below it may come from other users.
"""

from __future__ import annotations

import errno
import os
import stat
import threading
from collections.abc import Collection, Container, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from mhsync.errors import StorageUnavailable
from mhsync.storage.folder_flush import FolderFlush, sync_folder
from mhsync.storage.os_errors import SpecialFile, printable_path, reported_as

# Windows has neither flag: the module can be imported there, and `Tree` raises an error.
_ROOT = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0)
NOFOLLOW: int = getattr(os, "O_NOFOLLOW", 0)
_BELOW = _ROOT | NOFOLLOW


class LinkInTheWay(OSError):
    """A symbolic link is in the place of a file or folder; `errno` is ELOOP."""

    def __init__(self, name: str) -> None:
        super().__init__(errno.ELOOP, "a symbolic link is in the way", name)


def look(folder: int, name: str) -> os.stat_result:
    """The status of the regular file or folder with the name.

    Raises:
        FileNotFoundError: there is none.
        LinkInTheWay: it is a symbolic link.
        SpecialFile: it is a named pipe, a socket or a device.
    """
    info = os.stat(name, dir_fd=folder, follow_symlinks=False)
    if stat.S_ISLNK(info.st_mode):
        raise LinkInTheWay(name)
    if not (stat.S_ISREG(info.st_mode) or stat.S_ISDIR(info.st_mode)):
        raise SpecialFile(info.st_mode, name)
    return info


class _Kept(NamedTuple):
    """A folder that is kept open."""

    descriptor: int
    paths: Sequence[str]
    """Of the folders from below the root to this one."""
    identity: tuple[int, int]
    """Device and inode."""


class Tree:
    """The folders below one folder of this machine.

    Raises:
        StorageUnavailable: this system cannot open a path relative to a folder.
    """

    def __init__(self, root: Path, supported: Container[object] = os.supports_dir_fd) -> None:
        if os.open not in supported:
            raise StorageUnavailable(
                f"cannot store files in {printable_path(root)}: this system cannot refuse to follow links",
                hint="run mhsync on Linux or macOS (WSL on Windows), or choose a storage that is not a folder",
            )
        self.root = root
        self.flush = FolderFlush()
        self._lock = threading.Lock()
        self._kept: dict[tuple[str, ...], _Kept | None] = {}
        self._replaced: list[int] = []
        self._new: dict[tuple[str, ...], object] = {}
        """Folders that were created here, and whose entries in their parents may not be flushed yet.

        Each creation has a value of its own: a folder may be removed and created again during a flush.
        """

    @contextmanager
    def keeping_open(self, folders: Collection[tuple[str, ...]]) -> Iterator[None]:
        """During the block, `shared` opens each of these folders once. Threads must not use it after the block."""
        self._kept = dict.fromkeys(folders)
        try:
            yield
        finally:
            kept, self._kept = self._kept, {}
            for descriptor in (*self._replaced, *(one[0] for one in kept.values() if one is not None)):
                os.close(descriptor)
            self._replaced.clear()

    @contextmanager
    def shared(self, parts: Sequence[str], *, make: bool = False, is_checked: bool = True) -> Iterator[int]:
        """As `folder`, for callers that do not list the folder: the descriptor may be one that is kept open.

        A kept descriptor is used only while the path still leads to the same folder.

        Args:
            is_checked: False does not look at the path again: for a file that was made in this folder before.
        """
        key = tuple(parts)
        if key not in self._kept:
            with self.folder(parts, make=make) as descriptor:
                yield descriptor
            return
        kept = self._kept[key]
        if kept is not None and not is_checked:
            yield kept.descriptor
            return
        yield self._kept_descriptor(key) or self._open_kept(key, make=make)

    def _kept_descriptor(self, key: tuple[str, ...]) -> int | None:
        """The kept descriptor, if the path leads to its folder through folders only."""
        kept = self._kept[key]
        if kept is None:
            return None
        descriptor, paths, identity = kept
        with suppress(OSError):
            found = [os.lstat(path) for path in paths]
            if (found[-1].st_dev, found[-1].st_ino) == identity and all(
                stat.S_ISDIR(one.st_mode) for one in found
            ):
                return descriptor
        return None

    def _open_kept(self, key: tuple[str, ...], *, make: bool) -> int:
        with self.folder(key, make=make) as folder:
            descriptor = os.dup(folder)
        info = os.fstat(descriptor)
        paths = [os.path.join(self.root, *key[: depth + 1]) for depth in range(len(key))]  # noqa: PTH118 - a fast text
        with self._lock:
            old, self._kept[key] = self._kept[key], _Kept(descriptor, paths, (info.st_dev, info.st_ino))
            if old is not None:
                self._replaced.append(old[0])  # Another thread may be using it.
        return descriptor

    def flush_new(self, parts: Sequence[str]) -> None:
        """Flush the entries of all folders of this path that were created here, from the innermost outwards.

        Returns when they are on disk, also where another thread has created them.

        Raises:
            OSError: a folder cannot be flushed.
        """
        for depth in range(len(parts), 0, -1):
            new = tuple(parts[:depth])
            creation = self._new.get(new)
            if creation is not None:
                with self.folder(parts[: depth - 1]) as parent:
                    self.flush(parent)
                if self._new.get(new) is creation:
                    self._new.pop(new, None)

    @contextmanager
    def folder(self, parts: Sequence[str], *, make: bool = False) -> Iterator[int]:
        """A descriptor of the folder `parts` below the root.

        Args:
            make: create missing folders, the root included. `flush_new` flushes those below the root.

        Raises:
            StorageUnavailable: the root itself cannot be opened.
            FileNotFoundError: it does not exist, or was removed during the call.
            NotADirectoryError: a file is in the place of one of the folders.
            LinkInTheWay: a symbolic link is in the place of one of the folders.
        """
        current = self._open_root(make=make)
        try:
            for depth, part in enumerate(parts):
                below = self._below(current, parts[: depth + 1]) if make else open_below(current, part)
                os.close(current)
                current = below
            yield current
        finally:
            os.close(current)

    def _below(self, folder: int, parts: Sequence[str]) -> int:
        """A descriptor of the folder `parts`, which is created if it is missing; `folder` is its parent."""
        try:
            return open_below(folder, parts[-1])
        except FileNotFoundError:
            # Noted first: a thread that finds the folder must find the note too.
            self._new[tuple(parts)] = object()
            with suppress(FileExistsError):  # Another thread was first.
                os.mkdir(parts[-1], dir_fd=folder)
            return open_below(folder, parts[-1])

    def _open_root(self, *, make: bool) -> int:
        try:
            return os.open(self.root, _ROOT)
        except FileNotFoundError:
            if self.root.is_symlink():
                raise StorageUnavailable(
                    f"cannot open the storage {printable_path(self.root)}: it is a link to a missing folder",
                    hint="mount or create the target of the link, or change the link",
                ) from None
            if not make:
                raise
        except OSError:
            pass  # The second attempt below reports it.
        with reported_as("open the storage", self.root, StorageUnavailable):
            if make:
                _make_root(self.root)
            return os.open(self.root, _ROOT)


def open_below(folder: int, name: str) -> int:
    """A descriptor of a folder in an open folder. The caller closes it.

    Raises:
        FileNotFoundError: it does not exist.
        NotADirectoryError: it is a file.
        LinkInTheWay: it is a symbolic link.
    """
    try:
        return os.open(name, _BELOW, dir_fd=folder)
    except OSError as error:
        # For a link to a folder, Linux returns ENOTDIR and other systems ELOOP.
        if error.errno in (errno.ENOTDIR, errno.ELOOP):
            look(folder, name)
        raise


def _make_root(root: Path) -> None:
    missing = [path for path in (root, *root.parents) if not path.exists()]
    for path in reversed(missing):
        path.mkdir(exist_ok=True)
        parent = os.open(path.parent, _ROOT)
        try:
            sync_folder(parent)
        finally:
            os.close(parent)
