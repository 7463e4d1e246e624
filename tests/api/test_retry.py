"""The attempts of one call: how long each may take, when the next one is sent, and when there is none."""

from __future__ import annotations

import dataclasses
import time

import pytest

from mhsync.api.errors import MalformedResponse, RequestNotSent, Throttled, Unreachable
from mhsync.api.retry import Attempts, is_retryable, with_retries
from mhsync.errors import ApiError, ConnectionFailed, ProjectNotFound, RateLimited, ResponseInvalid, ServerFailed
from mhsync.sandbox import faults as f
from tests.api.client_fixture import QUICK, TIME, ApiFixture


def test_one_missing_response_leaves_time_for_other_attempts(api: ApiFixture, client):
    patient = dataclasses.replace(QUICK.http, read_timeout=30, retry_window=3)
    api.client = client(api.sandbox.api_url, settings=dataclasses.replace(QUICK, http=patient))
    api.fault(f.Stall(), nth=1)

    began = time.monotonic()
    assert api.client.get("one").id == "one"

    assert time.monotonic() - began < 3
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

    assert time.monotonic() - began < 2 * 1.5
    assert api.request_count("GET") >= 5


def test_no_attempt_begins_after_the_retry_window(api: ApiFixture, client):
    narrow = dataclasses.replace(QUICK.http, attempts=50, backoff=0.2, backoff_max=0.2, retry_window=0.5)
    api.client = client(api.sandbox.api_url, settings=dataclasses.replace(QUICK, http=narrow))
    api.fault(f.Status(500))

    began = time.monotonic()
    with pytest.raises(ServerFailed):
        api.client.get("one")

    assert time.monotonic() - began < 1
    assert 2 <= api.request_count("GET") <= 6


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
