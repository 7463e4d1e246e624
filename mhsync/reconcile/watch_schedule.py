"""WatchSchedule: when the next run of a watch begins, and why. Pure: time and random numbers are passed in."""

from __future__ import annotations

from enum import StrEnum

from mhsync.core.backoff import backoff_delay
from mhsync.settings import WatchSettings


class Trigger(StrEnum):
    """Why a run begins."""

    START = "start"
    INTERVAL = "interval"
    MANIFEST = "manifest"
    """A manifest file changed."""
    WEBHOOK = "webhook"
    RETRY = "retry"
    """The run before failed."""


class WatchSchedule:
    """The times of runs. All times are seconds of one monotonic clock. Not thread-safe.

    Args:
        settings: the intervals and delays.
        now: the start of the watch; the first run is due at once.
    """

    def __init__(self, settings: WatchSettings, now: float) -> None:
        self._settings = settings
        self._timer, self._timer_trigger = now, Trigger.START
        self._first_wake: dict[Trigger, float] = {}
        """When the first of the wakes that wait for a run arrived."""
        self._last_wake: dict[Trigger, float] = {}
        self._failed_at: float | None = None
        self.failures = 0
        """Failed runs in a row."""

    def wake(self, trigger: Trigger, now: float) -> None:
        """Ask for a run soon. Several requests at about the same time cause one run."""
        self._first_wake.setdefault(trigger, now)
        self._last_wake[trigger] = now

    @property
    def next(self) -> tuple[float, Trigger]:
        """When the next run begins, and why."""
        wakes = ((self._wake_due(trigger), trigger) for trigger in self._first_wake)
        return min([(self._timer, self._timer_trigger), *wakes], key=lambda one: one[0])

    def due(self, now: float) -> Trigger | None:
        """Why a run begins now; None if none does."""
        at, trigger = self.next
        return trigger if now >= at else None

    def begin(self) -> None:
        """A run begins: it answers all wakes so far. Those that arrive during the run cause another one."""
        self._first_wake.clear()
        self._last_wake.clear()

    def end(self, now: float, *, has_failed: bool, random: float) -> None:
        """A run ended.

        Args:
            now: the time of its end.
            has_failed: whether another run may have more success.
            random: from 0 to 1.
        """
        settings = self._settings
        if has_failed:
            self.failures += 1
            self._failed_at = now
            most = min(settings.backoff_max, settings.every)
            delay, self._timer_trigger = (
                backoff_delay(self.failures, settings.backoff, most, random),
                Trigger.RETRY,
            )
        else:
            self.failures = 0
            self._failed_at = None
            delay = settings.every * (1 + settings.jitter * (2 * random - 1))
            self._timer_trigger = Trigger.INTERVAL
        self._timer = now + delay

    def _wake_due(self, trigger: Trigger) -> float:
        settings = self._settings
        due = min(self._last_wake[trigger] + settings.debounce, self._first_wake[trigger] + settings.debounce_max)
        if trigger is Trigger.WEBHOOK and self._failed_at is not None:
            # Webhooks must not defeat the backoff; an edit of a manifest may be the correction.
            due = max(due, self._failed_at + settings.backoff_webhook)
        return due
