"""How fast one origin may be asked: decided from what it answers. No threads and no clock here; see `pacer.py`.

At first there is no cap, only a small number of requests at once that grows with each answer: were there a
limit, few requests would run into it together. A refusal (429 or 503) stops everything for a pause; then a single
request tries whether the origin answers again. Once it does, what got through since the last refusal, the
pause included, tells what the origin allows; the pace begins somewhat below that and grows while all is quiet.

An origin from which no answer comes at all, many times in a row, is left alone in the same way, so that a run
outlives a short outage instead of losing every project to it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from mhsync.settings import RateLimitSettings

_AT_ONCE = 4.0
"""Requests at once before anything is known of an origin."""
_OPENING = 1 / 8
"""What each answer adds to them."""
_EVIDENCE = 10
"""Answers from which a rate can be told."""
_QUIET = 10.0
"""Seconds without a refusal after which the recovery goes twice as fast; again after as many."""
_BOOST = 5
_YIELD = 0.02
"""Seconds that a call lets others go first for each time that it tried."""
_NEAR = 0.002
"""Seconds that are not worth a wait."""
_JITTER_MAX = 3.0
"""Seconds that are added to a pause at most, so that clients do not all come back at once."""
_LAST_CALL = 1.0
"""Seconds before the patience ends at which the origin is tried for the last time."""


class Outcome(Enum):
    """What came of a request, as far as the pace is concerned."""

    ANSWERED = auto()
    REFUSED = auto()
    """429: the origin limits the rate."""
    UNAVAILABLE = auto()
    """503: the origin serves nobody for now."""
    NO_RESPONSE = auto()
    """No answer came: refused, reset, timed out."""
    DROPPED = auto()
    """The request was given up on this side; it says nothing."""


class Decision(Enum):
    """What a request that asks is told, where it is not a number of seconds."""

    GO = auto()
    LATER = auto()
    """Another request must end first."""
    GIVE_UP = auto()
    """The origin has been out of reach, or refusing, for too long."""


@dataclass(slots=True, eq=False)
class Ticket:
    """One request's place: which event it was sent after, and when it may go.

    `tries` is how often its call was sent before: after a pause the call that tried least goes first, so that none
    uses up its attempts alone.
    """

    tries: int = 0
    epoch: int = -1
    slot: float = 0.0


class OriginRateLimit:
    """The pace of one origin. Not safe for threads.

    Args:
        longest: seconds of pause beyond which waiting makes no sense.
        random: from 0 up to 1: keeps several processes from coming back at the same moment.
    """

    def __init__(
        self, settings: RateLimitSettings, now: float, *, longest: float, random: Callable[[], float]
    ) -> None:
        self._settings = settings
        self._longest = longest
        self._random = random
        self._epoch = 0
        self._at_once = _AT_ONCE
        self._under_way = 0
        self._learned: float | None = None
        self._next_slot = now
        # What was measured since the pace was last set.
        self._since = now
        self._answers = 0
        # The recovery.
        self._quiet_since = now
        self._grown = now
        self._sent_since_growth = 0
        # A pause, and the single request that tries whether it is over.
        self._paused_until = now
        self._is_stopped = False
        self._was_refused = False
        self._probe: Ticket | None = None
        self._pauses = 0
        self._silent = 0
        self._answers_ever = 0
        self._stopped_at = now
        self._asked_for = 0.0
        self._give_up_at = float("inf")

    @property
    def rate(self) -> float | None:
        """Requests a second that are allowed now; None is no cap."""
        known = [rate for rate in (self._learned, self._settings.rate) if rate is not None]
        return min(known, default=None)

    @property
    def is_refusing(self) -> bool:
        """Whether the pause, if there is one, comes from a refusal (and not from silence)."""
        return self._was_refused

    @property
    def is_stopped(self) -> bool:
        """Whether nothing is sent until a pause has ended and one request was answered."""
        return self._is_stopped

    def ask(self, ticket: Ticket, now: float) -> float | Decision:
        """Whether a request may go: a word, or the seconds after which to ask again.

        With `GO` the request counts as under way, until `tell`.
        """
        if self._is_stopped:
            return self._ask_while_stopped(ticket, now)
        if self._under_way >= int(self._at_once):
            return Decision.LATER
        self._grow(now)
        rate = self.rate
        if rate is not None:
            if ticket.epoch != self._epoch:
                ticket.epoch, ticket.slot = self._epoch, max(self._next_slot, now)
                self._next_slot = ticket.slot + 1 / rate
            if ticket.slot - now > _NEAR:
                return ticket.slot - now
        return self._go(ticket)

    def _ask_while_stopped(self, ticket: Ticket, now: float) -> float | Decision:
        rest = self._paused_until + _YIELD * ticket.tries - now
        if rest > self._longest:
            return Decision.GIVE_UP
        if rest <= 0 and self._probe is None:
            self._probe = ticket
            return self._go(ticket)
        # Where a further Retry-After goes beyond the patience, nothing would be learned by waiting for either.
        is_hopeless = self._asked_for > 0 and self._paused_until >= self._give_up_at
        if now >= self._give_up_at or is_hopeless:
            return Decision.GIVE_UP
        return min(rest, self._give_up_at - now) if rest > 0 else Decision.LATER

    def _go(self, ticket: Ticket) -> Decision:
        ticket.epoch = self._epoch
        self._under_way += 1
        self._sent_since_growth += 1
        return Decision.GO

    def tell(self, ticket: Ticket, outcome: Outcome, now: float, retry_after: float | None = None) -> None:
        """What came of a request that was let go.

        Args:
            retry_after: seconds that the refusal asked for.
        """
        self._under_way -= 1
        was_probe = self._probe is ticket
        if was_probe:
            self._probe = None
        # What was sent before the last stop belongs to the event that caused it.
        is_news = ticket.epoch == self._epoch
        if outcome is Outcome.ANSWERED:
            self._answers += 1
            self._answers_ever += 1
            self._silent = 0
            self._at_once += _OPENING
            if self._is_stopped and was_probe:
                self._resume(now)
        elif outcome in (Outcome.REFUSED, Outcome.UNAVAILABLE):
            self._silent = 0
            if is_news:
                self._stop(now, outcome, retry_after)
            elif retry_after is not None:
                self._paused_until = max(self._paused_until, now + retry_after)
        elif outcome is Outcome.NO_RESPONSE and is_news:
            self._silent += 1
            if was_probe or self._silent >= self._settings.silence:
                self._stop(now, outcome, None)

    def _stop(self, now: float, why: Outcome, retry_after: float | None) -> None:
        is_first = not self._is_stopped
        if is_first:
            self._stopped_at, self._asked_for = now, 0.0
        self._epoch += 1
        self._is_stopped = True
        self._was_refused = why is not Outcome.NO_RESPONSE
        # The longest Retry-After is set aside, once: an origin that always asks for a little more is given up too.
        self._asked_for = max(self._asked_for, retry_after or 0.0)
        if is_first or self._was_refused:
            self._give_up_at = self._stopped_at + self._patience(why) + self._asked_for
        self._paused_until = max(self._paused_until, now + self._pause(now, retry_after))
        self._pauses += 1

    def _patience(self, why: Outcome) -> float:
        if why is Outcome.NO_RESPONSE:
            return self._settings.silence_patience
        if why is Outcome.REFUSED and self._answers_ever >= _EVIDENCE:
            return max(self._settings.patience, self._settings.quota_patience)
        return self._settings.patience

    def _pause(self, now: float, retry_after: float | None) -> float:
        """Seconds until the origin is tried again."""
        if retry_after is not None:
            pause = retry_after + min(_JITTER_MAX, retry_after * self._random() / 10)
            return min(pause, max(retry_after, self._longest))
        pause = min(self._settings.pause_max, self._settings.pause * 2.0**self._pauses)
        pause += min(_JITTER_MAX, pause * self._random() / 10)
        left = self._give_up_at - _LAST_CALL - now
        return min(pause, left) if left > 0 else pause

    def _resume(self, now: float) -> None:
        if self._was_refused:
            self._learn(now)
        self._is_stopped = False
        self._pauses = 0
        self._give_up_at = float("inf")
        self._quiet_since = self._grown = now
        self._next_slot = now + 1 / self.rate if self.rate is not None else now
        self._sent_since_growth = 0

    def _learn(self, now: float) -> None:
        """Set the rate from what got through since it was last set, the pause included."""
        seconds = max(now - self._since, _NEAR)
        if self._answers >= _EVIDENCE:
            measured = self._answers / seconds
            self._learned = min(measured, self._learned or measured) * self._settings.cut
            self._since, self._answers = now, 0
        elif self._learned is not None:
            self._learned *= self._settings.cut
        else:
            self._at_once = 1.0
        if self._learned is not None:
            self._learned = max(self._settings.floor, self._learned)

    def _grow(self, now: float) -> None:
        """Let the rate recover, once a second and only while it is made use of."""
        if self._learned is None or now - self._grown < 1:
            return
        doublings = min(_BOOST, int((now - self._quiet_since) / _QUIET))
        if self._sent_since_growth + 1 >= self._learned / 2:
            self._learned *= 1 + self._settings.step * 2**doublings
        self._grown, self._sent_since_growth = now, 0
