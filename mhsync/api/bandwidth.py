"""Limits the rate at which all downloads of a client together receive bytes (`--bwlimit`)."""

from __future__ import annotations

import threading

from mhsync.api.timing import Time

_BURST = 0.25
"""Seconds for which an unused rate is kept: a download may receive this much at once after a pause."""
_WAIT_LEAST = 0.01
"""Shorter waits are left out; the next ones are longer by as much."""
_PIECE_SECONDS = 0.1
_PIECE_LEAST = 1024


class Bandwidth:
    """A token bucket that all downloads share. Thread-safe.

    Args:
        rate: bytes per second, more than 0.
        time: the clock, and waits that can be interrupted.
    """

    def __init__(self, rate: float, time: Time) -> None:
        self._rate = rate
        self._time = time
        self._lock = threading.Lock()
        self._paid_until = time.clock()
        """When the bytes received so far are as many as the rate allows."""

    @property
    def piece_max(self) -> int:
        """The most bytes that a download should take at once, so that it receives evenly."""
        return max(_PIECE_LEAST, int(self._rate * _PIECE_SECONDS))

    def take(self, size: int) -> None:
        """Count received bytes, and wait until they are as many as the rate allows.

        Raises:
            Interrupted: the run was asked to stop.
        """
        with self._lock:
            now = self._time.clock()
            self._paid_until = max(self._paid_until, now - _BURST) + size / self._rate
            wait = self._paid_until - now
        if wait >= _WAIT_LEAST:
            self._time.wait(wait)
