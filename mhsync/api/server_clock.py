"""The difference between the clock of this machine and that of the API, by the `Date` header of its responses."""

from __future__ import annotations

from mhsync.api.headers import parse_date
from mhsync.dataclass import dataclass


@dataclass(slots=True)
class ServerClock:
    """The difference that the last response with a `Date` header showed. Any thread may record one."""

    skew: float | None = None
    """Seconds by which the clock of this machine is ahead; None before such a response."""

    def record(self, date: str, now: float) -> None:
        """Compare the `Date` header of a response that arrives now; an invalid header changes nothing.

        Args:
            date: the header; it may be empty.
            now: seconds since 1970, by the clock of this machine.
        """
        moment = parse_date(date)
        if moment is not None:
            self.skew = now - moment
