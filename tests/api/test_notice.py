"""Notices of long waits: over real sockets, once for each pause, with the reason, the length and the attempt."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from mhsync.api.client import Client
from mhsync.api.notice import Notices, WaitNotice
from mhsync.errors import ConnectionFailed, Interrupted, ServerFailed
from mhsync.sandbox import faults as f
from mhsync.sandbox.account import Account, SandboxProject
from mhsync.sandbox.rules import Faults, Rule
from mhsync.sandbox.server import Sandbox
from mhsync.settings import HttpSettings, Settings
from tests.api.client_fixture import KEY, QUICK, ApiFixture, fetch
from tests.api.scripted_server import ScriptedServer, http_response


def test_each_pause_is_reported_once_for_all_threads():
    projects = Account(SandboxProject(f"p{number}", status="queued") for number in range(16))
    notices: list[WaitNotice] = []
    with (
        Sandbox(projects, key=KEY, faults=Faults(Rule(f.Status(503, retry_after=3), nth=1))) as sandbox,
        Client(KEY, base_url=sandbox.api_url, on_wait=notices.append) as client,
        ThreadPoolExecutor(16) as pool,
    ):
        assert [project.id for project in pool.map(client.get, sandbox.ids)] == list(sandbox.ids)
    (notice,) = notices
    assert notice.subject == "the API"
    assert notice.reason == "returned 503 and asked to wait 3 s (Retry-After)"
    assert 2.5 < notice.seconds < 3.5
    assert (notice.attempt, notice.attempts) in {(1, 6), (2, 6)}


def test_a_long_retry_after_is_reported_at_once(scripted_server):
    server = scripted_server(*[http_response(429, Retry_After="590")] * 3)
    waiting = threading.Event()
    notices: list[WaitNotice] = []

    def on_wait(notice: WaitNotice) -> None:
        notices.append(notice)
        waiting.set()

    with (
        Client(KEY, base_url=server.url, on_wait=on_wait, stop=waiting.is_set) as client,
        pytest.raises(Interrupted),
    ):
        client.get("one")
    (notice,) = notices
    assert 585 < notice.seconds < 595
    assert "590 s (Retry-After)" in notice.reason
    assert (notice.attempt, notice.attempts) == (2, 6)


def test_a_backoff_is_reported_with_its_attempt(api: ApiFixture, client):
    notices: list[WaitNotice] = []
    slow = replace(QUICK, http=replace(QUICK.http, backoff=0.05, backoff_max=0.05, notice_after=0.01))
    api.client = client(api.sandbox.api_url, settings=slow, on_wait=notices.append)
    api.fault(f.Status(500))
    with pytest.raises(ServerFailed):
        api.client.get("one")
    assert [(n.reason, n.attempt, n.attempts) for n in notices] == [("returned 500", n, 6) for n in range(2, 7)]


def test_no_connection_is_reported_without_repeating_the_address():
    with ScriptedServer(b"") as server:
        url = server.url
    notices: list[WaitNotice] = []
    settings = Settings(http=HttpSettings(backoff=0.05, backoff_max=0.05, notice_after=0.01))
    with (
        Client(KEY, base_url=url, settings=settings, on_wait=notices.append) as client,
        pytest.raises(ConnectionFailed),
    ):
        client.get("one")
    assert notices[0].reason == "sent no valid response (cannot connect: connection refused)"


def test_a_download_host_is_named_by_its_origin(scripted_server):
    host = scripted_server(http_response(503, Retry_After="3"), http_response(200, b"RIFF\0whole"))
    notices: list[WaitNotice] = []
    with Client(KEY, base_url="http://127.0.0.1:1", on_wait=notices.append) as client:
        fetched, _ = fetch(client, f"{host.url}/a.wav?sig=secret")
    assert fetched.size == 10
    (notice,) = notices
    assert notice.subject == host.url
    assert "secret" not in repr(notice)


def test_the_last_attempt_is_followed_by_no_notice(api: ApiFixture, client):
    """The command ends then, so there is no next attempt to report."""
    notices: list[WaitNotice] = []
    settings = replace(QUICK, http=replace(QUICK.http, attempts=2, notice_after=0.001))
    api.client = client(api.sandbox.api_url, settings=settings, on_wait=notices.append)
    api.fault(f.Status(503))
    with pytest.raises(ServerFailed):
        api.client.get("one")
    assert [notice.attempt for notice in notices] == [2]


def test_a_longer_pause_of_the_same_origin_is_reported_again():
    now = [100.0]
    reported: list[WaitNotice] = []
    notices = Notices(reported.append, "https://api.test", least=2, clock=lambda: now[0])
    notices.waiting("https://api.test", "returned 503", 5, 2, 6)
    notices.waiting("https://api.test", "returned 503", 4.9, 1, 6)
    notices.waiting("https://files.test", "returned 503", 5, 2, 6)
    now[0] += 5
    notices.waiting("https://api.test", "returned 503", 585, 2, 6)
    notices.waiting("https://api.test", "returned 503", 1.9, 2, 6)
    assert [(notice.origin, notice.seconds) for notice in reported] == [
        ("https://api.test", 5), ("https://files.test", 5), ("https://api.test", 585),
    ]  # fmt: skip
