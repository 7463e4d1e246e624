"""`OriginRateLimit` against servers with several kinds of limits, with a simulated clock."""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from mhsync.api.rate_limit import (
    INITIAL_CONCURRENCY,
    Decision,
    OriginRateLimit,
    Outcome,
    Ticket,
    initial_concurrency,
)
from mhsync.settings import RateLimitSettings

Server = Callable[[float], bool]
"""Whether the server accepts a request at this moment."""


class FixedWindow:
    def __init__(self, limit: int, seconds: float = 1.0, phase: float = 0.0) -> None:
        self.limit, self.seconds, self.phase = limit, seconds, phase
        self.counts: dict[int, int] = {}

    def __call__(self, now: float) -> bool:
        window = int((now + self.phase) / self.seconds)
        self.counts[window] = self.counts.get(window, 0) + 1
        return self.counts[window] <= self.limit


class SlidingWindow:
    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.passed: list[float] = []

    def __call__(self, now: float) -> bool:
        self.passed = [moment for moment in self.passed if moment > now - 1]
        if len(self.passed) >= self.limit:
            return False
        self.passed.append(now)
        return True


class Bucket:
    def __init__(self, rate: float, size: float) -> None:
        self.rate, self.size, self.left, self.filled = rate, size, size, 0.0

    def __call__(self, now: float) -> bool:
        self.left = min(self.size, self.left + (now - self.filled) * self.rate)
        self.filled = now
        if self.left < 1:
            return False
        self.left -= 1
        return True


class Unlimited:
    def __call__(self, _: float) -> bool:
        return True


@dataclass
class Tally:
    seconds: float = 0.0
    done: int = 0
    failed: int = 0
    refused: int = 0
    sent: list[float] = field(default_factory=list)
    most_at_once: int = 0

    @property
    def share(self) -> float:
        return self.refused / len(self.sent)


@dataclass
class Thread:
    tries: int = 0
    ticket: Ticket = field(default_factory=Ticket)
    is_through: bool = False


def simulate(
    server: Server,
    calls: int = 500,
    threads: int = 16,
    latency: float = 0.02,
    attempts: int = 6,
    settings: RateLimitSettings = RateLimitSettings(),  # noqa: B008
    initial: int = INITIAL_CONCURRENCY,
) -> Tally:
    """Threads that make calls one after another, and retry refused requests."""
    chance = random.Random(7)
    limit = OriginRateLimit(settings, 0.0, longest=600, random=chance.random, initial=initial)
    tally, order, under_way = Tally(), itertools.count(), 0
    left = calls
    events = [(0.0, next(order), "call", Thread()) for _ in range(threads)]
    while events:
        now, _, step, thread = heapq.heappop(events)
        after, then = 0.0, "call"
        if step == "call":
            if not left:
                continue
            left -= 1
            thread.tries, thread.ticket, then = 0, Ticket(), "decide"
        elif step == "decide":
            decision = limit.decide(thread.ticket, now)
            after, then = (0.01, "decide") if isinstance(decision, Decision) else (min(decision, 0.2), "decide")
            if decision is Decision.SEND:
                under_way += 1
                tally.sent.append(now)
                after, then = latency * chance.uniform(0.4, 0.6), "arrive"
            elif decision is Decision.GIVE_UP:
                tally.failed, then = tally.failed + 1, "call"
        elif step == "arrive":
            thread.is_through = server(now)
            after, then = latency * chance.uniform(0.4, 0.6), "back"
        else:
            under_way -= 1
            limit.record(thread.ticket, Outcome.RESPONDED if thread.is_through else Outcome.RATE_LIMITED, now)
            thread.tries += 1
            if thread.is_through:
                tally.done += 1
            else:
                tally.refused += 1
                if thread.tries >= attempts:
                    tally.failed += 1
                else:
                    thread.ticket, then = Ticket(thread.tries), "decide"
        tally.most_at_once = max(tally.most_at_once, under_way)
        tally.seconds = now
        heapq.heappush(events, (now + after, next(order), then, thread))
    return tally


LIMITS = {
    "a fixed window": lambda: FixedWindow(20),
    "a fixed window that began earlier": lambda: FixedWindow(20, phase=0.7),
    "a sliding window": lambda: SlidingWindow(20),
    "a bucket of one second": lambda: Bucket(20, 20),
    "a small bucket": lambda: Bucket(20, 5),
    "a large bucket": lambda: Bucket(20, 100),
    "no bursts": lambda: Bucket(20, 1),
}


@pytest.mark.parametrize("latency", [0.001, 0.02, 0.2])
@pytest.mark.parametrize("limit", LIMITS)
def test_with_a_limit_of_20_requests_per_second_all_succeed_and_few_are_refused(limit: str, latency: float):
    tally = simulate(LIMITS[limit](), latency=latency)

    assert (tally.done, tally.failed) == (500, 0)
    assert tally.share < 0.05
    if limit != "no bursts":
        assert tally.seconds < 60  # the minimum is 25


@pytest.mark.parametrize("threads", [32, 64])
@pytest.mark.parametrize("limit", LIMITS)
def test_with_more_threads_than_the_default_all_succeed_too(limit: str, threads: int):
    tally = simulate(LIMITS[limit](), threads=threads, initial=initial_concurrency(threads))
    assert (tally.done, tally.failed) == (500, 0)
    assert tally.share < 0.12


def test_calls_survive_a_limit_with_a_long_window():
    tally = simulate(FixedWindow(200, seconds=60))
    assert (tally.done, tally.failed) == (500, 0)
    assert tally.share < 0.08


def test_without_a_limit_requests_are_not_delayed():
    tally = simulate(Unlimited(), calls=10_000, latency=0.02)
    assert tally.refused == 0
    assert tally.most_at_once == 16
    assert tally.seconds < 1.6 * 10_000 * 0.02 / 16


def test_few_requests_hit_an_unknown_limit_at_the_same_time():
    tally = simulate(Unlimited(), calls=20, latency=0.02)
    assert sum(moment < 0.01 for moment in tally.sent) == 4  # before the first response
    refused = simulate(lambda _: False, calls=64, threads=64)
    assert sum(moment < 0.4 for moment in refused.sent) == 4  # before the first pause has ended


@pytest.mark.parametrize(("threads", "most"), [(1, 4), (16, 4), (17, 8), (32, 16), (64, 32), (128, 64)])
def test_the_first_requests_are_few_unless_the_user_sets_more_threads(threads: int, most: int):
    assert initial_concurrency(threads) == most


@pytest.mark.parametrize(("threads", "expected"), [(16, 2), (32, 1), (64, 1), (128, 1)])
def test_all_threads_of_a_run_send_requests_after_a_few_rounds(threads: int, expected: int):
    limit = new_limit(initial=initial_concurrency(threads))
    rounds = 0
    while len(sent := take_all(limit, threads)) < threads:
        for ticket in sent:
            limit.record(ticket, Outcome.RESPONDED, float(rounds))
        rounds += 1
    assert rounds == expected


def test_the_configured_rate_is_never_exceeded():
    tally = simulate(Unlimited(), calls=200, settings=RateLimitSettings(rate=10))
    assert tally.seconds >= 19
    for moment in tally.sent:
        assert sum(moment <= other < moment + 1 for other in tally.sent) <= 11


def test_after_a_refusal_the_rate_recovers_step_by_step():
    def busy(now: float) -> bool:
        return not 1.0 < now < 1.05

    tally = simulate(busy, calls=20_000, latency=0.01)
    by_second = [sum(second <= moment < second + 1 for moment in tally.sent) for second in range(12)]
    assert tally.failed == 0
    assert by_second[11] > by_second[7] > by_second[3] > 0


def new_limit(*, initial: int = INITIAL_CONCURRENCY, **options: float) -> OriginRateLimit:
    return OriginRateLimit(RateLimitSettings(**options), 0.0, longest=600, random=lambda: 0.0, initial=initial)


def take_all(limit: OriginRateLimit, threads: int) -> list[Ticket]:
    """The requests that may be sent at once by this number of threads."""
    tickets = [Ticket() for _ in range(threads)]
    return [ticket for ticket in tickets if limit.decide(ticket, 0.0) is Decision.SEND]


def go(limit: OriginRateLimit, now: float) -> Ticket:
    ticket = Ticket()
    assert limit.decide(ticket, now) is Decision.SEND
    return ticket


def test_refusals_of_requests_in_flight_cause_one_pause():
    limit = new_limit(pause=0.5)
    tickets = [go(limit, 0.0) for _ in range(4)]
    for ticket in tickets:
        limit.record(ticket, Outcome.RATE_LIMITED, 0.1)

    assert limit.decide(Ticket(), 0.1) == pytest.approx(0.5)  # and not 0.5 doubled three times


def test_after_a_pause_a_single_probe_is_sent():
    limit = new_limit(pause=0.5)
    limit.record(go(limit, 0.0), Outcome.RATE_LIMITED, 0.0)

    probe = go(limit, 0.6)
    assert limit.decide(Ticket(), 0.6) is Decision.WAIT

    limit.record(probe, Outcome.RATE_LIMITED, 0.7)
    assert limit.decide(Ticket(), 0.7) == pytest.approx(1.0)  # the pause doubles

    limit.record(go(limit, 1.8), Outcome.RESPONDED, 1.9)
    assert limit.decide(Ticket(), 1.9) is Decision.SEND


def test_a_canceled_probe_is_replaced_by_another_request():
    limit = new_limit(pause=0.5)
    limit.record(go(limit, 0.0), Outcome.RATE_LIMITED, 0.0)

    limit.record(go(limit, 0.6), Outcome.CANCELED, 0.7)

    assert limit.decide(Ticket(), 0.7) is Decision.SEND


def test_retry_after_is_honored_and_a_later_one_extends_it():
    limit = new_limit()
    first, second = go(limit, 0.0), go(limit, 0.0)
    limit.record(first, Outcome.RATE_LIMITED, 0.0, retry_after=3)
    limit.record(second, Outcome.RATE_LIMITED, 0.0, retry_after=7)

    assert limit.decide(Ticket(), 0.0) == pytest.approx(7)


def test_a_pause_above_the_limit_ends_calls_at_once():
    limit = new_limit()
    limit.record(go(limit, 0.0), Outcome.RATE_LIMITED, 0.0, retry_after=601)

    assert limit.decide(Ticket(), 0.0) is Decision.GIVE_UP
    assert limit.decide(Ticket(), 2.0) == pytest.approx(599)


def test_calls_end_when_an_origin_refuses_for_too_long_but_probes_continue():
    limit = new_limit(pause=1, pause_max=1, patience=10)
    now, tries = 0.0, 0
    while (decision := limit.decide(ticket := Ticket(), now)) is not Decision.GIVE_UP:
        if decision is Decision.SEND:
            limit.record(ticket, Outcome.RATE_LIMITED, now)
            tries += 1
        else:
            now += 0.5
    assert 10 <= now < 12
    assert 8 <= tries <= 12

    limit.record(go(limit, now + 2), Outcome.RESPONDED, now + 2)
    assert limit.decide(Ticket(), now + 10) is Decision.SEND


def test_the_time_of_retry_after_does_not_count_as_patience():
    limit = new_limit(patience=5)
    limit.record(go(limit, 0.0), Outcome.RATE_LIMITED, 0.0, retry_after=30)

    go(limit, 31.0)  # the probe

    assert limit.decide(Ticket(), 31.0) is Decision.WAIT
    assert limit.decide(Ticket(), 36.0) is Decision.GIVE_UP


def give_up_time(
    limit: OriginRateLimit, outcome: Outcome, retry_after: float | None = None, latency: float = 0.01
) -> float:
    """The time at which calls to an origin that refuses every request end, for one caller after another."""
    now = 0.0
    while now < 10_000:
        decision = limit.decide(ticket := Ticket(), now)
        if decision is Decision.GIVE_UP:
            return now
        if decision is Decision.SEND:
            now += latency
            limit.record(ticket, outcome, now, retry_after)
        else:
            assert isinstance(decision, float)
            now += decision
    raise AssertionError("never given up")


@pytest.mark.parametrize("outcome", [Outcome.RATE_LIMITED, Outcome.UNAVAILABLE])
@pytest.mark.parametrize("retry_after", [None, 1, 5, 20, 590])
@pytest.mark.parametrize("jitter", [0.0, 0.5, 0.999])
def test_calls_to_an_origin_that_only_refuses_end_within_the_patience(outcome, retry_after, jitter):
    """A `Retry-After` is added once, also where every response contains a new one."""
    limit = OriginRateLimit(RateLimitSettings(), 0.0, longest=600, random=lambda: jitter)

    given_up = give_up_time(limit, outcome, retry_after)

    least = 29 if retry_after is None else retry_after
    assert least <= given_up <= 30 + (retry_after or 0) + 1


def test_a_quota_per_minute_is_waited_for():
    """429 without Retry-After, after the origin has accepted ten requests of this client."""
    limit = new_limit()
    for _ in range(10):
        limit.record(go(limit, 0.0), Outcome.RESPONDED, 0.0)

    assert 118 <= give_up_time(limit, Outcome.RATE_LIMITED) <= 121


def test_calls_to_an_api_that_becomes_unavailable_end_within_the_patience():
    limit = new_limit()
    for _ in range(10):
        limit.record(go(limit, 0.0), Outcome.RESPONDED, 0.0)

    assert give_up_time(limit, Outcome.UNAVAILABLE) <= 31


def test_the_longest_allowed_retry_after_is_waited_for_with_any_jitter():
    limit = OriginRateLimit(RateLimitSettings(), 0.0, longest=600, random=lambda: 0.999)
    limit.record(go(limit, 0.0), Outcome.UNAVAILABLE, 0.0, retry_after=600)

    assert limit.decide(Ticket(), 0.0) == pytest.approx(600)


def test_repeated_missing_responses_pause_the_origin_and_a_response_resumes_it_at_full_rate():
    limit = new_limit(silence=3, pause=0.5)
    for _ in range(3):
        assert limit.rate is None
        limit.record(go(limit, 1.0), Outcome.NO_RESPONSE, 1.0)
    assert limit.decide(Ticket(), 1.0) == pytest.approx(0.5)

    limit.record(go(limit, 1.6), Outcome.NO_RESPONSE, 1.6)
    assert limit.decide(Ticket(), 1.6) == pytest.approx(1.0)

    limit.record(go(limit, 2.7), Outcome.RESPONDED, 2.7)
    assert limit.rate is None
    assert limit.decide(Ticket(), 2.7) is Decision.SEND


def test_single_missing_responses_cause_no_pause():
    limit = new_limit(silence=2)
    for _ in range(10):
        limit.record(go(limit, 0.0), Outcome.NO_RESPONSE, 0.0)
        limit.record(go(limit, 0.0), Outcome.RESPONDED, 0.0)
    assert limit.decide(Ticket(), 0.0) is Decision.SEND


def test_the_rate_never_falls_below_the_minimum():
    limit = new_limit(floor=0.5)
    now = 0.0
    for _ in range(100):
        ticket = Ticket()
        while (decision := limit.decide(ticket, now)) is not Decision.SEND:
            now += 1 if isinstance(decision, Decision) else decision
        is_refused = now % 7 < 3
        limit.record(ticket, Outcome.RATE_LIMITED if is_refused else Outcome.RESPONDED, now)
        now += 0.1
    assert limit.rate is not None
    assert limit.rate >= 0.5
