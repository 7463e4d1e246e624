"""The lock of a folder: one run at a time, with `flock` on a file. The system releases it when its holder ends.

The file is not removed when the lock is released: a removal would let two runs hold two files of one name.
POSIX only.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mhsync.errors import Locked, StorageError
from mhsync.fileio.processes import ProcessIdentity, utc_text
from mhsync.storage.os_errors import SpecialFile, printable_path, reported_as
from mhsync.storage.tree import NOFOLLOW

try:
    import fcntl
except ImportError:  # Windows
    _flock = None
else:

    def _flock(descriptor: int) -> bool:
        """Take the lock; False when another process holds it. It ends when the last descriptor is closed."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


_NONBLOCK = getattr(os, "O_NONBLOCK", 0)
_NOTE_MAX = 4096


@contextmanager
def hold(path: Path, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Iterator[None]:
    """Hold the lock during the block. Tries once, without waiting.

    Args:
        path: the lock file; its folder must exist.

    Raises:
        Locked: another run holds it.
        StorageError: the file cannot be opened or locked.
    """
    if _flock is None:
        raise StorageError(
            f"cannot lock {printable_path(path)}: this system has no flock",
            hint="run mhsync on Linux or macOS, or choose a storage that is not a folder",
        )
    with reported_as("lock", path):
        descriptor = _try(path)
    if descriptor is None:
        raise _locked(path)
    try:
        with reported_as("write the lock", path):
            _write_note(descriptor, {**ProcessIdentity.current().to_json(), "since": utc_text(now())})
        yield
    finally:
        with suppress(OSError):
            if os.fstat(descriptor).st_nlink == 1:
                os.ftruncate(descriptor, 0)
        os.close(descriptor)


def _try(path: Path) -> int | None:
    """A descriptor that holds the lock, or None."""
    assert _flock is not None
    # Python opens files so that child processes do not inherit them: a child would keep the lock.
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | NOFOLLOW | _NONBLOCK, 0o666)
    try:
        _check_file(descriptor, path)
        if _flock(descriptor) and _is_current(descriptor, path):
            return descriptor
    except BaseException:
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None


def _check_file(descriptor: int, path: Path) -> None:
    """Check that a write to the lock changes no other file: the lock may be a hard link to one.

    Raises:
        StorageError: the file has another name too.
        SpecialFile: it is not a regular file.
    """
    info = os.fstat(descriptor)
    if not stat.S_ISREG(info.st_mode):
        raise SpecialFile(info.st_mode, path.name)
    if info.st_nlink > 1:
        raise StorageError(
            f"cannot lock {printable_path(path)}: the file has another name too (a hard link)",
            hint="remove this name; mhsync then creates a lock file of its own",
        )


def _is_current(descriptor: int, path: Path) -> bool:
    """Whether the open file is still the file at the path: another program may have cleared the folder."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.lstat())
    except FileNotFoundError:
        return False


def _write_note(descriptor: int, note: dict[str, Any]) -> None:
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, json.dumps(note).encode() + b"\n", 0)


def _locked(path: Path) -> Locked:
    """The error that names the holder, if the holder has written its note."""
    try:
        descriptor = os.open(path, os.O_RDONLY | NOFOLLOW | _NONBLOCK)
    except OSError:
        return Locked()
    try:
        note = json.loads(os.pread(descriptor, _NOTE_MAX, 0))
    except (OSError, ValueError):
        return Locked()
    finally:
        os.close(descriptor)
    if not isinstance(note, dict):
        return Locked()
    pid, host, since = (printable_path(note.get(key, "unknown"))[:80] for key in ("pid", "host", "since"))
    return Locked(f"process {pid} on host {host}", since)
