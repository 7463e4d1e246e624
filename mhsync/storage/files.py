"""Local files: a temporary file that is written, and a reader whose failures are errors of mhsync."""

from __future__ import annotations

import io
import os
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from mhsync.fileio.early_flush import EarlyFlush
from mhsync.storage.os_errors import reported_as
from mhsync.storage.tree import NOFOLLOW
from mhsync.storage.version import version_of

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | NOFOLLOW


class TemporaryFile:
    """A file under a temporary name until it is published; a `LocalWriter`. It is removed when its block ends.

    Args:
        folder: a descriptor of the folder that it is created in.
        at: the path of that folder.
        suffix: the end of the name, for checks that depend on it.
        root: the folder of the storage.
        goal: the path below it at which the file will be published, for messages.
        token: makes the name unique.

    Raises:
        OSError: it cannot be created.
    """

    def __init__(
        self,
        folder: int,
        at: Path,
        suffix: str,
        root: Path,
        goal: str,
        token: Callable[[int], str] = secrets.token_hex,
    ) -> None:
        self.name = f"{os.getpid()}-{token(8)}{suffix}"
        self._at = at
        self._reported = reported_as("write", root, below=goal)
        self._stamp = 0
        self._is_visible = False
        self._version: str | None = None
        self._descriptor = os.open(self.name, _NEW, 0o666, dir_fd=folder)
        self._early_flush = EarlyFlush()

    @property
    def local_path(self) -> Path:
        return self._at / self.name

    def write(self, data: bytes, /) -> int:
        with self._reported:
            left = memoryview(data).cast("B")
            while left:
                left = left[os.write(self._descriptor, left) :]
            self._early_flush.written(self._descriptor, len(data))
        return len(data)

    def take_over(self, descriptor: int) -> None:
        """Continue with another file, which replaced this one at `local_path`. The old descriptor is closed."""
        with suppress(OSError):
            self._early_flush.join()
        self._early_flush = EarlyFlush()
        os.close(self._descriptor)
        self._descriptor = descriptor

    def flush(self) -> None:
        """Does nothing: writes are not buffered."""

    def sync(self) -> None:
        """Flush the bytes to disk, with the exact time as their modification time (see `version_of`)."""
        self._stamp = time.time_ns()
        with suppress(OSError):
            os.utime(self._descriptor, ns=(self._stamp, self._stamp))
        with self._reported:
            self._early_flush.join()
            os.fsync(self._descriptor)

    @property
    def version(self) -> str | None:
        """The version of the file that became visible; None before, and where its file system has coarse times."""
        return self._version

    def note_version(self) -> None:
        """Take the version of the file, which is visible now: that of the very bytes that were written."""
        self._is_visible = True
        with self._reported:
            info = os.fstat(self._descriptor)
        self._version = version_of(info) if info.st_mtime_ns == self._stamp else None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._reported:
            try:
                with suppress(OSError):  # `sync` has raised it, or the file is discarded
                    self._early_flush.join()
                os.close(self._descriptor)
            finally:
                if not self._is_visible:
                    self.local_path.unlink(missing_ok=True)


class FileReader(io.FileIO):
    """A file whose failures are raised as a `StorageError`."""

    def __init__(self, descriptor: int, path: Path) -> None:
        super().__init__(descriptor, "rb")
        self._path = path

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        with reported_as("read", self._path):
            return super().readinto(buffer)

    def readall(self) -> bytes:
        with reported_as("read", self._path):
            return super().readall()
