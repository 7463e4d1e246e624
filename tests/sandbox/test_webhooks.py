"""The sandbox sends webhooks as the vendor does: signed, until they are accepted; and with faults on request."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from mhsync.errors import UsageError
from mhsync.sandbox.account import Account, SandboxProject, outputs_of
from mhsync.sandbox.faultfile import faults_of
from mhsync.sandbox.rules import Faults
from mhsync.sandbox.server import Sandbox
from mhsync.sandbox.webhooks import SANDBOX_SECRET, Webhook, WebhookFaults

TIMEOUT = 60.0


class Receiver:
    """Keeps what it received, and checks it as the vendor's reference describes."""

    def __init__(self) -> None:
        self.received: list[tuple[str, str, bool, float]] = []
        self.bodies: list[dict[str, object]] = []
        self.refusals = 0
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                timestamp = self.headers["magic-hour-event-timestamp"]
                expected = hmac.new(SANDBOX_SECRET.encode(), timestamp.encode() + b"." + body, hashlib.sha256)
                is_signed = hmac.compare_digest(expected.hexdigest(), self.headers["magic-hour-event-signature"])
                data = json.loads(body)
                age = time.time() - int(timestamp)
                status = 200 if is_signed and age < 300 else 401
                if status == 200 and receiver.refusals:
                    receiver.refusals -= 1
                    status = 500
                receiver.received.append((data["type"], data["payload"]["id"], status == 200, age))
                receiver.bodies.append(data)
                self.send_response(status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/webhook"

    def accepted(self) -> list[tuple[str, str]]:
        return [(event, id) for event, id, is_accepted, _ in self.received if is_accepted]

    def wait(self, condition: Callable[[], bool]) -> None:
        until = time.monotonic() + TIMEOUT
        while not condition():
            assert time.monotonic() < until, self.received
            time.sleep(0.01)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    thread = threading.Thread(target=receiver.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield receiver
    receiver.server.shutdown()
    thread.join()
    receiver.server.server_close()


def sandbox(receiver: Receiver, **faults: object) -> Sandbox:
    account = Account([SandboxProject("old"), SandboxProject("one", status="queued", outputs=outputs_of("one"))])
    return Sandbox(account, webhook=Webhook(receiver.url), faults=Faults(webhooks=WebhookFaults(**faults)))


def test_a_render_sends_an_event_when_it_starts_and_when_it_ends(receiver):
    with sandbox(receiver) as running:
        running.account.set_status("one", "rendering")
        receiver.wait(lambda: receiver.accepted() == [("audio.started", "one")])
        running.account.set_status("one", "complete")
        receiver.wait(lambda: receiver.accepted() == [("audio.started", "one"), ("audio.completed", "one")])
        payload = receiver.bodies[-1]["payload"]
        assert payload["status"] == "complete"
        assert payload["downloads"][0]["url"].startswith(running.files_url)
        receiver.wait(lambda: len(running.deliveries) == 2)  # Each is recorded after its response has arrived.
        assert [one.status for one in running.deliveries] == [200, 200]


def test_new_projects_errors_and_cancellations(receiver):
    with sandbox(receiver) as running:
        running.account.put(SandboxProject("new", status="complete"))
        running.account.put(SandboxProject("broken", status="error"))
        running.account.put(SandboxProject("called-off", status="canceled"))
        running.account.put(SandboxProject("draft", status="draft"))
        receiver.wait(lambda: len(receiver.accepted()) == 4)
    assert sorted(receiver.accepted()) == [
        ("audio.completed", "new"), ("audio.errored", "broken"), ("audio.started", "broken"), ("audio.started", "new"),
    ]  # fmt: skip


def test_a_delivery_that_is_not_accepted_is_sent_again(receiver):
    receiver.refusals = 2
    with sandbox(receiver) as running:
        running.account.set_status("one", "rendering")
        receiver.wait(lambda: receiver.accepted() == [("audio.started", "one")])
    assert [status for _, _, status, _ in receiver.received] == [False, False, True]


def test_repeats_and_a_wrong_order(receiver):
    with sandbox(receiver, repeats=1, reorder=True, delay=0.05) as running:
        running.account.set_status("one", "rendering")
        running.account.set_status("one", "complete")
        receiver.wait(lambda: len(receiver.accepted()) == 4)
    assert receiver.accepted() == [("audio.completed", "one")] * 2 + [("audio.started", "one")] * 2


def test_forged_deliveries_are_wrong_each_in_its_own_way(receiver):
    with sandbox(receiver, forged=3) as running:
        running.account.set_status("one", "rendering")
        receiver.wait(lambda: len(running.deliveries) == 4)  # Each is recorded after its response has arrived.
        assert [(one.is_forged, one.status) for one in running.deliveries] == [(True, 401)] * 3 + [(False, 200)]
    ages = [age for _, _, _, age in receiver.received]
    assert max(ages) > 300
    assert [event for event, *_ in receiver.received].count("audio.xstarted") == 1


def test_faults_are_read_from_a_file():
    found = faults_of({"webhooks": {"repeats": 2, "reorder": True, "delay": 1.5, "forged": 3}})
    assert found.webhooks == WebhookFaults(2, True, 1.5, 3)
    assert faults_of({}).webhooks == WebhookFaults()


@pytest.mark.parametrize("url", ["", "webhook", "ftp://127.0.0.1/", "http://", "http://[::1/", "http://a:b/"])
def test_an_unusable_url_is_a_usage_error(url):
    with pytest.raises(UsageError, match="webhook") as caught:
        Webhook(url)
    assert caught.value.hint
