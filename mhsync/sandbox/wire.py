"""Requests and responses as values, and sending a response over a socket, with its faults."""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping
from email.utils import formatdate
from enum import StrEnum
from http import HTTPStatus
from http.client import responses

from mhsync.dataclass import dataclass

_FILLER = b"x" * 65_536

Headers = tuple[tuple[str, str], ...]
Wait = Callable[[float], bool]
"""Waits for a number of seconds. Returns True if the server is stopping and nothing more may be sent."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request. `path` is not decoded; header names are in lower case."""

    host: str
    """`api` or `files`."""
    method: str
    path: str
    query: str
    headers: Mapping[str, str]

    @property
    def target(self) -> str:
        return f"{self.path}?{self.query}" if self.query else self.path


class Framing(StrEnum):
    """How the end of a body is marked."""

    LENGTH = "length"
    CHUNKED = "chunked"
    CLOSE = "close"


class Ending(StrEnum):
    """What happens to the connection after the response."""

    KEEP = "keep"
    CLOSE = "close"
    RESET = "reset"


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A response. The fields after `length` describe its faults."""

    status: int
    headers: Headers = ()
    body: Iterable[bytes] = ()
    length: int = 0
    """Bytes in `body`."""
    announced: int | None = None
    """A Content-Length to send in place of `length`."""
    framing: Framing = Framing.LENGTH
    limit: int | None = None
    """Bytes of the body that are sent; then a pause of `stall` seconds, then `ending`."""
    ending: Ending = Ending.KEEP
    delay: float = 0.0
    """Seconds before anything is sent."""
    stall: float = 0.0
    is_silent: bool = False
    """Nothing is sent, not even the head."""
    pace: float | None = None
    """Bytes of the body per second."""

    @classmethod
    def of_bytes(cls, status: int, content_type: str, body: bytes, headers: Headers = ()) -> HttpResponse:
        return cls(status, (("Content-Type", content_type), *headers), (body,), len(body))

    @classmethod
    def of_json(cls, status: int, value: object, headers: Headers = ()) -> HttpResponse:
        body = json.dumps(value, ensure_ascii=False).encode()
        return cls.of_bytes(status, "application/json; charset=utf-8", body, headers)

    @classmethod
    def message(cls, status: int, text: str | None = None, headers: Headers = ()) -> HttpResponse:
        """A response with an error body as the API documents it."""
        return cls.of_json(status, {"message": text or responses.get(status, "Error")}, headers)


def filler(count: int) -> Iterator[bytes]:
    """`count` bytes of padding, in pieces."""
    while count > 0:
        yield _FILLER[:count]
        count -= len(_FILLER)


def send(sock: socket.socket, answer: HttpResponse, *, is_head: bool, wait: Wait) -> Ending:
    """Send a response.

    Returns:
        What must happen to the connection.

    Raises:
        OSError: the client closed the connection.
    """
    if answer.delay and wait(answer.delay):
        return Ending.RESET
    if not answer.is_silent and not _send_whole(sock, answer, is_head, wait):
        return Ending.RESET
    if answer.stall and wait(answer.stall):
        return Ending.RESET
    return answer.ending


def _send_whole(sock: socket.socket, answer: HttpResponse, is_head: bool, wait: Wait) -> bool:
    head = _head(answer)
    if is_head or _has_no_body(answer.status):
        # Without a body, the head is cut instead.
        sock.sendall(head if answer.limit is None else head[: len(head) // 2])
        return True
    # The head is sent with the first piece of the body: one packet for a small response.
    for piece in _framed(answer):
        sock.sendall(head + piece)
        if answer.pace and wait(len(piece) / answer.pace):
            return False
        head = b""
    if head:
        sock.sendall(head)
    return True


def _framed(answer: HttpResponse) -> Iterator[bytes]:
    sent = 0
    for piece in answer.body:
        if answer.limit is not None:
            if sent >= answer.limit:
                break
            piece = piece[: answer.limit - sent]
        if piece:  # an empty chunk would end the body
            sent += len(piece)
            yield b"%x\r\n%b\r\n" % (len(piece), piece) if answer.framing is Framing.CHUNKED else piece
    if answer.framing is Framing.CHUNKED and answer.limit is None:
        yield b"0\r\n\r\n"


def _head(answer: HttpResponse) -> bytes:
    lines = [
        f"HTTP/1.1 {answer.status} {responses.get(answer.status, 'Unknown')}",
        f"Date: {formatdate(usegmt=True)}",
    ]
    lines += [f"{name}: {value}" for name, value in answer.headers]
    if answer.framing is Framing.CHUNKED:
        lines.append("Transfer-Encoding: chunked")
    elif answer.framing is Framing.LENGTH and not _has_no_body(answer.status):
        lines.append(f"Content-Length: {answer.length if answer.announced is None else answer.announced}")
    if answer.ending is not Ending.KEEP and answer.limit is None and answer.announced is None:
        # A regular close is announced, a fault is not.
        lines.append("Connection: close")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _has_no_body(status: int) -> bool:
    return status in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)


def reset_on_close(sock: socket.socket) -> None:
    """Make the next close of the socket send a RST."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
