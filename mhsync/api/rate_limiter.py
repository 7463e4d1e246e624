"""One pace for the whole run: every thread asks here before it sends, origin by origin."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from mhsync.api.rate_limit import Decision, OriginRateLimit, Outcome, Ticket
from mhsync.api.retry import Throttled, Unreachable
from mhsync.api.timing import Time
from mhsync.errors import ApiError, ConnectionFailed
from mhsync.settings import Settings

_POLL = 0.01
"""Seconds after which to look again for another request's end."""


_OUTCOMES = {429: Outcome.REFUSED, 503: Outcome.UNAVAILABLE}


@dataclass(slots=True)
class Permit:
    """A request that was let go. Tell `answered`, or the pace learns nothing from it."""

    waited: float
    """Seconds for which the pace held it back."""
    outcome: Outcome = Outcome.DROPPED
    retry_after: float | None = None
    status: int | None = None

    def answered(self, status: int, retry_after: float | None) -> None:
        self.status = status
        self.outcome = _OUTCOMES.get(status, Outcome.ANSWERED)
        self.retry_after = retry_after


class RateLimiter:
    """The paces of all origins. May be used by many threads at once."""

    def __init__(self, settings: Settings, time: Time) -> None:
        self._settings = settings
        self._time = time
        self._lock = threading.Lock()
        self._paces: dict[str, OriginRateLimit] = {}
        self._reasons: dict[str, str] = {}
        """Why each origin was last left alone."""

    @contextmanager
    def permit(self, origin: str, tries: int = 0, attempts: int | None = None) -> Iterator[Permit]:
        """Wait until the origin may be asked, for one request inside the block.

        Args:
            tries: how often the same call was sent before.
            attempts: how often it is sent at most, for notices; None is as often as a call to the API.

        Raises:
            RateLimited: the origin has refused for too long, or asks to be left alone for longer than is waited.
            ConnectionFailed: the origin has not answered anybody for too long.
            Interrupted: the run is to stop.
        """
        ticket = Ticket(tries)
        permit = Permit(self._wait(origin, ticket, attempts or self._settings.http.attempts))
        try:
            yield permit
        except ConnectionFailed:
            if permit.outcome is Outcome.DROPPED:
                permit.outcome = Outcome.NO_RESPONSE
            raise
        finally:
            with self._lock:
                self._pace(origin).tell(ticket, permit.outcome, self._time.clock(), permit.retry_after)
                self._remember(origin, permit)

    def _remember(self, origin: str, permit: Permit) -> None:
        if permit.outcome is Outcome.NO_RESPONSE:
            self._reasons[origin] = "gave no answer"
        elif permit.outcome in _OUTCOMES.values():
            asked = permit.retry_after
            by = "" if asked is None else f" and asked to be left alone for {asked:.0f} s (Retry-After)"
            self._reasons[origin] = f"answered {permit.status}{by}"

    def _wait(self, origin: str, ticket: Ticket, attempts: int) -> float:
        """Wait for the turn; the seconds that it took."""
        began = self._time.clock()
        while True:
            with self._lock:
                pace = self._pace(origin)
                word = pace.ask(ticket, self._time.clock())
                is_refusing, is_stopped = pace.is_refusing, pace.is_stopped
                reason = self._reasons.get(origin, "gave no answer")
            if word is Decision.GO:
                return self._time.clock() - began
            if word is Decision.GIVE_UP:
                raise _given_up(origin, reason, is_refusing=is_refusing)
            if isinstance(word, Decision):
                self._time.wait(_POLL)
                continue
            if is_stopped:
                self._time.notice(origin, reason, word, ticket.tries + 1, attempts)
            self._time.wait(word)

    def _pace(self, origin: str) -> OriginRateLimit:
        if origin not in self._paces:
            self._paces[origin] = OriginRateLimit(
                self._settings.pace,
                self._time.clock(),
                longest=self._settings.http.retry_after_max,
                random=self._time.random,
            )
        return self._paces[origin]


def _given_up(origin: str, reason: str, *, is_refusing: bool) -> ApiError:
    if is_refusing:
        return Throttled(
            f"{origin} refuses all requests for now: it {reason}", hint="run again later, or lower --rate"
        )
    return Unreachable(f"{origin} does not answer", hint="check the address and the network, and run again")
