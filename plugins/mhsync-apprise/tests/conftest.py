"""Fixtures of the mhsync-apprise tests: HTTP and mail servers on loopback, and the events of a run."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default as mail_policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from mhsync import Event, Notifier

PROXY_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY", "all_proxy")
NOW = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)


@dataclass
class Inbox:
    """What an HTTP server received, and how it answers. If it is silent, it answers only after `free` is set."""

    status: int = 200
    location: str | None = None
    silent: bool = False
    paths: list[str] = field(default_factory=list)
    bodies: list[str] = field(default_factory=list)
    port: int = 0
    free: threading.Event = field(default_factory=threading.Event)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    inbox: Inbox

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.inbox.paths.append(self.path)
        self.inbox.bodies.append(body.decode())
        if self.inbox.silent:
            self.inbox.free.wait(30)
        self.send_response(self.inbox.status)
        if self.inbox.location is not None:
            self.send_header("Location", self.inbox.location)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")
        self.wfile.flush()

    do_PUT = do_POST

    def log_message(self, *_: object) -> None:
        """Do not log."""


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXY_VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def open_inbox() -> Iterator[Callable[..., Inbox]]:
    """Starts HTTP servers on loopback. They stop when the test ends."""
    with ExitStack() as stack:

        def start(**given: Any) -> Inbox:
            inbox = Inbox(**given)
            server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"inbox": inbox}))
            server.daemon_threads = True
            inbox.port = server.server_address[1]
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
            thread.start()
            stack.callback(thread.join, 10)
            stack.callback(server.server_close)
            stack.callback(server.shutdown)
            stack.callback(inbox.free.set)
            return inbox

        yield start


@dataclass
class Mailbox:
    """What a mail server on loopback received."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)

    async def handle_DATA(self, server: object, session: object, envelope: Any) -> str:
        mail = BytesParser(policy=mail_policy).parsebytes(envelope.content)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        return "250 OK"


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    box = Mailbox(port)
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield box
    finally:
        controller.stop()


@pytest.fixture
def send_run() -> Callable[..., None]:
    """Sends a notifier the events of a run, as mhsync does: `send_run(notifier, {"clx1": "failed"}, on=…)`."""

    def send(
        notifier: Notifier,
        outcomes: dict[str, str],
        *,
        reasons: dict[str, str] | None = None,
        on: set[str] | None = None,
        unchanged: int = 0,
        code: int = 0,
    ) -> None:
        results = []
        if not on:
            notifier.notify(Event("s", "run.started", "https://api", NOW))
        for id, outcome in outcomes.items():
            reason = (reasons or {}).get(id)
            error = None if reason is None else {"code": "x", "message": reason}
            results.append({"id": id, "outcome": outcome, "actions": [], "error": error, "outputs": []})
            if not on or outcome in on:
                notifier.notify(Event(f"e{id}", f"project.{outcome}", "https://api", NOW, id, results[-1]))
        words = [*outcomes.values()]
        summary = {word: words.count(word) for word in words} | {"unchanged": unchanged}
        report = {"format": "mhsync.report/1", "results": results, "summary": summary, "exit": code}
        notifier.notify(Event("f", "run.finished", "https://api", NOW, None, report))

    return send
