"""Deliveries over real sockets: signed, retried, bounded, and without secrets in messages."""

from __future__ import annotations

import base64
import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from typing import Any

import jsonschema
import pytest
from mhsync_webhook import sending
from mhsync_webhook.bounds import Bounds
from mhsync_webhook.notifier import WebhookNotifier
from mhsync_webhook.options import Options
from mhsync_webhook.target import Target

from mhsync import Event, MhsyncError

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
Receive = Callable[..., Any]


class Clock:
    """A clock that advances only in `sleep`."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def notifier(
    url: str, environ: dict[str, str] | None = None, options: dict[str, str] | None = None, **given: Any
) -> WebhookNotifier:
    read = Options.read(options or {}, environ or {})
    return WebhookNotifier(Target.parse(url), read, environ=environ or {}, **given)


def notifier_with_clock(url: str, clock: Clock, **given: Any) -> WebhookNotifier:
    return notifier(url, monotonic=clock, sleep=clock.sleep, jitter=lambda: 0.0, **given)


def test_an_event_arrives_as_a_valid_cloud_event(
    receive: Receive, event: Event, event_schema: dict[str, Any]
) -> None:
    receiver = receive()
    notifier(receiver.url).notify(event)
    [(headers, body)] = receiver.requests
    assert headers["content-type"] == "application/cloudevents+json"
    assert headers[":path"] == "/hook/9f8e7d6c5b4a?token=s3cr3tt0ken"
    assert "webhook-signature" not in headers
    assert json.loads(body) == event.to_json()
    jsonschema.validate(json.loads(body), event_schema, cls=jsonschema.Draft202012Validator)


def test_a_receiver_verifies_the_signature(receive: Receive, event: Event) -> None:
    receiver = receive(secret=SECRET)
    options = {"secret_env": "MHSYNC_NOTIFY_HOOK"}
    notifier(receiver.url, {"MHSYNC_NOTIFY_HOOK": SECRET}, options).notify(event)
    assert [received["id"] for received in receiver.events] == [event.id]

    with pytest.raises(MhsyncError, match="answered 401"):
        notifier(receiver.url, {"MHSYNC_NOTIFY_HOOK": "another-secret"}, options).notify(event)
    with pytest.raises(MhsyncError, match="answered 401"):
        notifier(receiver.url).notify(event)
    assert receiver.refused == ["wrong signature", "not signed"]


def test_with_two_secrets_a_receiver_that_knows_only_the_old_one_accepts_the_event(
    receive: Receive, event: Event
) -> None:
    receiver = receive(secret="the-old-secret")
    notifier(
        receiver.url, {"MHSYNC_NOTIFY_HOOK": "the-new-secret the-old-secret"}, {"secret_env": "MHSYNC_NOTIFY_HOOK"}
    ).notify(event)
    assert len(receiver.events) == 1


def test_each_attempt_is_signed_with_its_own_time(receive: Receive, event: Event) -> None:
    receiver = receive(answers=[500, 500, 204])
    clock = Clock()
    target = Target.parse(receiver.url)
    options = Options.read({"secret_env": "MHSYNC_NOTIFY_HOOK"}, {"MHSYNC_NOTIFY_HOOK": SECRET})
    WebhookNotifier(
        target, options, environ={}, clock=clock, monotonic=clock, sleep=clock.sleep, bounds=Bounds(backoff=4)
    ).notify(event)
    times = [int(headers["webhook-timestamp"]) for headers, _ in receiver.requests]
    assert times == sorted(set(times))
    assert len({headers["webhook-signature"] for headers, _ in receiver.requests}) == 3
    assert {headers["webhook-id"] for headers, _ in receiver.requests} == {event.id}


def test_a_receiver_recognises_a_repeat_by_its_id(receive: Receive, event: Event) -> None:
    receiver = receive(secret=SECRET)
    webhook = notifier(receiver.url, {"MHSYNC_NOTIFY_HOOK": SECRET}, {"secret_env": "MHSYNC_NOTIFY_HOOK"})
    webhook.notify(event)
    webhook.notify(event)
    assert len(receiver.requests) == 2
    assert len(receiver.events) == 1


def test_the_authorization_of_the_environment_is_sent_unchanged(receive: Receive, event: Event) -> None:
    receiver = receive()
    notifier(
        receiver.url, {"MHSYNC_NOTIFY_AUTH": "Bearer abc.def"}, {"authorization_env": "MHSYNC_NOTIFY_AUTH"}
    ).notify(event)
    assert receiver.requests[0][0]["authorization"] == "Bearer abc.def"


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 0])
def test_a_temporary_failure_is_retried(receive: Receive, event: Event, status: int) -> None:
    """0 stands for a connection that ends without a response."""
    receiver = receive(answers=[status, status, 200])
    clock = Clock()
    notifier_with_clock(receiver.url, clock).notify(event)
    assert [received["id"] for received in receiver.events] == [event.id]
    assert clock.slept == [0.5, 1.0]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 410, 413, 422])
def test_a_final_failure_is_not_retried(receive: Receive, event: Event, status: int) -> None:
    receiver = receive(answers=[status])
    with pytest.raises(MhsyncError, match=rf"^the receiver answered {status}$"):
        notifier_with_clock(receiver.url, Clock()).notify(event)
    assert len(receiver.requests) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(receive: Receive, event: Event, status: int) -> None:
    elsewhere = receive()
    receiver = receive(answers=[(status, {"Location": elsewhere.url.removeprefix("webhook+")})])
    with pytest.raises(MhsyncError, match=rf"redirects \({status}\)"):
        notifier_with_clock(receiver.url, Clock()).notify(event)
    assert elsewhere.requests == []
    assert len(receiver.requests) == 1


def test_the_number_of_attempts_is_limited(receive: Receive, event: Event) -> None:
    receiver = receive(answers=[500])
    clock = Clock()
    with pytest.raises(MhsyncError, match=r"^the receiver answered 500 \(attempt 5\)$"):
        notifier_with_clock(receiver.url, clock).notify(event)
    assert clock.slept == [0.5, 1.0, 2.0, 4.0]


def test_the_time_of_all_attempts_is_limited(receive: Receive, event: Event) -> None:
    receiver = receive(answers=[503])
    clock = Clock()
    with pytest.raises(MhsyncError, match=r"\(attempt 4\)"):
        notifier_with_clock(receiver.url, clock, bounds=Bounds(attempts=50, window=4)).notify(event)
    assert sum(clock.slept) <= 4


def test_retry_after_is_honoured(receive: Receive, event: Event) -> None:
    receiver = receive(answers=[(429, {"Retry-After": "7"}), (503, {"Retry-After": "20"}), 200])
    clock = Clock()
    notifier_with_clock(receiver.url, clock).notify(event)
    assert clock.slept == [7, 20]
    assert len(receiver.events) == 1


@pytest.mark.parametrize("values", [["31"], ["20", "11"], ["9" * 30], ["Fri, 31 Dec 9999 23:59:59 GMT"]])
def test_a_too_long_retry_after_ends_the_attempts(receive: Receive, event: Event, values: list[str]) -> None:
    receiver = receive(answers=[(429, {"Retry-After": value}) for value in values])
    clock = Clock()
    with pytest.raises(MhsyncError, match=r"answered 429 and asked to wait \d+ s"):
        notifier_with_clock(receiver.url, clock).notify(event)
    assert sum(clock.slept) <= 30


def test_retry_after_may_be_a_date(receive: Receive, event: Event) -> None:
    receiver = receive(answers=[(503, {"Retry-After": "Fri, 15 Jan 2027 08:00:09 GMT"}), 200])
    clock = Clock()
    notifier(receiver.url, clock=clock, monotonic=clock, sleep=clock.sleep).notify(event)
    assert clock.slept == [9]


def test_a_malformed_retry_after_is_ignored(receive: Receive, event: Event) -> None:
    receiver = receive(answers=[(503, {"Retry-After": "soon"}), 200])
    clock = Clock()
    notifier_with_clock(receiver.url, clock).notify(event)
    assert clock.slept == [0.5]


def test_an_unreachable_receiver_is_reported_in_one_line(event: Event) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"webhook+http://127.0.0.1:{free.getsockname()[1]}/s3cr3t"
        with pytest.raises(MhsyncError, match=r"^cannot connect to the receiver \(attempt 5\)$"):
            notifier_with_clock(url, Clock()).notify(event)


def test_a_receiver_that_does_not_answer_times_out(receive: Receive, event: Event) -> None:
    receiver = receive(delay=1.0)
    with pytest.raises(MhsyncError, match=r"did not answer in time \(attempt 2\)"):
        notifier_with_clock(receiver.url, Clock(), bounds=Bounds(read=0.1, attempts=2)).notify(event)


@contextmanager
def one_connection(handle: Callable[[socket.socket], None]) -> Iterator[int]:
    """The port of a server that accepts one connection and handles it on a thread."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            connection, _ = server.accept()
            with connection:
                handle(connection)

        thread = threading.Thread(target=accept)
        thread.start()
        yield server.getsockname()[1]
        thread.join(10)
        assert not thread.is_alive()


def test_an_untrusted_certificate_is_not_retried(event: Event) -> None:
    """The server does not speak TLS at all, which is reported in the same way."""

    def answer(connection: socket.socket) -> None:
        connection.recv(100)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

    with one_connection(answer) as port:
        webhook = notifier_with_clock(f"webhook+https://127.0.0.1:{port}/s3cr3t", Clock())
        with pytest.raises(MhsyncError, match="certificate of the receiver is not trusted") as caught:
            webhook.notify(event)
    assert "s3cr3t" not in str(caught.value)


def test_an_endless_response_is_not_read(event: Event) -> None:
    """The status was received. The plugin does not wait for the rest."""

    def answer(connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n")
        with suppress(OSError):
            while True:
                connection.sendall(bytes(65_536))

    with one_connection(answer) as port:
        notifier(f"webhook+http://127.0.0.1:{port}/").notify(event)


@pytest.mark.parametrize("status", [200, 404])
def test_a_slow_response_body_is_not_waited_for(event: Event, status: int) -> None:
    done = threading.Event()

    def answer(connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(f"HTTP/1.1 {status} So\r\nContent-Length: 100\r\n\r\n".encode())
        with suppress(OSError):
            for _ in range(300):
                connection.sendall(b"x")
                if done.wait(0.2):
                    return

    with one_connection(answer) as port:
        begun = time.monotonic()
        with nullcontext() if status == 200 else pytest.raises(MhsyncError, match="answered 404"):
            notifier(f"webhook+http://127.0.0.1:{port}/").notify(event)
        took = time.monotonic() - begun
        done.set()
    assert took < 30


def test_a_connection_is_reused(receive: Receive, event: Event) -> None:
    receiver = receive(answers=[204])
    webhook = notifier(receiver.url)
    for _ in range(3):
        webhook.notify(event)
    assert len({headers[":peer"] for headers, _ in receiver.requests}) == 1


def test_no_log_contains_the_url_the_secret_or_the_authorization(
    receive: Receive, event: Event, caplog: pytest.LogCaptureFixture
) -> None:
    receiver = receive(answers=[500, 204])
    environ = {"MHSYNC_NOTIFY_HOOK": SECRET, "MHSYNC_NOTIFY_AUTH": "Bearer abc.def"}
    with caplog.at_level(logging.DEBUG):
        webhook = notifier(
            receiver.url,
            environ,
            {"secret_env": "MHSYNC_NOTIFY_HOOK", "authorization_env": "MHSYNC_NOTIFY_AUTH"},
            sleep=lambda _: None,
        )
        webhook.notify(event)
        logging.getLogger("urllib3.connectionpool").debug("a record of other code")
    assert "a record of other code" in caplog.text
    for secret in ("s3cr3tt0ken", "9f8e7d6c5b4a", SECRET, "abc.def"):
        assert secret not in caplog.text


def test_a_proxy_is_not_used_for_loopback(receive: Receive, event: Event) -> None:
    receiver = receive()
    notifier(receiver.url, {"HTTPS_PROXY": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}).notify(
        event
    )
    assert len(receiver.events) == 1


def test_other_hosts_are_reached_through_the_proxy(event: Event) -> None:
    """The proxy resolves the host name. No message shows what was sent to the proxy."""
    requests: list[bytes] = []

    def refuse(connection: socket.socket) -> None:
        requests.append(connection.recv(65_536))
        connection.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    with one_connection(refuse) as port:
        environ = {"HTTPS_PROXY": f"http://user:p%40ss@127.0.0.1:{port}"}
        webhook = notifier_with_clock(
            "webhook+https://hooks.example.com/s3cr3t", Clock(), environ=environ, bounds=Bounds(attempts=1)
        )
        with pytest.raises(MhsyncError, match=r"^the proxy could not connect to the receiver$"):
            webhook.notify(event)
    [request] = requests
    assert request.startswith(b"CONNECT hooks.example.com:443 ")
    assert b"Basic " + base64.b64encode(b"user:p@ss") in request
    assert b"s3cr3t" not in request


@pytest.mark.parametrize(
    ("no_proxy", "is_direct"),
    [("", False), ("*", True), ("example.com", True), (".example.com", True), ("*.example.com", True),
     ("a.test, hooks.example.com", True), ("ample.com", False), ("test", False)],
)  # fmt: skip
def test_a_host_may_be_excluded_from_the_proxy(no_proxy: str, is_direct: bool) -> None:
    target = Target.parse("webhook+https://hooks.example.com/x")
    found = sending._proxy(target, {"HTTPS_PROXY": "proxy.test:3128", "NO_PROXY": no_proxy})
    assert found == (None if is_direct else "http://proxy.test:3128")
