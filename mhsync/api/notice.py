"""Notices about long waits before another attempt: `WaitNotice`, and `Notices`, which chooses what to report."""

from __future__ import annotations

import threading
from collections.abc import Callable

from mhsync.dataclass import dataclass
from mhsync.errors import ApiError


@dataclass(frozen=True, slots=True)
class WaitNotice:
    """A call waits `seconds` from now before its next attempt."""

    origin: str
    is_api: bool
    """Whether the origin is the API, and not a download host."""
    reason: str
    """What the origin did in the last attempt, as a predicate: `returned 503`."""
    seconds: float
    attempt: int
    """The number of the next attempt, from 1."""
    attempts: int

    @property
    def subject(self) -> str:
        """The subject for `reason`: `the API`, or the origin of a download host."""
        return "the API" if self.is_api else self.origin


def describe_failure(error: ApiError) -> str:
    """The predicate for `WaitNotice.reason`: what the origin did."""
    if error.status is not None:
        return f"returned {error.status}"
    origin, _, rest = error.message.partition(": ")
    text = rest if "://" in origin and rest else error.message
    return f"sent no valid response ({text})"


class Notices:
    """Reports each pause of an origin once, not once for each waiting thread. Thread-safe.

    Args:
        report: called with each notice, in the thread that waits; it must return quickly.
        api: the API's origin.
        least: seconds; shorter waits are not reported.
        clock: seconds, never going back.
    """

    def __init__(
        self, report: Callable[[WaitNotice], None], api: str, *, least: float, clock: Callable[[], float]
    ) -> None:
        self._report = report
        self._api = api
        self._least = least
        self._clock = clock
        self._lock = threading.Lock()
        self._reported_until: dict[str, float] = {}

    def waiting(self, origin: str, reason: str, seconds: float, attempt: int, attempts: int) -> None:
        """Report that a call is about to wait for its next attempt, unless this pause was reported before."""
        if seconds <= self._least:
            return
        now = self._clock()
        with self._lock:
            # A wait that ends at most `least` after the reported one belongs to the same pause.
            if now + seconds <= self._reported_until.get(origin, now) + self._least:
                return
            self._reported_until[origin] = now + seconds
        self._report(WaitNotice(origin, origin == self._api, reason, seconds, attempt, attempts))
