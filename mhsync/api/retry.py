"""How often one call is tried, and how long it rests in between: the only layer that tries again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from mhsync.api.notice import reason_of
from mhsync.api.timing import Time
from mhsync.core.backoff import backoff_delay
from mhsync.errors import AnswerInvalid, ApiError, ConnectionFailed, RateLimited
from mhsync.settings import HttpSettings

T = TypeVar("T")

REFUSALS = frozenset({429, 503})
"""Statuses that slow the whole run down for their origin."""
_AGAIN = frozenset({408, 425, 429})
_NEVER = frozenset({501, 505})


class NotSent(ConnectionFailed):
    """No connection came about: the other side never saw the request."""


class Unreachable(ConnectionFailed):
    """No answer, and trying again would not help."""


class Throttled(RateLimited):
    """The origin has refused everybody for too long: trying again would not help."""


class MalformedResponse(AnswerInvalid):
    """An answer that looks as if something in between had given it: the next one may be right."""


def is_retryable(error: ApiError) -> bool:
    """Whether the same request may succeed when it is sent again."""
    if isinstance(error, ConnectionFailed):
        return not isinstance(error, Unreachable)
    if error.status in _AGAIN or isinstance(error, MalformedResponse):
        return True
    return error.status is not None and error.status >= 500 and error.status not in _NEVER


@dataclass(slots=True)
class Attempts:
    """The attempts of one call. Time that was waited for the pace does not count (`set_aside`)."""

    settings: HttpSettings
    time: Time
    origin: str
    made: int = 0
    began: float = field(init=False)

    def __post_init__(self) -> None:
        self.began = self.time.clock()

    @property
    def read_timeout(self) -> float:
        """Seconds that the next attempt may wait for its answer.

        The first has a third of the window, so that a slow server is heard at once; the others share the rest,
        so that one answer that never comes leaves time for them; the last has whatever is left.
        """
        window = self.settings.retry_window
        share = window * 2 / 3 / max(1, self.settings.attempts - 1)
        if self.made == 0:
            share = window / 3
        elif self.made + 1 >= self.settings.attempts:
            share = max(share, self._left())
        return min(self.settings.read_timeout, share)

    def set_aside(self, seconds: float) -> None:
        self.began += seconds

    def delay_before_retry(self, error: ApiError) -> float | None:
        """Seconds to rest before the next attempt; None when there is to be none.

        After a refusal the pace alone decides when the origin may be asked again.
        """
        self.made += 1
        if self.made >= self.settings.attempts or not is_retryable(error):
            return None
        if error.status in REFUSALS:
            return 0.0
        rest = backoff_delay(self.made, self.settings.backoff, self.settings.backoff_max, self.time.random())
        return None if rest > self._left() else rest

    def report(self, error: ApiError, rest: float) -> None:
        """Say what the next attempt is waited for, where that takes long."""
        self.time.notice(self.origin, reason_of(error), rest, self.made + 1, self.settings.attempts)

    def _left(self) -> float:
        return self.began + self.settings.retry_window - self.time.clock()


def repeated(attempts: Attempts, once: Callable[[Attempts], T]) -> T:
    """What `once` returns, trying again while that may help; the error of the last attempt otherwise."""
    last: ApiError | None = None
    while True:
        try:
            return once(attempts)
        except ApiError as error:
            # Where the pace has given the origin up, what the origin said itself tells more.
            last = last if last is not None and isinstance(error, Throttled | Unreachable) else error
            rest = attempts.delay_before_retry(error)
        if rest is None:
            raise last
        attempts.report(last, rest)
        attempts.time.wait(rest)
