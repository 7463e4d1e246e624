"""WaitNotice: what is reported when another attempt is long in coming; Notices: which waits are reported."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from mhsync.errors import ApiError


@dataclass(frozen=True, slots=True)
class WaitNotice:
    """A call waits before its next attempt. `seconds` is the length of the wait, from now."""

    origin: str
    is_api: bool
    """Whether the origin is the API's own, and not a download host's."""
    reason: str
    """What came of the last attempt, as a predicate: `answered 503`."""
    seconds: float
    attempt: int
    """The number of the attempt that comes next, from 1."""
    attempts: int

    @property
    def subject(self) -> str:
        """Who did not give what was asked for: `the API`, or the origin of a download host."""
        return "the API" if self.is_api else self.origin


def reason_of(error: ApiError) -> str:
    """The predicate for an error: what the origin did."""
    if error.status is not None:
        return f"answered {error.status}"
    origin, _, rest = error.message.partition(": ")
    text = rest if "://" in origin and rest else error.message
    return f"gave no answer ({text})"


class Notices:
    """Reports waits once for each pause of an origin, not once for each thread that waits. Safe for threads.

    Args:
        tell: given each notice, in the thread that waits; it must return quickly.
        api: the API's origin.
        least: seconds; shorter waits are not reported.
        clock: seconds, never going back.
    """

    def __init__(
        self, tell: Callable[[WaitNotice], None], api: str, *, least: float, clock: Callable[[], float]
    ) -> None:
        self._tell = tell
        self._api = api
        self._least = least
        self._clock = clock
        self._lock = threading.Lock()
        self._until: dict[str, float] = {}

    def waiting(self, origin: str, reason: str, seconds: float, attempt: int, attempts: int) -> None:
        """A call is about to wait for its next attempt."""
        if seconds <= self._least:
            return
        now = self._clock()
        with self._lock:
            # A wait that ends hardly later than the one that was reported belongs to the same pause.
            if now + seconds <= self._until.get(origin, now) + self._least:
                return
            self._until[origin] = now + seconds
        self._tell(WaitNotice(origin, origin == self._api, reason, seconds, attempt, attempts))
