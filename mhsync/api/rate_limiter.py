"""Limits the request rate of a run: every thread gets a permit here before it sends a request to an origin."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from mhsync.api.errors import Throttled, Unreachable
from mhsync.api.rate_limit import Decision, OriginRateLimit, Outcome, Ticket, initial_concurrency
from mhsync.api.timing import Time
from mhsync.dataclass import dataclass
from mhsync.errors import ApiError, ConnectionFailed
from mhsync.settings import Settings

_POLL = 0.01
"""Seconds between two checks whether another request has ended."""
_OUTCOMES = {429: Outcome.RATE_LIMITED, 503: Outcome.UNAVAILABLE}


@dataclass(slots=True)
class Permit:
    """The permission to send one request. Call `record_response`, or the rate limit learns nothing from it."""

    waited: float
    """Seconds that the request waited for its permit."""
    outcome: Outcome = Outcome.CANCELED
    retry_after: float | None = None
    status: int | None = None

    def record_response(self, status: int, retry_after: float | None) -> None:
        """Record the status of the response, and the seconds of its `Retry-After`."""
        self.status = status
        self.outcome = _OUTCOMES.get(status, Outcome.RESPONDED)
        self.retry_after = retry_after

    @property
    def failure(self) -> str:
        """What the origin did, as a predicate, where it refused the request or sent no response."""
        if self.status is None:
            return "sent no response"
        wait = "" if self.retry_after is None else f" and asked to wait {self.retry_after:.0f} s (Retry-After)"
        return f"returned {self.status}{wait}"


class RateLimiter:
    """The rate limits of all origins. Thread-safe."""

    def __init__(self, settings: Settings, time: Time) -> None:
        self._settings = settings
        self._time = time
        self._lock = threading.Lock()
        self._limits: dict[str, OriginRateLimit] = {}
        self._failures: dict[str, Permit] = {}
        """The last request to each origin that got no response, a 429 or a 503."""

    @contextmanager
    def permit(self, origin: str, tries: int = 0, attempts: int | None = None) -> Iterator[Permit]:
        """Wait until a request to the origin may be sent; send it inside the block.

        Args:
            tries: how often the same call was sent before.
            attempts: how often the call is sent at most, for notices; None is the number for a call to the API.

        Raises:
            RateLimited: the origin has refused requests for too long, or its `Retry-After` is too long.
            ConnectionFailed: the origin has sent no response for too long.
            Interrupted: the run was asked to stop.
        """
        ticket = Ticket(tries)
        permit = Permit(self._wait(origin, ticket, attempts or self._settings.http.attempts))
        try:
            yield permit
        except ConnectionFailed:
            if permit.outcome is Outcome.CANCELED:
                permit.outcome = Outcome.NO_RESPONSE
            raise
        finally:
            with self._lock:
                self._limit_of(origin).record(ticket, permit.outcome, self._time.clock(), permit.retry_after)
                if permit.outcome not in (Outcome.RESPONDED, Outcome.CANCELED):
                    self._failures[origin] = permit

    def _wait(self, origin: str, ticket: Ticket, attempts: int) -> float:
        """Wait until the request may be sent; the seconds that this took."""
        began = self._time.clock()
        while True:
            with self._lock:
                limit = self._limit_of(origin)
                decision = limit.decide(ticket, self._time.clock())
                is_throttled, is_paused = limit.is_throttled, limit.is_paused
                failed = self._failures.get(origin, Permit(0.0))
            if decision is Decision.SEND:
                return self._time.clock() - began
            if decision is Decision.GIVE_UP:
                raise _gave_up(origin, failed, is_throttled=is_throttled)
            if isinstance(decision, Decision):
                self._time.wait(_POLL)
                continue
            if is_paused:
                self._time.notice(origin, failed.failure, decision, ticket.tries + 1, attempts)
            self._time.wait(decision)

    def _limit_of(self, origin: str) -> OriginRateLimit:
        if origin not in self._limits:
            self._limits[origin] = OriginRateLimit(
                self._settings.pace,
                self._time.clock(),
                longest=self._settings.http.retry_after_max,
                random=self._time.random,
                initial=initial_concurrency(self._settings.run.checkers),
            )
        return self._limits[origin]


def _gave_up(origin: str, failed: Permit, *, is_throttled: bool) -> ApiError:
    """The error for an origin that refused all requests, or sent no response, for too long."""
    if not is_throttled:
        return Unreachable(
            f"{origin}: the server does not respond", hint="check the address and the network, then run again"
        )
    # A limit on the rate prevents a 429. A 503 does not depend on the rate.
    rate = ", with --rate to limit the requests per second" if failed.status == 429 else ""
    return Throttled(
        f"{origin}: the server refuses all requests: it {failed.failure}", hint=f"run again later{rate}"
    )
