"""Decides how often a call to the API is retried, and after which delay. No other layer retries such a call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from typing import TypeVar

from mhsync.api.errors import MalformedResponse, Throttled, Unreachable
from mhsync.api.notice import describe_failure
from mhsync.api.timing import Time
from mhsync.core.backoff import backoff_delay
from mhsync.dataclass import dataclass
from mhsync.errors import ApiError, ConnectionFailed
from mhsync.settings import HttpSettings

T = TypeVar("T")

THROTTLING_STATUSES = frozenset({429, 503})
"""Statuses after which the rate limiter pauses all requests to the origin."""
_RETRYABLE_4XX = frozenset({408, 425, 429})
_FINAL_5XX = frozenset({501, 505})


def is_retryable(error: ApiError) -> bool:
    """Whether the same request may succeed when it is sent again."""
    if isinstance(error, ConnectionFailed):
        return not isinstance(error, Unreachable)
    if error.status in _RETRYABLE_4XX or isinstance(error, MalformedResponse):
        return True
    return error.status is not None and error.status >= 500 and error.status not in _FINAL_5XX


@dataclass(slots=True)
class Attempts:
    """The attempts of one call. Time spent waiting for the rate limiter does not count (`exclude_wait`)."""

    settings: HttpSettings
    time: Time
    origin: str
    made: int = 0
    began: float = field(init=False)

    def __post_init__(self) -> None:
        self.began = self.time.clock()

    @property
    def read_timeout(self) -> float:
        """Seconds that the next attempt may wait for its response.

        The first attempt gets a third of the retry window, so that a slow server can respond. The other attempts
        share the rest, so that one missing response leaves time for them. The last gets all remaining time.
        """
        window = self.settings.retry_window
        share = window * 2 / 3 / max(1, self.settings.attempts - 1)
        if self.made == 0:
            share = window / 3
        elif self.made + 1 >= self.settings.attempts:
            share = max(share, self._remaining())
        return min(self.settings.read_timeout, share)

    def exclude_wait(self, seconds: float) -> None:
        """Extend the retry window by a wait for the rate limiter."""
        self.began += seconds

    def delay_before_retry(self, error: ApiError) -> float | None:
        """Seconds before the next attempt; None where there is no further attempt.

        After a 429 or 503 the delay is 0: the rate limiter decides when the next request may be sent.
        """
        self.made += 1
        if self.made >= self.settings.attempts or not is_retryable(error):
            return None
        if error.status in THROTTLING_STATUSES:
            return 0.0
        delay = backoff_delay(self.made, self.settings.backoff, self.settings.backoff_max, self.time.random())
        return None if delay > self._remaining() else delay

    def report(self, error: ApiError, delay: float) -> None:
        """Report the wait for the next attempt, if it is long enough for a notice."""
        self.time.notice(self.origin, describe_failure(error), delay, self.made + 1, self.settings.attempts)

    def _remaining(self) -> float:
        return self.began + self.settings.retry_window - self.time.clock()


def with_retries(attempts: Attempts, send: Callable[[Attempts], T]) -> T:
    """Call `send` until it succeeds, as long as a retry may help.

    Raises:
        ApiError: the error of the last request that was sent.
    """
    last: ApiError | None = None
    while True:
        try:
            return send(attempts)
        except ApiError as error:
            # Where the rate limiter refuses the request, the last error of the origin is more informative.
            last = last if last is not None and isinstance(error, Throttled | Unreachable) else error
            delay = attempts.delay_before_retry(error)
        if delay is None:
            raise last
        attempts.report(last, delay)
        attempts.time.wait(delay)
