"""The rate limit with real threads and real sockets."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from mhsync.api.client import Client
from mhsync.api.errors import Throttled
from mhsync.api.rate_limiter import RateLimiter
from mhsync.errors import ConnectionFailed, Interrupted, RateLimited, ServerFailed
from mhsync.sandbox import faults as f
from mhsync.sandbox.account import Account, SandboxProject
from mhsync.sandbox.rules import Faults, Rate, Rule
from mhsync.sandbox.server import Sandbox
from mhsync.settings import HttpSettings, RateLimitSettings, Settings
from tests.api.client_fixture import KEY, TIME, ApiFixture, fetch
from tests.api.scripted_server import ScriptedServer, http_response


def account(count: int) -> Account:
    return Account(SandboxProject(f"p{number}", status="queued") for number in range(count))


def get_all(client: Client, ids: tuple[str, ...], threads: int = 16) -> list[object]:
    def get(id: str) -> object:
        try:
            return client.get(id).id
        except Exception as error:
            return error

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(get, ids))


@pytest.mark.slow
@pytest.mark.skipif("MHSYNC_LONG" not in os.environ, reason="takes half a minute: `make test-long`")
def test_500_projects_at_20_requests_a_second_with_default_settings():
    faults = Faults(rate=Rate(20))
    with Sandbox(account(500), key=KEY, faults=faults) as sandbox, Client(KEY, base_url=sandbox.api_url) as client:
        assert get_all(client, sandbox.ids) == list(sandbox.ids)
        refused = len(sandbox.requests.of(status=429))
        assert refused < 0.05 * len(sandbox.requests)


def test_a_rate_limit_fails_no_project():
    quick = Settings(pace=RateLimitSettings(pause=0.05))
    faults = Faults(rate=Rate(200, burst=40))
    with (
        Sandbox(account(250), key=KEY, faults=faults) as sandbox,
        Client(KEY, base_url=sandbox.api_url, settings=quick) as client,
    ):
        assert get_all(client, sandbox.ids) == list(sandbox.ids)
        assert 0 < len(sandbox.requests.of(status=429)) < 0.08 * len(sandbox.requests)


def test_a_refusal_pauses_all_threads(stack):
    sandbox = stack.enter_context(Sandbox(account(16), key=KEY, faults=Faults()))
    client = stack.enter_context(Client(KEY, base_url=sandbox.api_url))
    sandbox.faults = Faults(Rule(f.Status(429, retry_after=1), nth=1))
    began = time.monotonic()

    assert get_all(client, sandbox.ids) == list(sandbox.ids)

    assert time.monotonic() - began >= 1
    assert len(sandbox.requests) <= 17 + 4


def test_the_rate_is_limited():
    capped = Settings(pace=RateLimitSettings(rate=50))
    with (
        Sandbox(account(30), key=KEY) as sandbox,
        Client(KEY, base_url=sandbox.api_url, settings=capped) as client,
    ):
        began = time.monotonic()
        get_all(client, sandbox.ids)
        assert time.monotonic() - began >= 29 / 50 - 0.05


def test_calls_to_an_api_that_refuses_everything_end_in_bounded_time():
    hasty = Settings(pace=RateLimitSettings(pause=0.01, pause_max=0.05, patience=0.3))
    with (
        Sandbox(account(200), key=KEY, faults=Faults(rate=Rate(0.0001, burst=1))) as sandbox,
        Client(KEY, base_url=sandbox.api_url, settings=hasty) as client,
    ):
        began = time.monotonic()
        found = get_all(client, sandbox.ids)
        assert time.monotonic() - began < 10
        assert sum(isinstance(one, RateLimited) for one in found) == 199
        assert len(sandbox.requests) < 200  # most calls ended without a request


def test_calls_to_an_api_that_returns_only_503_end_within_the_patience():
    """Regression test: two concurrent calls sent the probes in turn, and delayed each other for two minutes."""
    settings = Settings(pace=RateLimitSettings(pause=0.05, pause_max=3, patience=3))
    with (
        Sandbox(account(2), key=KEY, faults=Faults(Rule(f.Status(503)))) as sandbox,
        Client(KEY, base_url=sandbox.api_url, settings=settings) as client,
    ):
        began = time.monotonic()
        found = get_all(client, sandbox.ids)
        assert time.monotonic() - began < 5
    assert all(isinstance(one, ServerFailed) and one.status == 503 for one in found)


@pytest.mark.parametrize(
    ("status", "hint"),
    [(429, "run again later, with --rate to limit the requests per second"), (503, "run again later")],
)
def test_the_hint_fits_the_status_with_which_an_origin_refuses_requests(status: int, hint: str):
    """A lower rate prevents a 429. It does not help against a 503."""
    origin = "https://api.test"
    limiter = RateLimiter(Settings(pace=RateLimitSettings(pause=0.01, pause_max=0.01, patience=0.1)), TIME)
    with pytest.raises(Throttled) as caught:
        while True:
            with limiter.permit(origin) as permit:
                permit.record_response(status, None)
    assert caught.value.message == f"{origin}: the server refuses all requests: it returned {status}"
    assert caught.value.hint == hint


PAUSE = 60.0
WIDE = 1000 * PAUSE


class OutageClock:
    """A clock on which the pauses of the rate limiter pass at once. The server returns during the second one.

    A long sleep is one of a pause. It advances the clock, after the server has started if it is to start.
    """

    def __init__(self, start: Callable[[], object]) -> None:
        self._start = start
        self._lock = threading.Lock()
        self._passed = 0.0
        self.pauses = 0

    def __call__(self) -> float:
        return time.monotonic() + self._passed

    def sleep(self, seconds: float) -> None:
        end = self() + seconds
        if seconds < 0.1:
            time.sleep(seconds)
            return
        with self._lock:
            if self() >= end:
                return  # Another thread waited for the same pause.
            self.pauses += 1
            if self.pauses == 2:
                self._start()
            self._passed += 1.2 * PAUSE  # The rate limiter adds up to a tenth.


def test_an_outage_shorter_than_the_patience_fails_no_project():
    settings = Settings(
        # The clock jumps while requests are sent, so their time limits are wide.
        http=HttpSettings(
            backoff=0.001,
            backoff_max=0.002,
            connect_timeout=WIDE,
            read_timeout=WIDE,
            head_timeout=WIDE,
            retry_window=3 * WIDE,
        ),
        # A call has 6 attempts. At most 3 of them precede the first pause, however late the other threads begin.
        pace=RateLimitSettings(pause=PAUSE, pause_max=PAUSE, silence=3, silence_patience=WIDE),
    )
    sandbox = Sandbox(account(40), key=KEY)
    with sandbox:
        url = sandbox.api_url
    clock = OutageClock(sandbox.start)
    try:
        with Client(KEY, base_url=url, settings=settings, clock=clock, sleep=clock.sleep) as client:
            found = get_all(client, sandbox.ids, threads=8)
    finally:
        sandbox.stop()
    assert found == list(sandbox.ids)
    assert clock.pauses >= 2


def test_calls_to_an_unreachable_api_end_in_bounded_time():
    with ScriptedServer(b"") as server:
        url = server.url
    hasty = Settings(
        http=HttpSettings(backoff=0.001, backoff_max=0.002),
        pace=RateLimitSettings(pause=0.02, pause_max=0.05, silence_patience=0.3),
    )
    with Client(KEY, base_url=url, settings=hasty) as client:
        began = time.monotonic()
        found = get_all(client, tuple(f"p{number}" for number in range(500)))
        assert time.monotonic() - began < 10
    assert all(isinstance(one, ConnectionFailed) for one in found)
    assert any("does not respond" in str(one) for one in found)


def test_an_interrupted_request_does_not_block_the_rate_limit(api: ApiFixture, client):
    """Also if the interrupted request is the probe after a pause."""
    stops = threading.local()
    api.client = client(api.sandbox.api_url, stop=lambda: getattr(stops, "wanted", False))
    api.fault(f.Status(429, retry_after=1), nth=1)

    def interrupted() -> None:
        stops.wanted = True
        with pytest.raises(Interrupted):
            api.client.get("one")

    for _ in range(3):
        thread = threading.Thread(target=interrupted)
        thread.start()
        thread.join()
    assert api.client.get("one").id == "one"


def test_each_origin_has_its_own_rate_limit(api: ApiFixture, scripted_server):
    busy = scripted_server(http_response(429, Retry_After="30"))
    stopped = threading.Event()
    other = Client(KEY, base_url=api.sandbox.api_url, stop=stopped.is_set)

    def stuck() -> None:
        with pytest.raises(Interrupted):
            fetch(other, f"{busy.url}/a.wav")

    thread = threading.Thread(target=stuck)
    thread.start()
    try:
        while not busy.heads:
            time.sleep(0.01)
        began = time.monotonic()
        assert other.get("one").id == "one"
        assert time.monotonic() - began < 5
    finally:
        stopped.set()
        thread.join()
        other.close()
