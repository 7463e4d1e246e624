"""The attempts of one call: how long each may take, when the next one is sent, and when there is none."""

from __future__ import annotations

import dataclasses
import time

import pytest

from mhsync.api.errors import MalformedResponse, RequestNotSent, Throttled, Unreachable
from mhsync.api.retry import Attempts, is_retryable, with_retries
from mhsync.api.timing import Time
from mhsync.errors import ApiError, ConnectionFailed, ProjectNotFound, RateLimited, ResponseInvalid, ServerFailed
from mhsync.sandbox import faults as f
from tests.api.client_fixture import QUICK, TIME, ApiFixture


def test_one_missing_response_leaves_time_for_other_attempts(api: ApiFixture, client):
    patient = dataclasses.replace(QUICK.http, read_timeout=30, retry_window=3)
    api.client = client(api.sandbox.api_url, settings=dataclasses.replace(QUICK, http=patient))
    api.fault(f.Stall(), nth=1)

    began = time.monotonic()
    assert api.client.get("one").id == "one"

    assert time.monotonic() - began < 3, "it did not wait for the read timeout"
    assert api.request_count("GET") >= 2


def test_the_first_attempt_waits_for_a_slow_api(api: ApiFixture, client):
    patient = dataclasses.replace(QUICK.http, read_timeout=30, retry_window=6)
    api.client = client(api.sandbox.api_url, settings=dataclasses.replace(QUICK, http=patient))
    api.fault(f.Delay(1.2))

    assert api.client.get("one").id == "one"
    assert api.request_count("GET") == 1


def test_calls_to_a_silent_api_end_with_the_retry_window(api: ApiFixture, client):
    patient = dataclasses.replace(QUICK.http, read_timeout=30, retry_window=1.5)
    api.client = client(api.sandbox.api_url, settings=dataclasses.replace(QUICK, http=patient))
    api.fault(f.Stall())

    began = time.monotonic()
    with pytest.raises(ConnectionFailed, match="the server sent no response in time"):
        api.client.get("one")

    assert time.monotonic() - began < 2 * 1.5, "it did not wait for the read timeout"
    assert api.request_count("GET") >= 5


@dataclasses.dataclass
class Clock:
    """A clock that only waits and requests move."""

    now: float = 100.0
    begun: list[float] = dataclasses.field(default_factory=list)
    """The seconds from the start of the call to each attempt."""

    def wait(self, seconds: float) -> None:
        self.now += seconds

    def attempts(self, random: float = 0.5, **settings: float) -> Attempts:
        time_ = Time(lambda: self.now, lambda: self.now, self.wait, lambda: random, lambda: False)
        return Attempts(dataclasses.replace(QUICK.http, **settings), time_, "https://api.test")

    def is_silent(self, attempts: Attempts) -> None:
        self.begun.append(self.now - 100)
        self.wait(attempts.read_timeout)
        raise ConnectionFailed("the server sent no response in time")

    def fails(self, _: Attempts) -> None:
        self.begun.append(self.now - 100)
        raise ServerFailed("500", status=500)


def test_the_attempts_at_a_silent_api_share_the_retry_window():
    clock = Clock()
    with pytest.raises(ConnectionFailed):
        with_retries(clock.attempts(read_timeout=30, retry_window=1.5), clock.is_silent)

    assert len(clock.begun) == QUICK.http.attempts
    assert clock.begun[1] >= 0.5, "the first attempt gets a third of the window"
    assert max(clock.begun) <= 1.5
    assert clock.now - 100 <= 1.5 + 2 / 3 * 1.5 / (QUICK.http.attempts - 1), "the last attempt keeps its share"


@pytest.mark.parametrize("random", [0.0, 0.5, 0.99])
def test_no_attempt_begins_after_the_retry_window(random: float):
    clock = Clock()
    narrow = clock.attempts(random, attempts=50, backoff=0.2, backoff_max=0.2, retry_window=0.5)
    with pytest.raises(ServerFailed):
        with_retries(narrow, clock.fails)

    assert 2 <= len(clock.begun) <= 6
    assert max(clock.begun) <= 0.5


def test_the_client_makes_no_attempt_after_the_retry_window(api: ApiFixture, client):
    narrow = dataclasses.replace(QUICK.http, attempts=50, backoff=0.2, backoff_max=0.2, retry_window=0.5)
    api.client = client(api.sandbox.api_url, settings=dataclasses.replace(QUICK, http=narrow))
    api.fault(f.Status(500))

    with pytest.raises(ServerFailed):
        api.client.get("one")

    assert api.request_count("GET") <= 6


def test_a_retry_after_above_the_limit_ends_the_call(api: ApiFixture):
    api.fault(f.Status(429, "slow down", retry_after=100_000))

    began = time.monotonic()
    with pytest.raises(RateLimited, match="429: slow down"):
        api.client.get("one")

    assert time.monotonic() - began < 2
    assert api.request_count("GET") == 1


def test_the_client_waits_for_retry_after(api: ApiFixture):
    api.fault(f.Status(429, retry_after=1), nth=1)

    began = time.monotonic()
    api.client.get("one")

    assert 1 <= time.monotonic() - began < 3
    assert api.request_count("GET") == 2


@pytest.mark.parametrize(
    ("error", "is_retried"),
    [
        (ConnectionFailed("no response"), True),
        (RequestNotSent("no connection"), True),
        (Unreachable("no response for too long"), False),
        (MalformedResponse("not JSON"), True),
        (ResponseInvalid("another project"), False),
        (RateLimited("429", status=429), True),
        (Throttled("429 for too long"), False),
        (ResponseInvalid("408", status=408), True),
        (ServerFailed("500", status=500), True),
        (ServerFailed("501", status=501), False),
        (ServerFailed("505", status=505), False),
        (ProjectNotFound("404", status=404), False),
    ],
    ids=lambda value: str(value),
)
def test_only_errors_that_may_disappear_are_retried(error: ApiError, is_retried: bool):
    assert is_retryable(error) is is_retried


def test_the_error_of_the_origin_is_raised_where_the_rate_limiter_refuses_the_next_request():
    errors = iter(
        [ServerFailed("the API returned 503", status=503), Throttled("https://api.test refuses all requests")]
    )

    def send(_: Attempts) -> None:
        raise next(errors)

    with pytest.raises(ServerFailed, match="the API returned 503"):
        with_retries(Attempts(QUICK.http, TIME, "https://api.test"), send)
