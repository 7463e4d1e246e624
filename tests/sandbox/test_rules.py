"""To which requests faults apply, and the rate limit of the API."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from mhsync.sandbox.account import Account
from mhsync.sandbox.faults import Reset, Status
from mhsync.sandbox.rules import Faults, Rate, Rule
from mhsync.sandbox.wire import Request

from .conftest import Asker

BAD = Status(500)


def request(host: str = "api", method: str = "GET") -> Request:
    return Request(host, method, "/", "", {})


def struck(rule: Rule, count: int = 12) -> list[int]:
    """The numbers, from 1, of the requests that a rule strikes."""
    faults = Faults(rule)
    return [number for number in range(1, count + 1) if faults.pick(request(), "a") is not None]


@pytest.mark.parametrize(
    ("rule", "numbers"),
    [
        (Rule(BAD), list(range(1, 13))),
        (Rule(BAD, nth=3), [3]),
        (Rule(BAD, skip=9), [10, 11, 12]),
        (Rule(BAD, times=2), [1, 2]),
        (Rule(BAD, times=0), []),
        (Rule(BAD, every=5), [1, 6, 11]),
        (Rule(BAD, skip=2, every=4, times=2), [3, 7]),
        (Rule(BAD, probability=0.0), []),
    ],
)
def test_all_conditions_must_hold(rule: Rule, numbers: list[int]) -> None:
    assert struck(rule) == numbers


@pytest.mark.parametrize(
    ("rule", "chosen"),
    [
        (Rule(BAD, host="files"), {("files", "GET", "intro")}),
        (Rule(BAD, method="DELETE"), {("api", "DELETE", "intro")}),
        (Rule(BAD, id="out*"), {("api", "GET", "outro")}),
        (Rule(BAD, id="?????", host="api", method="GET"), {("api", "GET", "intro"), ("api", "GET", "outro")}),
    ],
)
def test_a_rule_selects_by_host_method_and_id(rule: Rule, chosen: set[tuple[str, str, str]]) -> None:
    asked = [
        ("api", "GET", "intro"),
        ("api", "DELETE", "intro"),
        ("files", "GET", "intro"),
        ("api", "GET", "outro"),
    ]
    faults = Faults(rule)
    assert {what for what in asked if faults.pick(request(what[0], what[1]), what[2])} == chosen


def test_only_selected_requests_are_counted() -> None:
    faults = Faults(Rule(BAD, method="DELETE", nth=1))
    assert [faults.pick(request(method=method), "a") for method in ("GET", "GET", "DELETE", "DELETE")] == [
        None,
        None,
        BAD,
        None,
    ]


def test_requests_of_each_project_may_be_counted_separately() -> None:
    faults = Faults(Rule(BAD, times=1, each_id=True))
    assert [faults.pick(request(), id) for id in ("a", "b", "a", "b")] == [BAD, BAD, None, None]


def test_the_first_rule_that_applies_decides_and_later_ones_do_not_count() -> None:
    first, second = Status(501), Status(502)
    faults = Faults(Rule(first, nth=2), Rule(second, nth=2))
    assert [faults.pick(request(), "a") for _ in range(4)] == [None, first, second, None]


def test_the_same_seed_gives_the_same_faults_at_about_the_given_probability() -> None:
    def pattern(seed: int) -> list[bool]:
        faults = Faults(Rule(BAD, probability=0.3), seed=seed)
        return [faults.pick(request(), "a") is not None for _ in range(2_000)]

    assert pattern(1) == pattern(1) != pattern(2)
    assert 500 < sum(pattern(1)) < 700


def test_every_request_is_counted_once_with_many_threads() -> None:
    faults = Faults(Rule(BAD, every=2))
    hits: list[bool] = []

    def ask() -> None:
        for _ in range(500):
            hits.append(faults.pick(request(), "a") is not None)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(hits), sum(hits)) == (4_000, 2_000)


def admitted(faults: Faults, count: int) -> int:
    return sum(faults.pick(request(), "a") is None for _ in range(count))


def test_the_rate_allows_a_burst_and_then_its_number_per_second() -> None:
    now = [0.0]
    faults = Faults(rate=Rate(20), clock=lambda: now[0])
    assert admitted(faults, 50) == 20
    now[0] += 0.5
    assert admitted(faults, 50) == 10
    now[0] += 3600
    assert admitted(faults, 50) == 20


def test_the_burst_may_be_set_and_is_at_least_one() -> None:
    now = [0.0]
    assert admitted(Faults(rate=Rate(20, burst=3), clock=lambda: now[0]), 50) == 3
    faults = Faults(rate=Rate(0.5), clock=lambda: now[0])
    assert admitted(faults, 5) == 1
    now[0] += 1.9
    assert admitted(faults, 5) == 0
    now[0] += 0.2
    assert admitted(faults, 5) == 1


def test_the_file_host_has_no_rate_and_rules_do_not_count_throttled_requests() -> None:
    faults = Faults(Rule(BAD, nth=2), rate=Rate(1), clock=lambda: 0.0)
    assert faults.pick(request(), "a") is None
    assert isinstance(faults.pick(request(), "a"), Rate)
    assert faults.pick(request("files"), "a") is BAD


@pytest.mark.parametrize(("retry_after", "header"), [(None, None), (3, "3")])
def test_above_the_rate_the_api_responds_429_and_does_not_carry_the_request_out(
    start: Callable[..., Asker], account: Account, retry_after: int | None, header: str | None
) -> None:
    rate = Rate(0.001, burst=1, retry_after=retry_after)
    ask = start(account, faults=Faults(rate=rate))
    assert ask.api("one").status == 200
    reply = ask.api("one", "DELETE")
    assert (reply.status, reply.headers.get("retry-after")) == (429, header)
    assert account.deleted_ids == set()
    assert ask.sandbox.requests.all()[-1].fault == "Rate"


def test_faults_may_be_replaced_while_the_sandbox_runs(start: Callable[..., Asker], account: Account) -> None:
    ask = start(account, faults=Faults(Rule(BAD)))
    assert ask.api("one").status == 500
    ask.sandbox.faults = Faults(Rule(Reset(), nth=2))
    assert ask.api("one").status == 200
    with pytest.raises(OSError, match="reset"):
        ask.api("one")
