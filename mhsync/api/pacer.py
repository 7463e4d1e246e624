"""One pace for the whole run: every thread asks here before it sends, origin by origin."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from mhsync.api.pace import OriginPace, Outcome, Turn, Word
from mhsync.api.retry import REFUSALS, OutOfReach, Refusing
from mhsync.api.timing import Time
from mhsync.errors import ApiError, ConnectionFailed
from mhsync.settings import Settings

_POLL = 0.01
"""Seconds after which to look again for another request's end."""


@dataclass(slots=True)
class Passage:
    """A request that was let go. Tell `answered`, or the pace learns nothing from it."""

    waited: float
    """Seconds for which the pace held it back."""
    outcome: Outcome = Outcome.DROPPED
    retry_after: float | None = None

    def answered(self, status: int, retry_after: float | None) -> None:
        self.outcome = Outcome.REFUSED if status in REFUSALS else Outcome.ANSWERED
        self.retry_after = retry_after


class Pacer:
    """The paces of all origins. May be used by many threads at once."""

    def __init__(self, settings: Settings, time: Time) -> None:
        self._settings = settings
        self._time = time
        self._lock = threading.Lock()
        self._paces: dict[str, OriginPace] = {}

    @contextmanager
    def passage(self, origin: str, tries: int = 0) -> Iterator[Passage]:
        """Wait until the origin may be asked, for one request inside the block.

        Args:
            tries: how often the same call was sent before.

        Raises:
            RateLimited: the origin has refused for too long, or asks to be left alone for longer than is waited.
            ConnectionFailed: the origin has not answered anybody for too long.
            Interrupted: the run is to stop.
        """
        turn = Turn(tries)
        passage = Passage(self._wait(origin, turn))
        try:
            yield passage
        except ConnectionFailed:
            if passage.outcome is Outcome.DROPPED:
                passage.outcome = Outcome.SILENT
            raise
        finally:
            with self._lock:
                self._pace(origin).tell(turn, passage.outcome, self._time.clock(), passage.retry_after)

    def _wait(self, origin: str, turn: Turn) -> float:
        """Wait for the turn; the seconds that it took."""
        began = self._time.clock()
        while True:
            with self._lock:
                pace = self._pace(origin)
                word = pace.ask(turn, self._time.clock())
                is_refusing = pace.is_refusing
            if word is Word.GO:
                return self._time.clock() - began
            if word is Word.GIVE_UP:
                raise _given_up(origin, is_refusing=is_refusing)
            self._time.wait(_POLL if isinstance(word, Word) else word)

    def _pace(self, origin: str) -> OriginPace:
        if origin not in self._paces:
            self._paces[origin] = OriginPace(
                self._settings.pace,
                self._time.clock(),
                longest=self._settings.http.retry_after_max,
                random=self._time.random,
            )
        return self._paces[origin]


def _given_up(origin: str, *, is_refusing: bool) -> ApiError:
    if is_refusing:
        return Refusing(f"{origin} refuses all requests for now", hint="run again later, or lower --rate")
    return OutOfReach(f"{origin} does not answer", hint="check the address and the network, and run again")
