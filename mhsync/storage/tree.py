"""The tree of a folder, walked by descriptors: symbolic links below the folder are never followed.

The path of the folder itself may contain links, which its owner chose. Links below it may come from other users.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Container, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from mhsync.errors import StorageUnavailable
from mhsync.storage.os_errors import SpecialFile, printable_path, reported_as

# Windows has neither flag: the module can be imported there, and `Tree` raises an error.
_ROOT = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0)
NOFOLLOW: int = getattr(os, "O_NOFOLLOW", 0)
_BELOW = _ROOT | NOFOLLOW
_NOT_FLUSHABLE = frozenset({errno.EINVAL, errno.ENOTSUP})


class LinkInTheWay(OSError):
    """A symbolic link is in the place of a file or folder; `errno` is ELOOP."""

    def __init__(self, name: str) -> None:
        super().__init__(errno.ELOOP, "a symbolic link is in the way", name)


def sync_folder(folder: int) -> None:
    """Flush the entries of a folder to disk, if its file system supports it."""
    try:
        os.fsync(folder)
    except OSError as error:
        if error.errno not in _NOT_FLUSHABLE:
            raise


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

    @contextmanager
    def folder(self, parts: Sequence[str], *, make: bool = False) -> Iterator[int]:
        """A descriptor of the folder `parts` below the root.

        Args:
            make: create missing folders, the root included, and flush them to disk.

        Raises:
            StorageUnavailable: the root itself cannot be opened.
            FileNotFoundError: it does not exist, or was removed during the call.
            NotADirectoryError: a file is in the place of one of the folders.
            LinkInTheWay: a symbolic link is in the place of one of the folders.
        """
        current = self._open_root(make=make)
        try:
            for part in parts:
                below = open_below(current, part, make=make)
                os.close(current)
                current = below
            yield current
        finally:
            os.close(current)

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


def open_below(folder: int, name: str, *, make: bool = False) -> int:
    """A descriptor of a folder in an open folder. The caller closes it.

    Args:
        make: make it where it is missing, and flush that to disk.

    Raises:
        FileNotFoundError: it does not exist.
        NotADirectoryError: it is a file.
        LinkInTheWay: it is a symbolic link.
    """
    try:
        return os.open(name, _BELOW, dir_fd=folder)
    except FileNotFoundError:
        if not make:
            raise
    except OSError as error:
        # For a link to a folder, Linux returns ENOTDIR and other systems ELOOP.
        if error.errno in (errno.ENOTDIR, errno.ELOOP):
            look(folder, name)
        raise
    try:
        os.mkdir(name, dir_fd=folder)
    except FileExistsError:
        pass  # another thread was first
    else:
        sync_folder(folder)
    return os.open(name, _BELOW, dir_fd=folder)


def _make_root(root: Path) -> None:
    missing = [path for path in (root, *root.parents) if not path.exists()]
    for path in reversed(missing):
        path.mkdir(exist_ok=True)
        parent = os.open(path.parent, _ROOT)
        try:
            sync_folder(parent)
        finally:
            os.close(parent)
