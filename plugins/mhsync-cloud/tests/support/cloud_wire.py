"""A server with scripted responses, which records the requests."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

LAST_MODIFIED = "Wed, 21 Oct 2015 07:28:00 GMT"


@dataclass(frozen=True)
class Request:
    """A request. Header names are in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


Reply = Callable[[Request, socket.socket], None]


def answer(status: int, body: bytes | str = b"", **headers: str) -> Reply:
    """A response with a status, a body and headers, such as `etag=`."""
    data = body.encode() if isinstance(body, str) else body
    lines = {"Content-Length": str(len(data)), "Last-Modified": LAST_MODIFIED, "ETag": '"one"'}
    lines |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = f"HTTP/1.1 {status} Scripted\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items())

    def send(request: Request, client: socket.socket) -> None:
        client.sendall(head.encode() + b"\r\n" + (b"" if request.method == "HEAD" else data))

    return send


def refuse(status: int, code: str) -> Reply:
    """A refusal in the format of S3."""
    return answer(status, f"<Error><Code>{code}</Code><Message>The message of the service</Message></Error>")


def hang_up(request: Request, client: socket.socket) -> None:
    """Close the connection without a response."""


def silence(request: Request, client: socket.socket) -> None:
    """Send no response until the client closes the connection."""
    with suppress(OSError):
        client.recv(1)


class Wire:
    """Listens on loopback. `reply` is called for each request. `requests` has all requests.

    Args:
        certificate: a PEM file with a certificate and its key, for https.
    """

    def __init__(self, reply: Reply, certificate: str | None = None) -> None:
        self.reply = reply
        self.requests: list[Request] = []
        self._context: ssl.SSLContext | None = None
        if certificate is not None:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(certificate)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.url = f"{'https' if certificate else 'http'}://127.0.0.1:{self.port}"
        self._open: set[socket.socket] = set()
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for one in (self._listener, *self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(10)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(client,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, plain: socket.socket) -> None:
        try:
            client = plain if self._context is None else self._context.wrap_socket(plain, server_side=True)
        except OSError:
            plain.close()
            return
        self._open.add(client)
        with suppress(OSError):
            # One request for each connection, so that a response may be anything.
            request = _read(client)
            if request is not None:
                self.requests.append(request)
                self.reply(request, client)
            client.shutdown(socket.SHUT_RDWR)
        self._open.discard(client)
        client.close()


def _read(client: socket.socket) -> Request | None:
    data = b""
    while b"\r\n\r\n" not in data:
        more = client.recv(65536)
        if not more:
            return None
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    length = int(headers.get("content-length", "0"))
    while len(body) < length:
        body += client.recv(65536)
    method, target, _ = first.split(" ")
    return Request(method, target, headers, body)
