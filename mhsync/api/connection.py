"""urllib3 connections and pools that use a `BoundedSocket` and keep the query of a URL out of urllib3's logs.

urllib3 opens the connections (names, proxies, TLS) and keeps them in pools. Requests are written and responses are
read here and in `framing.py`: this is stricter than `http.client`, and takes half of its time.

The query of a signed link is a secret, and urllib3 puts the URL of each request into its logs and errors. So its
pools never receive the query. `RequestHeaders` carries it to the connection, which adds it to the request line;
urllib3 neither logs nor shows that line.
"""

from __future__ import annotations

import http.client
import re
import socket
from collections.abc import Mapping
from contextlib import suppress
from contextvars import ContextVar
from typing import Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError
from urllib3.util import wait_for_read

from mhsync.api.background_connect import BackgroundConnect
from mhsync.api.bounded_socket import BoundedSocket
from mhsync.api.timing import ExchangeLimits

EXCHANGE_LIMITS: ContextVar[ExchangeLimits] = ContextVar("mhsync_exchange_limits")
"""The limits of the current exchange of this thread: urllib3's pools pass no arguments on to a connection."""


_TARGET = re.compile(r"[\x21-\x7e]+")
_FIELD_NAME = re.compile(r"[A-Za-z0-9-]+")
_FIELD_VALUE = re.compile(r"[\x20-\x7e]*")


class RequestHeaders(dict[str, str]):
    """Request headers, with the query of the URL, which only the connection reads."""

    def __init__(self, headers: Mapping[str, str], query: str) -> None:
        super().__init__(headers)
        self.query = query

    def copy(self) -> RequestHeaders:
        return RequestHeaders(self, self.query)


class Response(urllib3.HTTPResponse):
    """A response whose end can be confirmed after its body was read."""

    bounded_socket: BoundedSocket
    """Of the connection that it came from."""


class Connection(HTTPConnection):
    """A plain HTTP connection with limits."""

    _connecting: BackgroundConnect | None = None
    _method = ""

    def connect(self) -> None:
        """Open the connection within the limits of the exchange, and read through a `BoundedSocket` from now on.

        Raises:
            ConnectTimeoutError: the connection was not opened in time.
            Interrupted: the run was asked to stop.
        """
        limits = EXCHANGE_LIMITS.get()
        self._connecting = connecting = BackgroundConnect(super().connect, self._close)
        try:
            connecting.run(limits)
        except TimeoutError:
            is_late = True
        else:
            is_late = False
        finally:
            if connecting.is_abandoned:
                _shut_down(self.sock)
        if is_late:
            raise ConnectTimeoutError(self, "no connection in time")
        self.sock = BoundedSocket(self.sock, limits, wait_for_read)

    def close(self) -> None:
        if self._connecting is None or not self._connecting.is_abandoned:
            self._close()

    def _close(self) -> None:
        sock = self.sock
        super().close()
        if isinstance(sock, socket.socket) and sock.fileno() >= 0:
            # Before 3.11.4 (gh-103472) the unclosed response of a proxy to CONNECT keeps the socket open.
            socket.close(sock.detach())

    @property
    def is_connected(self) -> bool:
        return super().is_connected and not (isinstance(self.sock, BoundedSocket) and self.sock.has_unread_bytes)

    def request(self, method: str, url: str, body: Any = None, headers: Any = None, **_: Any) -> None:
        """Send a request without a body, with the query that the pool did not receive.

        Args:
            headers: all headers to send, `Host` included.

        Raises:
            ValueError: the URL or a header contains a character that would change the meaning of the request.
        """
        if body:
            raise ValueError("a request has a body")
        self._method = method
        query = headers.query if isinstance(headers, RequestHeaders) else ""
        target = f"{url}?{query}" if query else url
        data = serialize_request(method, target, headers)
        if self.sock is None:
            self.connect()
        sock = self._bounded_socket
        sock.set_limits(EXCHANGE_LIMITS.get())
        sock.settimeout(self.timeout)
        sock.send_request(data)

    def getresponse(self) -> Response:  # type: ignore[override] # as in urllib3
        """Read the head of the response. Its body is read through the returned object.

        Raises:
            http.client.HTTPException: the response is invalid, or the server closed the connection without one.
            OSError: the response did not arrive in time, or the connection was lost.
            Interrupted: the run was asked to stop.
        """
        sock = self._bounded_socket
        sock.settimeout(self.timeout)
        found = sock.read_response()
        if found is None:
            raise http.client.RemoteDisconnected("the server closed the connection without a response")
        head, body = found
        if head.ends_connection:
            self.close()  # The socket stays open until the body is closed.
        response = Response(
            body,  # type: ignore[arg-type] # urllib3 reads and closes it, as any file.
            urllib3.HTTPHeaderDict(head.fields),
            status=head.status,
            preload_content=False,
            decode_content=False,
            request_method=self._method,
        )
        response.bounded_socket = sock
        return response

    @property
    def _bounded_socket(self) -> BoundedSocket:
        if not isinstance(self.sock, BoundedSocket):
            raise http.client.NotConnected
        return self.sock


def serialize_request(method: str, target: str, headers: Mapping[str, str]) -> bytes:
    """A request without a body.

    Raises:
        ValueError: a part contains a character that would change the meaning of the request.
    """
    lines = [f"{name}: {value}\r\n" for name, value in headers.items()]
    if (
        not method.isalpha()
        or not _TARGET.fullmatch(target)
        or not all(map(_FIELD_NAME.fullmatch, headers))
        or not all(map(_FIELD_VALUE.fullmatch, headers.values()))
    ):
        raise ValueError("a request contains an invalid character")
    return f"{method} {target} HTTP/1.1\r\n{''.join(lines)}\r\n".encode("ascii")


def _shut_down(sock: socket.socket | None) -> None:
    """Shut a socket down, so that the thread that is connecting it stops waiting; that thread closes it."""
    if sock is not None:
        with suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)


class SecureConnection(Connection, HTTPSConnection):
    """A TLS connection with limits."""


class Pool(urllib3.HTTPConnectionPool):
    """Plain HTTP connections to one origin."""

    ConnectionCls = Connection


class SecurePool(urllib3.HTTPSConnectionPool):
    """TLS connections to one origin."""

    ConnectionCls = SecureConnection
