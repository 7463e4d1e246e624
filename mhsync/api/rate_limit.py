"""Decides when requests to one origin may be sent, from its responses. Pure: no threads, no clock.

`rate_limiter.py` applies these decisions to the threads of a run.

At first the rate is not limited. Only the number of concurrent requests is: it begins small and doubles with each
round of responses, so that few requests hit a limit at the same time. A 429 or 503 pauses all requests. After the
pause a single request (the probe) checks whether the origin accepts requests again. If so, the rate is set
somewhat below the throughput measured since the last pause began, and grows while no request is refused.

An origin that sends no response to several requests in a row is paused in the same way, so that a run survives a
short outage without failing every project.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto

from mhsync.dataclass import dataclass
from mhsync.settings import RateLimitSettings, RunSettings

INITIAL_CONCURRENCY = 4
"""Concurrent requests before the origin has responded, in a run of at most 16 threads."""
DEFAULT_THREADS = RunSettings().checkers
_CONCURRENCY_STEP = 1
"""Added to the concurrency for each response, so that it doubles with each round of them."""
_RESPONSES_MIN = 10
"""Responses needed to measure a rate."""
_DOUBLING_TIME = 10.0
"""Seconds without a refusal after which the rate grows twice as fast; again after each further period."""
_DOUBLINGS_MAX = 5
_RETRY_YIELD = 0.02
"""Seconds for which a call lets other calls go first after a pause, for each of its own attempts."""
_WAIT_MIN = 0.002
"""Seconds; shorter waits are skipped."""
_JITTER_MAX = 3.0
"""Seconds added to a pause at most, so that several clients do not all return at the same time."""
_LAST_PROBE = 1.0
"""Seconds before the end of the patience at which the last probe is sent."""


class Outcome(Enum):
    """The result of one request, as far as the rate limit is concerned."""

    RESPONDED = auto()
    RATE_LIMITED = auto()
    """429: the origin limits the rate."""
    UNAVAILABLE = auto()
    """503: the origin serves no client for now."""
    NO_RESPONSE = auto()
    """The connection was refused, reset or timed out."""
    CANCELED = auto()
    """The request was canceled on this side; it gives no information."""


class Decision(Enum):
    """What a request may do, where the decision is not a number of seconds to wait."""

    SEND = auto()
    WAIT = auto()
    """Another request must end first."""
    GIVE_UP = auto()
    """The origin has been unreachable, or has refused requests, for too long."""


@dataclass(slots=True, eq=False)
class Ticket:
    """The place of one request in the queue: the pause after which it was sent, and its time slot.

    `tries` is how often the same call was sent before. After a pause the call with the fewest tries is sent first,
    so that no call uses up all its attempts as the probe.
    """

    tries: int = 0
    epoch: int = -1
    slot: float = 0.0


def initial_concurrency(threads: int) -> int:
    """Concurrent requests before the origin has responded.

    A user who sets more threads than the default expects the API to accept that many requests: half of them then
    begin. So a run with 64 threads reaches all of them after one round of responses.
    """
    return max(INITIAL_CONCURRENCY, threads // 2 if threads > DEFAULT_THREADS else threads // 4)


class OriginRateLimit:
    """The rate limit of one origin. Not thread-safe.

    Args:
        now: seconds, never going back, here and in all methods.
        longest: the longest pause in seconds that is waited for; a longer one ends calls at once.
        random: gives a number from 0 up to 1, for jitter.
        initial: concurrent requests before the origin has responded.
    """

    def __init__(
        self,
        settings: RateLimitSettings,
        now: float,
        *,
        longest: float,
        random: Callable[[], float],
        initial: int = INITIAL_CONCURRENCY,
    ) -> None:
        self._settings = settings
        self._longest = longest
        self._random = random
        self._epoch = 0
        """Counts pauses."""
        self._concurrency = initial
        self._in_flight = 0
        self._learned_rate: float | None = None
        self._next_slot = now
        # Measured since the rate was last set.
        self._measured_since = now
        self._responses = 0
        # The growth of the rate.
        self._accepted_since = now
        self._grown_at = now
        self._sent_since_growth = 0
        # The pause, and the probe that ends it.
        self._paused_until = now
        self._is_paused = False
        self._is_throttled = False
        self._probe: Ticket | None = None
        self._pauses = 0
        self._failures_in_row = 0
        self._responses_total = 0
        self._paused_at = now
        self._longest_retry_after = 0.0
        self._give_up_at = float("inf")

    @property
    def rate(self) -> float | None:
        """Requests per second that are allowed now; None is unlimited."""
        known = [rate for rate in (self._learned_rate, self._settings.rate) if rate is not None]
        return min(known, default=None)

    @property
    def is_throttled(self) -> bool:
        """Whether the last pause was caused by a 429 or 503 (and not by missing responses)."""
        return self._is_throttled

    @property
    def is_paused(self) -> bool:
        """Whether no request is sent until the pause has ended and the probe got a response."""
        return self._is_paused

    def decide(self, ticket: Ticket, now: float) -> float | Decision:
        """Whether a request may be sent: a decision, or the seconds after which to ask again.

        After `SEND` the request counts as in flight until `record` is called.
        """
        if self._is_paused:
            return self._decide_while_paused(ticket, now)
        if self._in_flight >= self._concurrency:
            return Decision.WAIT
        self._grow(now)
        rate = self.rate
        if rate is not None:
            if ticket.epoch != self._epoch:
                ticket.epoch, ticket.slot = self._epoch, max(self._next_slot, now)
                self._next_slot = ticket.slot + 1 / rate
            if ticket.slot - now > _WAIT_MIN:
                return ticket.slot - now
        return self._send(ticket)

    def _decide_while_paused(self, ticket: Ticket, now: float) -> float | Decision:
        wait = self._paused_until + _RETRY_YIELD * ticket.tries - now
        if wait > self._longest:
            return Decision.GIVE_UP
        if wait <= 0 and self._probe is None:
            self._probe = ticket
            return self._send(ticket)
        # A further Retry-After that exceeds the patience: the probe would come too late, so do not wait for it.
        exceeds_patience = self._longest_retry_after > 0 and self._paused_until >= self._give_up_at
        if now >= self._give_up_at or exceeds_patience:
            return Decision.GIVE_UP
        return min(wait, self._give_up_at - now) if wait > 0 else Decision.WAIT

    def _send(self, ticket: Ticket) -> Decision:
        ticket.epoch = self._epoch
        self._in_flight += 1
        self._sent_since_growth += 1
        return Decision.SEND

    def record(self, ticket: Ticket, outcome: Outcome, now: float, retry_after: float | None = None) -> None:
        """Record the outcome of a request for which `decide` returned `SEND`.

        Args:
            retry_after: seconds from the `Retry-After` of a 429 or 503.
        """
        self._in_flight -= 1
        was_probe = self._probe is ticket
        if was_probe:
            self._probe = None
        # A request that was sent before the current pause belongs to the event that caused the pause.
        is_current = ticket.epoch == self._epoch
        if outcome is Outcome.RESPONDED:
            self._responses += 1
            self._responses_total += 1
            self._failures_in_row = 0
            self._concurrency += _CONCURRENCY_STEP
            if self._is_paused and was_probe:
                self._resume(now)
        elif outcome in (Outcome.RATE_LIMITED, Outcome.UNAVAILABLE):
            self._failures_in_row = 0
            if is_current:
                self._pause(now, outcome, retry_after)
            elif retry_after is not None:
                self._paused_until = max(self._paused_until, now + retry_after)
        elif outcome is Outcome.NO_RESPONSE and is_current:
            self._failures_in_row += 1
            if was_probe or self._failures_in_row >= self._settings.silence:
                self._pause(now, outcome, None)

    def _pause(self, now: float, cause: Outcome, retry_after: float | None) -> None:
        is_first = not self._is_paused
        if is_first:
            self._paused_at, self._longest_retry_after = now, 0.0
        self._epoch += 1
        self._is_paused = True
        self._is_throttled = cause is not Outcome.NO_RESPONSE
        # Only the longest Retry-After extends the patience: repeated ones must not block calls for ever.
        self._longest_retry_after = max(self._longest_retry_after, retry_after or 0.0)
        if is_first or self._is_throttled:
            self._give_up_at = self._paused_at + self._patience(cause) + self._longest_retry_after
        self._paused_until = max(self._paused_until, now + self._pause_length(now, retry_after))
        self._pauses += 1

    def _patience(self, cause: Outcome) -> float:
        """Seconds of pauses in a row after which calls end."""
        if cause is Outcome.NO_RESPONSE:
            return self._settings.silence_patience
        if cause is Outcome.RATE_LIMITED and self._responses_total >= _RESPONSES_MIN:
            return max(self._settings.patience, self._settings.quota_patience)
        return self._settings.patience

    def _pause_length(self, now: float, retry_after: float | None) -> float:
        """Seconds until the next probe."""
        if retry_after is not None:
            pause = retry_after + min(_JITTER_MAX, retry_after * self._random() / 10)
            return min(pause, max(retry_after, self._longest))
        pause = min(self._settings.pause_max, self._settings.pause * 2.0**self._pauses)
        pause += min(_JITTER_MAX, pause * self._random() / 10)
        left = self._give_up_at - _LAST_PROBE - now
        return min(pause, left) if left > 0 else pause

    def _resume(self, now: float) -> None:
        if self._is_throttled:
            self._learn_rate(now)
        self._is_paused = False
        self._pauses = 0
        self._give_up_at = float("inf")
        self._accepted_since = self._grown_at = now
        self._next_slot = now + 1 / self.rate if self.rate is not None else now
        self._sent_since_growth = 0

    def _learn_rate(self, now: float) -> None:
        """Set the rate from the responses since it was last set; the time of the pause counts."""
        seconds = max(now - self._measured_since, _WAIT_MIN)
        if self._responses >= _RESPONSES_MIN:
            measured = self._responses / seconds
            self._learned_rate = min(measured, self._learned_rate or measured) * self._settings.cut
            self._measured_since, self._responses = now, 0
        elif self._learned_rate is not None:
            self._learned_rate *= self._settings.cut
        else:
            self._concurrency = 1
        if self._learned_rate is not None:
            self._learned_rate = max(self._settings.floor, self._learned_rate)

    def _grow(self, now: float) -> None:
        """Let the rate grow, once a second, while at least half of it is used."""
        if self._learned_rate is None or now - self._grown_at < 1:
            return
        doublings = min(_DOUBLINGS_MAX, int((now - self._accepted_since) / _DOUBLING_TIME))
        if self._sent_since_growth + 1 >= self._learned_rate / 2:
            self._learned_rate *= 1 + self._settings.step * 2**doublings
        self._grown_at, self._sent_since_growth = now, 0
