"""HTTP clients for the tests of the sandbox: http.client, and one that reads the raw bytes of the socket."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest

from mhsync.sandbox.account import Account, SandboxProject, outputs_of
from mhsync.sandbox.server import Sandbox

TIMEOUT = 20.0


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> object:
        return json.loads(self.body)


@dataclass(frozen=True)
class Asker:
    """Asks one sandbox, each time on a connection of its own."""

    sandbox: Sandbox

    def api(self, id: str, method: str = "GET", key: str | None = None, **headers: str) -> Reply:
        bearer = {"Authorization": f"Bearer {self.sandbox.key if key is None else key}"}
        return self.url(f"{self.sandbox.api_url}/v1/audio-projects/{id}", method, **bearer, **headers)

    def url(self, url: str, method: str = "GET", **headers: str) -> Reply:
        parts = urlsplit(url)
        assert parts.hostname is not None
        with closing(http.client.HTTPConnection(parts.hostname, parts.port, timeout=TIMEOUT)) as connection:
            names = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, url.partition(parts.netloc)[2], headers=names)
            with connection.getresponse() as response:
                found = {name.lower(): value for name, value in response.getheaders()}
                return Reply(response.status, found, response.read())

    def links(self, id: str) -> list[str]:
        details = self.api(id).json()
        assert isinstance(details, dict)
        return [download["url"] for download in details["downloads"]]

    def raw(self, url: str, method: str = "GET", **headers: str) -> tuple[bytes, bool]:
        """Every byte that comes until the connection ends, and whether it ended with a reset."""
        parts = urlsplit(url)
        bearer = {"Authorization": f"Bearer {self.sandbox.key}"} if url.startswith(self.sandbox.api_url) else {}
        lines = [
            f"{method} {url.partition(parts.netloc)[2]} HTTP/1.1",
            f"Host: {parts.netloc}",
            "Connection: close",
        ]
        lines += [f"{name}: {value}" for name, value in {**bearer, **headers}.items()]
        with socket.create_connection((parts.hostname, parts.port), TIMEOUT) as sock:
            sock.sendall("\r\n".join([*lines, "", ""]).encode())
            return read_all(sock)


def read_all(sock: socket.socket) -> tuple[bytes, bool]:
    received = bytearray()
    while True:
        try:
            piece = sock.recv(1 << 16)
        except ConnectionResetError:
            return bytes(received), True
        if not piece:
            return bytes(received), False
        received += piece


@pytest.fixture
def start() -> Iterator[Callable[..., Asker]]:
    """Starts sandboxes that stop when the test ends."""
    with ExitStack() as stack:
        yield lambda account, **options: Asker(stack.enter_context(Sandbox(account, **options)))


@pytest.fixture
def account() -> Account:
    """One project, complete, with one output of 10,000 bytes."""
    return Account([SandboxProject("one", name="One", outputs=outputs_of("one", size=10_000))])
