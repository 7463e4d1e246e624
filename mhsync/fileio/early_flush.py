"""Flushes a file that is being written while more bytes arrive, so that the final flush has little left to do."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

_STEP = 32 * 1024 * 1024
"""Bytes between two flushes. A smaller file is flushed only once, when it is complete."""

_flush_data: Callable[[int], None] = getattr(os, "fdatasync", os.fsync)


class EarlyFlush:
    """Starts a flush in a second thread whenever `step` more bytes were written, one flush at a time.

    An error of the disk may be reported by one flush only: it is kept here, so that the file never counts as
    flushed after that. Used by one thread at a time.

    Args:
        step: bytes between two flushes.
        flush: flushes the data of a descriptor.
    """

    def __init__(self, *, step: int = _STEP, flush: Callable[[int], None] = _flush_data) -> None:
        self._step = step
        self._flush = flush
        self._unflushed = 0
        self._thread: threading.Thread | None = None
        self._error: OSError | None = None

    def written(self, descriptor: int, size: int) -> None:
        """Take note of `size` more bytes in the file.

        Raises:
            OSError: an earlier flush failed.
        """
        self._unflushed += size
        if self._unflushed < self._step or (self._thread is not None and self._thread.is_alive()):
            return
        self.join()
        self._unflushed = 0
        self._thread = threading.Thread(target=self._run, args=(descriptor,), name="mhsync-flush", daemon=True)
        self._thread.start()

    def join(self) -> None:
        """Wait for a flush that has begun. The descriptor must not be closed before.

        Raises:
            OSError: a flush failed; raised by every later call too.
        """
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        if self._error is not None:
            raise self._error

    def _run(self, descriptor: int) -> None:
        try:
            self._flush(descriptor)
        except OSError as error:
            self._error = error
