"""Fixtures of the mhsync-webhook tests: a receiver that verifies what it receives, and an event."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from typing import Any

import pytest

from mhsync import Event

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
TOLERANCE = 300


@dataclass
class Receiver:
    """An example of a receiver: it verifies signatures, refuses old timestamps, and ignores repeats.

    `answers` are sent in order, each a status or a status with headers. The last one is repeated.
    """

    secret: str | None = None
    answers: list[int | tuple[int, dict[str, str]]] = field(default_factory=lambda: [204])
    delay: float = 0.0
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    port: int = 0
    _seen: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"webhook+http://127.0.0.1:{self.port}/hook/9f8e7d6c5b4a?token=s3cr3tt0ken"

    def take(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str]]:
        with self._lock:
            self.requests.append((headers | {":path": path}, body))
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
            status, extra = answer if isinstance(answer, tuple) else (answer, {})
            if 200 <= status < 300:
                problem = self._problem(headers, body)
                if problem is not None:
                    self.refused.append(problem)
                    return 401, {}
                self._keep(headers, json.loads(body))
            return status, extra

    def _keep(self, headers: dict[str, str], event: dict[str, Any]) -> None:
        if event["id"] in self._seen:
            return  # A repeat is ignored, and answered like a new event.
        self._seen.add(event["id"])
        self.events.append(event)

    def _problem(self, headers: dict[str, str], body: bytes) -> str | None:
        """Verifies as https://www.standardwebhooks.com describes, without code of the plugin."""
        if headers.get("content-type") != "application/cloudevents+json":
            return "content type"
        if self.secret is None:
            return None
        try:
            id, timestamp = headers["webhook-id"], headers["webhook-timestamp"]
            offered = [part.split(",", 1) for part in headers["webhook-signature"].split(" ")]
        except (KeyError, ValueError):
            return "not signed"
        if abs(time.time() - int(timestamp)) > TOLERANCE:
            return "too old"
        if self.secret.startswith("whsec_"):
            key = base64.b64decode(self.secret.removeprefix("whsec_"))
        else:
            key = self.secret.encode()
        signed = b".".join((id.encode(), timestamp.encode(), body))
        right = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        matches = [hmac.compare_digest(right, given) for version, given in offered if version == "v1"]
        return None if any(matches) else "wrong signature"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    receiver: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.receiver.delay:
            time.sleep(self.receiver.delay)
        headers = {name.lower(): value for name, value in self.headers.items()}
        headers[":peer"] = str(self.client_address[1])
        status, extra = self.receiver.take(self.path, headers, body)
        if status == 0:  # end the connection without a response
            self.close_connection = True
            return
        answer = b"" if status == 204 else b"thank you"
        self.send_response(status)
        for name, value in extra.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)
        self.wfile.flush()

    def log_message(self, *_: object) -> None:
        """Do not log."""


@pytest.fixture
def receive() -> Iterator[Callable[..., Receiver]]:
    """Starts receivers on loopback. They stop when the test ends."""
    with ExitStack() as stack:

        def start(**given: Any) -> Receiver:
            receiver = Receiver(**given)
            server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"receiver": receiver}))
            server.daemon_threads = True
            receiver.port = server.server_address[1]
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
            thread.start()
            stack.callback(thread.join, 10)
            stack.callback(server.server_close)
            stack.callback(server.shutdown)
            return receiver

        yield start


@pytest.fixture
def event() -> Event:
    result = {
        "id": "clx1",
        "outcome": "failed",
        "actions": [],
        "error": {"code": "download", "message": "Grüße — \u202enothing\u2028new"},
        "outputs": [],
    }
    at = datetime(2026, 11, 23, 17, 0, 0, 250_000, tzinfo=UTC)
    return Event("0123456789abcdef", "project.failed", "https://api.magichour.ai", at, "clx1", result)


@pytest.fixture(scope="session")
def event_schema() -> dict[str, Any]:
    schema: dict[str, Any] = json.loads(files("mhsync.schemas").joinpath("event.schema.json").read_text("utf-8"))
    return schema
