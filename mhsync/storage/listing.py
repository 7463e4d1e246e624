"""Lists the files below a folder by descriptors, one system call for each entry where that is possible.

A folder is opened relative to the one that it is in, so its depth costs nothing, and no symbolic link is followed.
Files are given while a folder is read: one folder may have a million receipts.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress

from mhsync.core.layout import LOCK, PARTIAL, TEMPORARY
from mhsync.storage.base import FileInfo
from mhsync.storage.os_errors import reported_as
from mhsync.storage.tree import LinkInTheWay, Tree, open_below
from mhsync.storage.version import version_of

_HIDDEN_FOLDERS = frozenset({TEMPORARY.removesuffix("/"), PARTIAL.removesuffix("/")})
_GONE = (FileNotFoundError, NotADirectoryError, LinkInTheWay)
_SPECIAL = frozenset(("", ".", "/"))
"""First characters of paths that are looked at with more care."""
_DEPTH = 16
"""Folders that are open at once, one in the other; deeper ones are opened from the root again."""


def files_below(tree: Tree, start: str, prefix: str) -> Iterator[FileInfo]:
    """The regular files below the folder `start` whose paths begin with `prefix`.

    A folder that disappears while it is listed is not an error, and neither is a prefix that names none.

    Raises:
        StorageUnavailable: the root cannot be opened.
        StorageError: a folder cannot be read.
    """
    pending = [start]
    while pending:
        at = pending.pop()
        with (
            reported_as("list", tree.root / at),
            suppress(*_GONE),
            tree.folder(at.split("/") if at else ()) as folder,
        ):
            yield from _walk(tree, folder, at, prefix, pending)


def _walk(tree: Tree, folder: int, at: str, prefix: str, pending: list[str]) -> Iterator[FileInfo]:
    """The files of an open folder and of those below it. Folders that are too deep are added to `pending`."""
    below: list[str] = []
    yield from _scan(tree, folder, at, prefix, below)
    open_folders = [(folder, at, below)]
    try:
        while open_folders:
            parent, at, names = open_folders[-1]
            if not names:
                open_folders.pop()
                if parent != folder:
                    os.close(parent)
                continue
            name = names.pop()
            path = f"{at}/{name}" if at else name
            child = _open(tree, parent, name, path)
            if child is None:
                continue
            below = []
            try:
                yield from _scan(tree, child, path, prefix, below)
                if below and len(open_folders) < _DEPTH:
                    open_folders.append((child, path, below))
                    child = None
                elif below:
                    pending.extend([f"{path}/{name}" for name in below])
            finally:
                if child is not None:
                    os.close(child)
    finally:
        for parent, _, _ in open_folders:
            if parent != folder:
                os.close(parent)


def add_sizes(tree: Tree, paths: Iterable[str], sizes: dict[str, int]) -> list[str]:
    """Look at regular files, and add the sizes of those that no symbolic link leads to.

    Args:
        paths: best in an order in which those of one folder follow each other.
        sizes: by path, in bytes.

    Returns:
        The paths that are unusual, and were not looked at: they may lead out of the storage.

    Raises:
        StorageUnavailable: the root cannot be opened.
        StorageError: a file cannot be looked at.
    """
    special: list[str] = []
    with suppress(FileNotFoundError), tree.folder(()) as root:
        folders = {"": True}
        for path in paths:
            if not path.isprintable() or "/." in path or "//" in path or "\\" in path or path[:1] in _SPECIAL:
                special.append(path)
                continue
            folder = path[: path.rfind("/")] if "/" in path else ""
            try:
                if folders.get(folder) or _is_folder(root, folder, folders):
                    info = os.stat(path, dir_fd=root, follow_symlinks=False)
                    if stat.S_ISREG(info.st_mode):
                        sizes[path] = info.st_size
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError:
                with reported_as("look at", tree.root / path):
                    raise
    return special


def _is_folder(root: int, folder: str, seen: dict[str, bool]) -> bool:
    """Whether the path is that of a folder, and leads through folders only; remembered in `seen`."""
    known = seen.get(folder)
    if known is None:
        parent = folder[: max(folder.rfind("/"), 0)]
        is_reached = seen.get(parent) or _is_folder(root, parent, seen)
        known = is_reached and stat.S_ISDIR(os.stat(folder, dir_fd=root, follow_symlinks=False).st_mode)
        seen[folder] = known
    return known


def _open(tree: Tree, parent: int, name: str, path: str) -> int | None:
    try:
        return open_below(parent, name)
    except _GONE:
        return None
    except OSError:
        with reported_as("list", tree.root / path):
            raise


def _scan(tree: Tree, folder: int, at: str, prefix: str, below: list[str]) -> Iterator[FileInfo]:
    """The files of an open folder that have the prefix. The names of folders to look into are added to `below`."""
    start = f"{at}/" if at else ""
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                path = start + entry.name
                if entry.is_dir(follow_symlinks=False):
                    if path not in _HIDDEN_FOLDERS and (not prefix or f"{path}/".startswith(prefix)):
                        below.append(entry.name)
                elif path.startswith(prefix) and path != LOCK and entry.is_file(follow_symlinks=False):
                    try:
                        info = entry.stat(follow_symlinks=False)
                    except FileNotFoundError:
                        continue
                    yield info_of(path, info)
    except _GONE:
        return
    except OSError:
        with reported_as("list", tree.root / at):
            raise


def info_of(path: str, info: os.stat_result) -> FileInfo:
    """The entry of a file in a listing."""
    return FileInfo(path, info.st_size, version_of(info))
