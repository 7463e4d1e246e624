"""Replace a file of the user as a whole: a reader sees the old content or the new one, never a part."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from mhsync.errors import UsageError

PRIVATE = 0o600
"""The mode of a file that only its owner can read."""


def replace_file(path: str | Path, data: bytes, *, mode: int | None = None) -> None:
    """Write a file under a temporary name, flush it, and rename it.

    A symbolic link is followed, so that the link stays and its target is replaced.

    Args:
        path: the file; its folder must exist.
        data: the whole new content.
        mode: its permissions; None keeps those of the file that it replaces, or uses the umask for a new file.

    Raises:
        UsageError: the file cannot be written; the old content is still there.
    """
    target = Path(os.path.realpath(path))
    try:
        if mode is None:
            mode = _mode_of(target)
        _replace(target, data, mode)
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
    else:
        return
    raise UsageError(f"cannot write {os.fspath(path)}: {reason}", hint="check the path and its permissions")


def _replace(target: Path, data: bytes, mode: int) -> None:
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name[:80]}.", suffix=".tmp", dir=target.parent)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fchmod(stream.fileno(), mode)
            os.fsync(stream.fileno())
        Path(name).replace(target)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
    _flush_folder(target.parent)


def _mode_of(target: Path) -> int:
    try:
        return target.stat().st_mode & 0o777
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
