"""The pace among real threads and over real sockets."""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from mhsync.api.client import Client
from mhsync.errors import ConnectionFailed, Interrupted, RateLimited, ServerFailed
from mhsync.sandbox import faults as f
from mhsync.sandbox.account import Account, SandboxProject
from mhsync.sandbox.rules import Faults, Rate, Rule
from mhsync.sandbox.server import Sandbox
from mhsync.settings import HttpSettings, RateLimitSettings, Settings
from tests.api.client_fixture import KEY, CliRunner, fetch
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


def test_a_limited_api_loses_no_project():
    quick = Settings(pace=RateLimitSettings(pause=0.05))
    faults = Faults(rate=Rate(200, burst=40))
    with (
        Sandbox(account(250), key=KEY, faults=faults) as sandbox,
        Client(KEY, base_url=sandbox.api_url, settings=quick) as client,
    ):
        assert get_all(client, sandbox.ids) == list(sandbox.ids)
        assert 0 < len(sandbox.requests.of(status=429)) < 0.08 * len(sandbox.requests)


def test_a_refusal_holds_back_every_thread(stack):
    sandbox = stack.enter_context(Sandbox(account(16), key=KEY, faults=Faults()))
    client = stack.enter_context(Client(KEY, base_url=sandbox.api_url))
    sandbox.faults = Faults(Rule(f.Status(429, retry_after=1), nth=1))
    began = time.monotonic()

    assert get_all(client, sandbox.ids) == list(sandbox.ids)

    assert time.monotonic() - began >= 1
    assert len(sandbox.requests) <= 17 + 4


def test_the_rate_is_capped():
    capped = Settings(pace=RateLimitSettings(rate=50))
    with (
        Sandbox(account(30), key=KEY) as sandbox,
        Client(KEY, base_url=sandbox.api_url, settings=capped) as client,
    ):
        began = time.monotonic()
        get_all(client, sandbox.ids)
        assert time.monotonic() - began >= 29 / 50 - 0.05


def test_an_api_that_refuses_everything_is_given_up_in_bounded_time():
    hasty = Settings(pace=RateLimitSettings(pause=0.01, pause_max=0.05, patience=0.3))
    with (
        Sandbox(account(200), key=KEY, faults=Faults(rate=Rate(0.0001, burst=1))) as sandbox,
        Client(KEY, base_url=sandbox.api_url, settings=hasty) as client,
    ):
        began = time.monotonic()
        found = get_all(client, sandbox.ids)
        assert time.monotonic() - began < 10
        assert sum(isinstance(one, RateLimited) for one in found) == 199
        assert len(sandbox.requests) < 200  # most were given up without being sent


def test_an_api_that_answers_503_to_everything_is_given_up_within_its_window():
    """Two calls at once took turns at trying, and kept each other waiting for two minutes."""
    settings = Settings(pace=RateLimitSettings(pause=0.05, pause_max=3, patience=3))
    with (
        Sandbox(account(2), key=KEY, faults=Faults(Rule(f.Status(503)))) as sandbox,
        Client(KEY, base_url=sandbox.api_url, settings=settings) as client,
    ):
        began = time.monotonic()
        found = get_all(client, sandbox.ids)
        assert time.monotonic() - began < 5
    assert all(isinstance(one, ServerFailed) and one.status == 503 for one in found)


def test_an_outage_shorter_than_the_patience_loses_no_project():
    settings = Settings(
        http=HttpSettings(backoff=0.001, backoff_max=0.002),
        pace=RateLimitSettings(pause=0.1, pause_max=0.1, silence=12),
    )
    sandbox = Sandbox(account(40), key=KEY)
    with sandbox:
        url = sandbox.api_url
    starter = threading.Timer(0.35, sandbox.start)
    starter.start()
    try:
        with Client(KEY, base_url=url, settings=settings) as client:
            found = get_all(client, sandbox.ids, threads=8)
    finally:
        starter.join()
        sandbox.stop()
    assert found == list(sandbox.ids)


def test_an_api_that_is_away_is_given_up_in_bounded_time():
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


def test_a_request_that_is_interrupted_leaves_the_pace_to_the_others(cli_runner: CliRunner, client):
    """Also while it is the one that tries after a pause."""
    stops = threading.local()
    cli_runner.client = client(cli_runner.sandbox.api_url, stop=lambda: getattr(stops, "wanted", False))
    cli_runner.fault(f.Status(429, retry_after=1), nth=1)

    def interrupted() -> None:
        stops.wanted = True
        with pytest.raises(Interrupted):
            cli_runner.client.get("one")

    for _ in range(3):
        thread = threading.Thread(target=interrupted)
        thread.start()
        thread.join()
    assert cli_runner.client.get("one").id == "one"


def test_origins_have_paces_of_their_own(cli_runner: CliRunner, scripted_server):
    busy = scripted_server(http_response(429, Retry_After="30"))
    stopped = threading.Event()
    other = Client(KEY, base_url=cli_runner.sandbox.api_url, stop=stopped.is_set)

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
