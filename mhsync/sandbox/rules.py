"""When a fault strikes, and how many requests a second the API takes."""

from __future__ import annotations

import threading
import time
import zlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from mhsync.sandbox.occasion import Fault, FaultContext
from mhsync.sandbox.wire import HttpResponse, Request


@dataclass(frozen=True, slots=True)
class Rule:
    """A fault, and the requests that it strikes.

    `host` (`api` or `files`), `method` and `id` (with `*` and `?`) choose requests; a rule counts those it
    chooses, from 1, and with `each_id` those of every project by themselves. Of these it strikes, all conditions
    together: the `nth` alone; those after the first `skip`; one in `every`, beginning with the first; by chance,
    `probability` from 0 to 1; and no more than `times` in all.
    """

    fault: Fault
    host: str | None = None
    method: str | None = None
    id: str | None = None
    nth: int | None = None
    skip: int = 0
    every: int = 1
    times: int | None = None
    probability: float = 1.0
    each_id: bool = False

    def chooses(self, request: Request, id: str) -> bool:
        return (
            self.host in (None, request.host)
            and self.method in (None, request.method)
            and (self.id is None or fnmatchcase(id, self.id))
        )

    def strikes(self, number: int, struck: int, chance: float) -> bool:
        """Whether it strikes the request of this number, having struck so many; `chance` is from 0 up to 1."""
        return (
            self.nth in (None, number)
            and number > self.skip
            and (number - self.skip - 1) % self.every == 0
            and (self.times is None or struck < self.times)
            and chance < self.probability
        )


@dataclass(frozen=True, slots=True)
class Rate:
    """How many requests a second the API takes; the others are answered 429.

    Up to `burst` may come at once (`per_second`, rounded, by default). `retry_after` is sent in seconds where it
    is given.
    """

    per_second: float
    burst: int | None = None
    retry_after: int | None = None

    def apply(self, _: FaultContext) -> HttpResponse:
        headers = () if self.retry_after is None else (("Retry-After", str(self.retry_after)),)
        return HttpResponse.message(429, headers=headers)


@dataclass(slots=True)
class _Counts:
    chosen: Counter[str] = field(default_factory=Counter)
    struck: Counter[str] = field(default_factory=Counter)


class Faults:
    """Rules at work: the first that strikes a request decides, and those behind it do not count it.

    Args:
        rules: in order.
        rate: a limit for the API.
        seed: decides every chance: the same seed gives the same faults to the same order of requests.
        clock: seconds, for the rate.
    """

    def __init__(
        self,
        *rules: Rule,
        rate: Rate | None = None,
        seed: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.rules = rules
        self.rate = rate
        self._seed = seed
        self._clock = clock
        self._lock = threading.Lock()
        self._counts = [_Counts() for _ in rules]
        self._left: float | None = None
        self._filled = 0.0

    def pick(self, request: Request, id: str) -> Fault | None:
        """The fault for this request, if any."""
        with self._lock:
            if self.rate is not None and request.host == "api" and not self._admits(self.rate):
                return self.rate
            for index, rule in enumerate(self.rules):
                if rule.chooses(request, id) and self._strikes(index, rule, id):
                    return rule.fault
        return None

    def _strikes(self, index: int, rule: Rule, id: str) -> bool:
        counts = self._counts[index]
        key = id if rule.each_id else ""
        counts.chosen[key] += 1
        number = counts.chosen[key]
        chance = zlib.crc32(f"{self._seed}:{index}:{key}:{number}".encode()) / 2**32
        if not rule.strikes(number, counts.struck[key], chance):
            return False
        counts.struck[key] += 1
        return True

    def _admits(self, rate: Rate) -> bool:
        """Take one request from the rate's budget; False: there is none left."""
        most = rate.burst or max(1, round(rate.per_second))
        now = self._clock()
        left = most if self._left is None else self._left + (now - self._filled) * rate.per_second
        self._filled = now
        self._left = min(float(most), left)
        if self._left < 1:
            return False
        self._left -= 1
        return True
