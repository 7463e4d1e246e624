"""urllib3 connections and pools that use a `BoundedSocket` and keep the query of a URL out of urllib3's logs.

The query of a signed link is a secret, and urllib3 puts the URL of each request into its logs and errors. So its
pools never receive the query. `RequestHeaders` carries it to the connection, which adds it to the request line;
urllib3 neither logs nor shows that line.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from contextlib import suppress
from contextvars import ContextVar
from typing import Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError

from mhsync.api.bounded_socket import BackgroundConnect, BoundedSocket, ExchangeLimits

EXCHANGE_LIMITS: ContextVar[ExchangeLimits] = ContextVar("mhsync_exchange_limits")
"""The limits of the current exchange of this thread: urllib3's pools pass no arguments on to a connection."""


class RequestHeaders(dict[str, str]):
    """Request headers, with the query of the URL, which only the connection reads."""

    def __init__(self, headers: Mapping[str, str], query: str) -> None:
        super().__init__(headers)
        self.query = query

    def copy(self) -> RequestHeaders:
        return RequestHeaders(self, self.query)


class Connection(HTTPConnection):
    """A plain HTTP connection with limits."""

    _connecting: BackgroundConnect | None = None

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
        self.sock = BoundedSocket(self.sock, limits)

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

    def request(self, method: str, url: str, body: Any = None, headers: Any = None, **options: Any) -> None:
        """Send the request, with the query that the pool did not receive."""
        if isinstance(self.sock, BoundedSocket):
            self.sock.set_limits(EXCHANGE_LIMITS.get())
        query = headers.query if isinstance(headers, RequestHeaders) else ""
        super().request(method, f"{url}?{query}" if query else url, body, headers, **options)


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
