"""A sender of webhooks that shares no code with mhsync: signs with hmac and sends over a plain socket."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import socket
import time
from dataclasses import dataclass

SECRET = "whsec_test_secret"
TIMEOUT = 60.0


def event(kind: str, id: str, **payload: object) -> bytes:
    return json.dumps({"type": kind, "payload": {"id": id, "name": "Intro", "downloads": [], **payload}}).encode()


@dataclass(frozen=True)
class Sender:
    port: int
    secret: str = SECRET

    def headers(self, body: bytes, at: float | None = None, **others: str) -> dict[str, str]:
        timestamp = str(int(time.time() if at is None else at))
        digest = hmac.new(self.secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
        return {
            "magic-hour-event-signature": digest,
            "magic-hour-event-timestamp": timestamp,
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            **{name.replace("_", "-"): value for name, value in others.items()},
        }

    def send(self, body: bytes, *, path: str = "/webhook", method: str = "POST", **headers: str) -> int:
        """Deliver once; the status of the answer."""
        return self.raw(self.request(self.headers(body) | headers, path, method) + body)[0]

    def request(self, headers: dict[str, str], path: str = "/webhook", method: str = "POST") -> bytes:
        lines = [f"{method} {path} HTTP/1.1", "Host: inbox.example.com", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in headers.items() if value]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=TIMEOUT)

    def raw(self, data: bytes) -> tuple[int, bytes]:
        """Send bytes; the status (0 if the connection was closed without one) and the whole answer."""
        with self.connect() as connection:
            with contextlib.suppress(OSError):  # The receiver may refuse before everything was sent.
                connection.sendall(data)
            return answer(connection)


def answer(connection: socket.socket) -> tuple[int, bytes]:
    data = b""
    with contextlib.suppress(ConnectionError):
        while part := connection.recv(65536):
            data += part
    return (int(data.split(b" ", 2)[1]) if data else 0), data
