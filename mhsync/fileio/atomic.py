"""Replace a file of the user as a whole: a reader sees the old content or the new one, never a part."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from mhsync.errors import UsageError

_START = 4096
"""Bytes at the start of a file that identify it."""
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


def replace_own_file(
    path: str | Path, data: bytes, is_own: Callable[[bytes], bool], *, mode: int | None = None
) -> None:
    """As `replace_file`, but replace only a file that mhsync wrote: a mistyped name must not destroy another file.

    Args:
        path: the file; its folder must exist.
        data: the whole new content.
        is_own: whether a file that begins with these bytes may be replaced.
        mode: its permissions.

    Raises:
        UsageError: another file has this name, or the file cannot be written; the old content is still there.
    """
    target = Path(path)
    try:
        is_other = target.exists() and not (target.is_file() and is_own(_start_of(target)))
    except (OSError, ValueError):
        is_other = True
    if is_other:
        raise UsageError(
            f"{target} exists, and mhsync did not write it; it was not replaced", hint="choose another name"
        )
    replace_file(path, data, mode=mode)


def _start_of(file: Path) -> bytes:
    with file.open("rb") as stream:
        return stream.read(_START)


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
