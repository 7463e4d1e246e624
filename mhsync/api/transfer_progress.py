"""The meter that each received piece of a download passes: it stops, slows down and reports."""

from __future__ import annotations

from collections.abc import Callable

from mhsync.api.bandwidth import Bandwidth
from mhsync.api.timing import Time
from mhsync.api.transfer import Transfer

_PAUSE = 0.1
"""Seconds between two reports of one download, and before the first: small files are complete by then."""


Report = Callable[[int, int | None], None]
"""Called with the received bytes and the size of the file, None where it is unknown."""


class TransferMeter:
    """Sees each received piece of one download: stops it, slows it down, and reports its progress.

    Args:
        time: the clock, and the request to stop.
        bandwidth: the limit of all downloads together; None is no limit.
        report: called at most ten times a second; None reports nothing.
    """

    __slots__ = ("_bandwidth", "_next", "_report", "_time")

    def __init__(self, time: Time, bandwidth: Bandwidth | None = None, report: Report | None = None) -> None:
        self._time = time
        self._bandwidth = bandwidth
        self._report = report
        self._next = 0.0 if report is None else time.clock() + _PAUSE

    def __call__(self, transfer: Transfer, size: int) -> None:
        """Count a piece of `size` bytes that the transfer is about to add.

        Raises:
            Interrupted: the run was asked to stop.
        """
        self._time.check()
        if self._bandwidth is not None:
            self._bandwidth.take(size)
        if self._report is not None and (now := self._time.clock()) >= self._next:
            self._next = now + _PAUSE
            self._report(transfer.size + size, transfer.total)
