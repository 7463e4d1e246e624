"""Spool: a file of this machine that takes the bytes until they are all there."""

from __future__ import annotations

import errno
import os
import secrets
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath

from mhsync import StorageError

_NAME = "mhsync-spool-"
_SUFFIX_MAX = 16
_OLD = 3600
"""Seconds: a spool of a process that is gone is only cleared away when it is older; its number may mislead."""


class Spool:
    """A `LocalWriter`: what was written lies in `local_path` at once."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.local_path = path
        self._descriptor = descriptor
        self.size = 0

    def write(self, data: bytes, /) -> int:
        left = memoryview(data).cast("B")
        try:
            while left:
                left = left[os.write(self._descriptor, left) :]
        except OSError as error:
            raise _told(error) from error
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        """Nothing is held back: every `write` reaches the file."""


@contextmanager
def spooling(path: str) -> Iterator[Spool]:
    """A spool for what is to become `path`; it is gone when the block ends.

    Raises:
        StorageError: this machine has no room for it.
    """
    suffix = PurePosixPath(path).suffix
    name = f"{_NAME}{os.getpid()}-{secrets.token_hex(8)}{suffix if len(suffix) <= _SUFFIX_MAX else ''}"
    local = Path(tempfile.gettempdir()) / name
    try:
        descriptor = os.open(local, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise _told(error) from error
    try:
        yield Spool(local, descriptor)
    finally:
        os.close(descriptor)
        local.unlink(missing_ok=True)


def sweep_spools() -> None:
    """Remove what processes of this machine that were killed left behind."""
    for local in Path(tempfile.gettempdir()).glob(f"{_NAME}*"):
        pid = local.name.removeprefix(_NAME).partition("-")[0]
        with suppress(OSError):
            if pid.isdigit() and not is_running(int(pid)) and time.time() - local.stat().st_mtime > _OLD:
                local.unlink()


def is_running(pid: int) -> bool:
    """Whether a process of this machine has the number; where that cannot be asked, it has."""
    if os.name != "posix":
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _told(error: OSError) -> StorageError:
    where = tempfile.gettempdir()
    what = "there is no room left" if error.errno in (errno.ENOSPC, errno.EDQUOT) else error.strerror
    return StorageError(
        f"cannot keep a file in {where} on its way: {what}",
        hint="free some there, or let TMPDIR name another folder",
    )
