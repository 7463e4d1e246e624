"""Spools: files of this machine that take the bytes of an output until they are all there.

A spool lies in TMPDIR under `mhsync-spool-…` and is locked while it is used. The spools that killed runs left are
unlocked, and are removed by `sweep_spools`.
"""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath

from mhsync.errors import StorageError
from mhsync.fileio.live import clear_dead, create

_PREFIX = "mhsync-spool-"
_SUFFIX_MAX = 16
_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0)


class Spool:
    """A `LocalWriter`: what was written lies in `local_path` at once. `size` is in bytes."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.local_path = path
        self.size = 0
        self._descriptor = descriptor

    def write(self, data: bytes, /) -> int:
        """Write all of `data`.

        Raises:
            StorageError: this machine has no room for it.
        """
        left = memoryview(data).cast("B")
        try:
            while left:
                left = left[os.write(self._descriptor, left) :]
        except OSError as error:
            failure = _failure(error)
        else:
            self.size += len(data)
            return len(data)
        raise failure

    def flush(self) -> None:
        """Nothing is held back: every `write` reaches the file."""


@contextmanager
def spooling(path: str = "") -> Iterator[Spool]:
    """A spool for what is to become `path`, whose suffix it gets; it is gone when the block ends.

    Raises:
        StorageError: it cannot be made.
    """
    suffix = PurePosixPath(path).suffix
    folder = tempfile.gettempdir()
    try:
        descriptor, name = _create(folder, suffix if len(suffix) <= _SUFFIX_MAX else "")
    except OSError as error:
        failure: StorageError | None = _failure(error)
    else:
        failure = None
    if failure is not None:
        raise failure
    local = Path(folder, name)
    try:
        yield Spool(local, descriptor)
    finally:
        os.close(descriptor)
        with suppress(OSError):
            local.unlink()


def sweep_spools() -> int:
    """Remove this user's spools in TMPDIR that no process uses any more; how many there were. It never raises."""
    with suppress(OSError):
        folder = os.open(tempfile.gettempdir(), _FOLDER)
        try:
            return clear_dead(folder, _PREFIX)
        finally:
            os.close(folder)
    return 0


def _create(folder: str, suffix: str) -> tuple[int, str]:
    descriptor = os.open(folder, _FOLDER)
    try:
        return create(descriptor, _PREFIX, suffix, 0o600)
    finally:
        os.close(descriptor)


def _failure(error: OSError) -> StorageError:
    reason = "there is no room left" if error.errno in (errno.ENOSPC, errno.EDQUOT) else error.strerror
    return StorageError(
        f"cannot keep a file in {tempfile.gettempdir()} on its way: {reason}",
        hint="free some space there, or set TMPDIR to another folder",
    )
