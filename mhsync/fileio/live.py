"""Unfinished files: the writer holds an `flock`, so that a later run finds the files of ended processes.

The lock ends with its process. On a system without `flock`, no file is ever treated as abandoned.
"""

from __future__ import annotations

import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import islice

try:
    import fcntl
except ImportError:  # Windows
    _LOCK = _LOCK_NOW = None
else:
    _LOCK, _LOCK_NOW = fcntl.LOCK_EX, fcntl.LOCK_EX | fcntl.LOCK_NB

NOFOLLOW: int = getattr(os, "O_NOFOLLOW", 0)
OLD_FILE = os.O_RDWR | NOFOLLOW | getattr(os, "O_NONBLOCK", 0)
_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | NOFOLLOW
_TRIES = 10
_ENTRIES_MAX = 100_000
"""Names of a folder that one search for dead files looks at."""
_CLEARED_MAX = 10_000
"""Dead files that one search removes."""


def create(folder: int, prefix: str, suffix: str, mode: int) -> tuple[int, str]:
    """Make an unfinished file in a folder and hold its lock: its descriptor and its name.

    Args:
        folder: a descriptor of the folder.
        prefix, suffix: the ends of the name; 16 hexadecimal digits come between them.
        mode: permissions, as for `os.open`.

    Raises:
        OSError: it cannot be made.
    """
    for _ in range(_TRIES):
        name = f"{prefix}{secrets.token_hex(8)}{suffix}"
        descriptor = os.open(name, _NEW, mode, dir_fd=folder)
        # A search that came between the two lines may hold the lock for a moment, and have removed the file.
        hold(descriptor)
        if os.fstat(descriptor).st_nlink:
            return descriptor, name
        os.close(descriptor)
    raise FileNotFoundError(f"{prefix}*{suffix} is removed as soon as it is made")


def hold(descriptor: int) -> None:
    """Hold the lock of an open file until the descriptor is closed; without effect where there are no locks."""
    if _LOCK is not None:
        with suppress(OSError):
            fcntl.flock(descriptor, _LOCK)


def hold_at_once(descriptor: int) -> bool:
    """Lock an open file. Returns False if another process holds the lock, or the system has no locks."""
    if _LOCK_NOW is None:
        return False
    try:
        fcntl.flock(descriptor, _LOCK_NOW)
    except OSError:
        return False
    return True


def clear_dead(folder: int, prefix: str, suffix: str = "") -> int:
    """Remove the unfinished files of this user that no process holds. Returns their number.

    Only regular files that `create` could have made with this prefix and suffix are considered. Files that cannot
    be opened or removed are skipped. The number of names and of files is bounded.
    """
    pattern = re.compile(f"{re.escape(prefix)}[0-9a-f]{{16}}{re.escape(suffix) if suffix else '[^/]*'}")
    with suppress(OSError), os.scandir(folder) as entries:
        names = [entry.name for entry in islice(entries, _ENTRIES_MAX) if pattern.fullmatch(entry.name)]
        return sum(_clear(folder, name) for name in names[:_CLEARED_MAX])
    return 0


def _clear(folder: int, name: str) -> bool:
    with suppress(OSError), own_file(folder, name) as descriptor:
        if hold_at_once(descriptor):
            os.unlink(name, dir_fd=folder)
            return True
    return False


@contextmanager
def own_file(folder: int, name: str) -> Iterator[int]:
    """A descriptor of a regular file that belongs to this user and has no other name.

    Raises:
        OSError: it cannot be opened, or is something else.
    """
    descriptor = os.open(name, OLD_FILE, dir_fd=folder)
    try:
        info = os.fstat(descriptor)
        if not stat.S_ISREG(info.st_mode) or info.st_nlink != 1 or info.st_uid != os.geteuid():
            raise PermissionError(f"{name} is not a file of this user with one name")
        yield descriptor
    finally:
        os.close(descriptor)
