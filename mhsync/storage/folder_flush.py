"""Flushes folders to disk: threads that need the same folder at the same time share a flush."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable
from dataclasses import field

from mhsync.dataclass import dataclass

_NOT_FLUSHABLE = frozenset({errno.EINVAL, errno.ENOTSUP})


def sync_folder(folder: int) -> None:
    """Flush the entries of a folder to disk, if its file system can do that."""
    try:
        os.fsync(folder)
    except OSError as error:
        if error.errno not in _NOT_FLUSHABLE:
            raise


@dataclass(slots=True)
class _Folder:
    ended: threading.Condition = field(default_factory=threading.Condition)
    """Notified when a flush has ended. Its lock protects the other fields, except `users`."""
    is_running: bool = False
    begun: int = 0
    """Flushes that have begun."""
    done: int = 0
    """The number of the last flush that succeeded."""
    users: int = 0

    def flush(self, action: Callable[[], None]) -> None:
        """Run the action, or wait until one that begins after this call has succeeded."""
        with self.ended:
            before = self.begun
            while self.is_running:
                self.ended.wait()
                if self.done > before:
                    return
            self.is_running = True
            self.begun += 1
        is_done = False
        try:
            action()
            is_done = True
        finally:
            with self.ended:
                self.is_running = False
                if is_done:
                    self.done = self.begun
                self.ended.notify_all()


class FolderFlush:
    """Flushes folders. Thread-safe.

    A flush covers every change that was made before it began. A thread that has to wait for a running flush
    therefore needs one that begins later; all threads that wait share that one.

    Args:
        flush: flushes the folder of a descriptor.
    """

    def __init__(self, flush: Callable[[int], None] = sync_folder) -> None:
        self._flush = flush
        self._lock = threading.Lock()
        self._folders: dict[tuple[int, int], _Folder] = {}

    def __call__(self, folder: int) -> None:
        """Return once a flush that began after this call has succeeded.

        Args:
            folder: a descriptor of the folder.

        Raises:
            OSError: the flush failed.
        """
        info = os.fstat(folder)
        key = (info.st_dev, info.st_ino)
        with self._lock:
            state = self._folders.setdefault(key, _Folder())
            state.users += 1
        try:
            state.flush(lambda: self._flush(folder))
        finally:
            with self._lock:
                state.users -= 1
                if not state.users:
                    del self._folders[key]
