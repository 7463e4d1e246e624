"""`FileInfo.version` of a file on an SFTP server: its size and its modification time.

SFTP version 3 gives times in whole seconds, and no change time. Two writes within one second can give the same
size and time. A file therefore has no version until its modification time is `SETTLE` seconds in the past by the
clock of the server: later writes give a later time.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from mhsync_sftp.wire import Attributes

SETTLE = 3.0
"""Seconds. FAT keeps times in steps of 2 seconds, all other file systems in steps of 1 second or less."""


class ServerClock:
    """The time of the server, estimated from files that it has just written. SFTP has no request for the time.

    Args:
        now: Unix seconds of this machine, which are used until the server has stamped a file.
        monotonic: seconds of any origin, never set back.
    """

    def __init__(
        self, now: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._now = now
        self._monotonic = monotonic
        self._stamp: tuple[int, float] | None = None

    def observe(self, written: Attributes | None) -> None:
        """Note the attributes of a file that the server has just written."""
        if written is not None and written.mtime is not None:
            self._stamp = (written.mtime, self._monotonic())

    def read(self) -> float:
        """Unix seconds. Once a file was observed, the server's clock is never behind this time."""
        if self._stamp is None:
            return self._now()
        mtime, observed = self._stamp
        return mtime + self._monotonic() - observed


def version_of(found: Attributes, asked: float) -> str | None:
    """The version of a file, or None while another write could give the same one.

    A version changes with each write, if the clock of the server is not set back. A program that sets the
    modification time itself, as `rsync --times` does, can replace a file with one of the same version.

    Args:
        found: the attributes of the file.
        asked: what `ServerClock.read` returned before the server was asked for them.
    """
    if found.size is None or found.mtime is None or asked - found.mtime < SETTLE:
        return None
    return f"{found.size}-{found.mtime}"
