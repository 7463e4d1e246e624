"""The clock, interruptible waits, and the stop request, as passed to the client; the limits of an exchange."""

from __future__ import annotations

from collections.abc import Callable

from mhsync.api.notice import Notices
from mhsync.dataclass import dataclass
from mhsync.errors import Interrupted
from mhsync.settings import HttpSettings

POLL = 0.2
"""Seconds between two checks of the stop request, and of deadlines, during a wait."""


@dataclass(frozen=True, slots=True)
class Time:
    """The clock, and waits that end when the run is asked to stop."""

    clock: Callable[[], float]
    """Seconds, never going back."""
    wall: Callable[[], float]
    """Seconds since 1970."""
    sleep: Callable[[float], None]
    random: Callable[[], float]
    """A number from 0 up to 1."""
    stop: Callable[[], bool]
    """Whether the run is asked to stop."""
    notices: Notices | None = None
    """Reports long waits for another attempt; None reports nothing."""

    def check(self) -> None:
        """Raise `Interrupted` if the run is asked to stop."""
        if self.stop():
            raise Interrupted("interrupted")

    def notice(self, origin: str, reason: str, seconds: float, attempt: int, attempts: int) -> None:
        """Report that a call is about to wait for its next attempt; see `WaitNotice`."""
        if self.notices is not None:
            self.notices.waiting(origin, reason, seconds, attempt, attempts)

    def wait(self, seconds: float) -> None:
        """Wait, and check for a stop request meanwhile.

        Raises:
            Interrupted: the run was asked to stop.
        """
        end = self.clock() + seconds
        self.check()
        while (left := end - self.clock()) > 0:
            self.sleep(min(left, POLL))
            self.check()


@dataclass(frozen=True, slots=True)
class ExchangeLimits:
    """The limits of one HTTP exchange. Times are seconds."""

    settings: HttpSettings
    time: Time
    head_timeout: float
    """For opening the connection, and again for the complete head of the response."""
    body_timeout: float | None = None
    """For the whole body; None limits only its rate."""
