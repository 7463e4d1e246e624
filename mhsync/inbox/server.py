"""Serves the inbox with waitress, the only module that imports it: the extra `mhsync[inbox]`.

Waitress reads each request on one thread, whole, before the application sees it. So a slow sender occupies a
connection and no thread. Here each connection gets a deadline for one whole request.
"""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from waitress.channel import HTTPChannel
from waitress.server import create_server
from waitress.task import ErrorTask

from mhsync.errors import UsageError
from mhsync.settings import KIB, InboxSettings

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_BACKLOG = 1024
_POLL = 1.0
"""Seconds between two checks of deadlines, while nothing arrives."""
_DRAIN_POLL = 0.05
_FRAMING = 64 * KIB
"""Bytes by which the chunks of a body may exceed it; the application checks the exact size."""


class _PlainError(ErrorTask):  # type: ignore[misc]
    """An error of waitress itself, such as 413 or 431: the status only."""

    def execute(self) -> None:
        status = self.request.error.code
        body = HTTPStatus(status).phrase.encode()
        self.status = f"{status} {HTTPStatus(status).phrase}"
        self.response_headers.append(("Content-Type", "text/plain"))
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class InboxServer:
    """A listening port that serves a WSGI application.

    Args:
        application: such as an `Inbox`.
        host: a name or an address.
        port: 0 lets the system choose.
        settings: bounds.

    Raises:
        UsageError: it cannot listen there.
    """

    def __init__(
        self,
        application: WSGIApplication,
        host: str,
        port: int,
        settings: InboxSettings = InboxSettings(),  # noqa: B008 - frozen
    ) -> None:
        listening = _listen(host, port)
        self.port: int = listening.getsockname()[1]
        self._connections: dict[int, Any] = {}
        # These lines would be one for each request of a burst.
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)
        self._server = create_server(
            application,
            map=self._connections,
            sockets=[listening],
            threads=settings.threads,
            backlog=_BACKLOG,
            connection_limit=settings.connections,
            channel_timeout=settings.request_timeout,
            cleanup_interval=_POLL,
            max_request_body_size=settings.body_max + _FRAMING,
            max_request_header_size=64 * KIB,
            asyncore_use_poll=True,
            ident="",
            expose_tracebacks=False,
        )
        self._server.channel_class = _channel_class(settings.request_timeout)

    def run(self, stop: Callable[[], bool], *, drain: float = 5.0) -> None:
        """Serve until `stop` is true; then accept nothing, and answer the deliveries that arrived whole.

        Args:
            stop: asked at least once a second.
            drain: seconds that running deliveries may still take.
        """
        try:
            while not stop():
                self._loop(_POLL)
            self._server.accepting = False
            until = time.monotonic() + drain
            while self._is_busy() and time.monotonic() < until:
                self._loop(_DRAIN_POLL)
        finally:
            self._server.task_dispatcher.shutdown(timeout=drain)
            for connection in list(self._connections.values()):
                connection.close()

    def wake(self) -> None:
        """Make `run` ask `stop` at once. May be called from any thread and from a signal handler."""
        self._server.pull_trigger()

    def _loop(self, timeout: float) -> None:
        self._server.asyncore.loop(timeout=timeout, use_poll=True, map=self._connections, count=1)

    def _is_busy(self) -> bool:
        channels = list(self._server.active_channels.values())
        return any(channel.requests or channel.total_outbufs_len for channel in channels)


def _channel_class(timeout: float) -> type[Any]:
    """The class of connections, with a deadline for each request."""

    class Channel(HTTPChannel):  # type: ignore[misc]
        error_task_class = _PlainError
        began: float | None = None
        """When the first byte of a request arrived that is not whole yet."""

        def received(self, data: bytes) -> bool:
            result = bool(super().received(data))
            if self.request is None:
                self.began = None
            elif self.began is None:
                self.began = time.monotonic()
            return result

        def writable(self) -> bool:
            # Asked for each connection in each turn of the loop.
            if self.began is not None and time.monotonic() - self.began > timeout:
                self.will_close = True
            return bool(super().writable())

    return Channel


def _listen(host: str, port: int) -> socket.socket:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, _, _, address = found[0]
        return socket.create_server(address[:2], family=family, backlog=_BACKLOG)
    except (OSError, UnicodeError, OverflowError) as error:
        reason = (getattr(error, "strerror", None) or "invalid address").lower()
        raise UsageError(f"cannot listen on {host}:{port}: {reason}", hint="choose another --listen") from None
