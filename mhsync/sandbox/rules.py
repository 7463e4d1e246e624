"""Rules: to which requests a fault applies, and the rate limit of the API."""

from __future__ import annotations

import threading
import time
import zlib
from collections import Counter
from collections.abc import Callable
from dataclasses import field
from fnmatch import fnmatchcase

from mhsync.dataclass import dataclass
from mhsync.sandbox.fault_context import Fault, FaultContext
from mhsync.sandbox.webhooks import WebhookFaults
from mhsync.sandbox.wire import HttpResponse, Request


@dataclass(frozen=True, slots=True)
class Rule:
    """A fault, and the requests to which it applies.

    `host` (`api` or `files`), `method` and `id` (with `*` and `?`) select requests. A rule counts the selected
    requests from 1; with `each_id` it counts those of each project separately. The fault applies to a selected
    request if all conditions hold: it is the `nth`; it comes after the first `skip`; it is one of `every`,
    beginning with the first; a random number is below `probability` (0 to 1); the fault
    was applied fewer than `times` times.
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

    def selects(self, request: Request, id: str) -> bool:
        return (
            self.host in (None, request.host)
            and self.method in (None, request.method)
            and (self.id is None or fnmatchcase(id, self.id))
        )

    def applies(self, number: int, applied: int, chance: float) -> bool:
        """Whether the fault applies to the selected request of this number.

        Args:
            number: counted from 1.
            applied: how often the fault was applied before.
            chance: a random number from 0 up to 1.
        """
        return (
            self.nth in (None, number)
            and number > self.skip
            and (number - self.skip - 1) % self.every == 0
            and (self.times is None or applied < self.times)
            and chance < self.probability
        )


@dataclass(frozen=True, slots=True)
class Rate:
    """The rate limit of the API, in requests per second; requests above it get a 429.

    `burst` requests may arrive at once (default: `per_second`, rounded). `retry_after` is sent if given (seconds).
    """

    per_second: float
    burst: int | None = None
    retry_after: int | None = None

    def apply(self, _: FaultContext) -> HttpResponse:
        headers = () if self.retry_after is None else (("Retry-After", str(self.retry_after)),)
        return HttpResponse.message(429, headers=headers)


@dataclass(slots=True)
class _Counts:
    selected: Counter[str] = field(default_factory=Counter)
    applied: Counter[str] = field(default_factory=Counter)


class Faults:
    """Rules in order. The first rule that applies to a request decides; the later ones do not count the request.

    Args:
        rules: in order.
        rate: the rate limit of the API.
        seed: of the random numbers: the same seed and order of requests give the same faults.
        webhooks: what happens to deliveries of webhooks.
        clock: seconds, for the rate limit.
    """

    def __init__(
        self,
        *rules: Rule,
        rate: Rate | None = None,
        seed: int = 0,
        webhooks: WebhookFaults = WebhookFaults(),  # noqa: B008 - frozen
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.rules = rules
        self.webhooks = webhooks
        self.rate = rate
        self._seed = seed
        self._clock = clock
        self._lock = threading.Lock()
        self._counts = [_Counts() for _ in rules]
        self._left: float | None = None
        self._filled = 0.0

    def pick(self, request: Request, id: str) -> Fault | None:
        """The fault that applies to the request, or None."""
        with self._lock:
            if self.rate is not None and request.host == "api" and not self._admits(self.rate):
                return self.rate
            for index, rule in enumerate(self.rules):
                if rule.selects(request, id) and self._applies(index, rule, id):
                    return rule.fault
        return None

    def _applies(self, index: int, rule: Rule, id: str) -> bool:
        counts = self._counts[index]
        key = id if rule.each_id else ""
        counts.selected[key] += 1
        number = counts.selected[key]
        chance = zlib.crc32(f"{self._seed}:{index}:{key}:{number}".encode()) / 2**32
        if not rule.applies(number, counts.applied[key], chance):
            return False
        counts.applied[key] += 1
        return True

    def _admits(self, rate: Rate) -> bool:
        """Count one request against the rate limit. Returns False if the limit is exceeded."""
        most = rate.burst or max(1, round(rate.per_second))
        now = self._clock()
        left = most if self._left is None else self._left + (now - self._filled) * rate.per_second
        self._filled = now
        self._left = min(float(most), left)
        if self._left < 1:
            return False
        self._left -= 1
        return True
