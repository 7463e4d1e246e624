"""The clock, waiting, and the wish to stop: passed in; nothing below the client asks for the time itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mhsync.api.notice import Notices
from mhsync.errors import Interrupted

_SLICE = 0.2
"""Seconds that a wait goes on before it looks whether it should stop."""


@dataclass(frozen=True, slots=True)
class Time:
    """The clock, and waiting that ends when the run is to stop."""

    clock: Callable[[], float]
    """Seconds, never going back."""
    wall: Callable[[], float]
    """Seconds since 1970."""
    sleep: Callable[[float], None]
    random: Callable[[], float]
    """A number from 0 up to 1."""
    stop: Callable[[], bool]

    notices: Notices | None = None
    """Where long waits for another attempt are reported; None reports none."""

    def check(self) -> None:
        """Raise `Interrupted` when the run is to stop."""
        if self.stop():
            raise Interrupted("interrupted")

    def notice(self, origin: str, reason: str, seconds: float, attempt: int, attempts: int) -> None:
        """Report that a call is about to wait for its next attempt; see `WaitNotice`."""
        if self.notices is not None:
            self.notices.waiting(origin, reason, seconds, attempt, attempts)

    def wait(self, seconds: float) -> None:
        """Wait, looking out for `stop`.

        Raises:
            Interrupted: the run is to stop.
        """
        end = self.clock() + seconds
        self.check()
        while (rest := end - self.clock()) > 0:
            self.sleep(min(rest, _SLICE))
            self.check()
