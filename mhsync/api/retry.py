"""How often one call is tried, and how long it rests in between: the only layer that tries again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from mhsync.errors import Interrupted
from mhsync.settings import HttpSettings

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

    def check(self) -> None:
        """Raise `Interrupted` when the run is to stop."""
        if self.stop():
            raise Interrupted("interrupted")

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


@dataclass(slots=True)
class Attempts:
    """The attempts of one call. Time that was waited for the pace does not count (`set_aside`)."""

    settings: HttpSettings
    time: Time
    made: int = 0
    began: float = field(init=False)

    def __post_init__(self) -> None:
        self.began = self.time.clock()

    @property
    def read_timeout(self) -> float:
        """Seconds that the next attempt may wait for its answer.

        A fair share of the window, so that one answer that never comes leaves time for other attempts; the last
        one has as long as the settings say, so that a slow server is heard in the end.
        """
        share = self.settings.retry_window / max(1, self.settings.attempts)
        is_last = self.made + 1 >= self.settings.attempts or self._left() < 2 * share
        return self.settings.read_timeout if is_last else min(self.settings.read_timeout, share)

    def set_aside(self, seconds: float) -> None:
        self.began += seconds

    def pause(self) -> float | None:
        """Seconds to rest before the next attempt; None when there is to be none.

        Call it once an attempt has failed.
        """
        self.made += 1
        rest = min(self.settings.backoff_max, self.settings.backoff * 2.0 ** (self.made - 1))
        rest *= 1 - self.time.random() / 2
        if self.made >= self.settings.attempts or rest > self._left():
            return None
        return rest

    def _left(self) -> float:
        return self.began + self.settings.retry_window - self.time.clock()
