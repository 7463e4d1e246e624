"""A listening port: accepts connections and serves each on a thread. Stopping ends all of them."""

from __future__ import annotations

import contextlib
import re
import selectors
import socket
import socketserver
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler

from mhsync.sandbox.wire import Ending, HttpResponse, Request, Wait, reset_on_close, send

LOOPBACK = "127.0.0.1"
_DRAIN_MAX = 1 << 20
"""Bytes of a request's body that are read and discarded. A longer body ends the connection."""

_LINE_MAX = 1 << 16
_ORIGIN = re.compile(r"https?://[^/?]*", re.IGNORECASE)
"""The beginning of a request target in the form for proxies."""

Exchange = Callable[[Request], HttpResponse]


class Connection(BaseHTTPRequestHandler):
    """One connection, kept alive: parses requests and sends the responses of `exchange`."""

    protocol_version = "HTTP/1.1"
    # Without these two, each response on a kept connection waits for the client's delayed acknowledgement.
    disable_nagle_algorithm = True
    wbufsize = -1

    def __init__(
        self,
        sock: socket.socket,
        address: tuple[str, int],
        server: Listener,
    ) -> None:
        self._listener = server
        super().__init__(sock, address, server)

    def handle_one_request(self) -> None:
        """Answer one request of any method. The method of the standard library needs a `do_…` for each."""
        self.raw_requestline = self.rfile.readline(_LINE_MAX + 1)
        if not self.raw_requestline or len(self.raw_requestline) > _LINE_MAX:
            self.close_connection = True
            return
        is_understood = self.parse_request()
        # Send what the standard library wrote: an error response, or 100 Continue.
        self.wfile.flush()
        if not is_understood:
            return
        is_drained = self._drain()
        answer = self._listener.exchange(self._request())
        ending = send(self.connection, answer, is_head=self.command == "HEAD", wait=self._listener.wait)
        if ending is Ending.RESET:
            reset_on_close(self.connection)
        if ending is not Ending.KEEP or not is_drained:
            self.close_connection = True

    def _request(self) -> Request:
        # Not urlsplit: it raises for some invalid targets.
        target = _ORIGIN.sub("", self.path)
        path, _, query = target.partition("?")
        headers: dict[str, str] = {}
        for name, value in self.headers.items():
            name = name.lower()
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        return Request(self._listener.name, self.command, path, query, headers)

    def _drain(self) -> bool:
        """Read and discard the body of the request, so that the next request can be read."""
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length.isdecimal() or int(length) > _DRAIN_MAX:
            return False
        self.rfile.read(int(length))
        return True

    def log_message(self, *_: object, **__: object) -> None:
        """Write no log lines: the request log has them."""


class Listener(socketserver.BaseServer):
    """A listening socket on loopback.

    Args:
        name: `api` or `files`.
        port: 0 lets the system choose.
        exchange: makes the response to a request; called on the thread of the connection.

    Raises:
        OSError: the port is taken.
    """

    def __init__(self, name: str, port: int, exchange: Exchange) -> None:
        self.name = name
        self.exchange = exchange
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._open: dict[socket.socket, threading.Thread] = {}
        self._socket = socket.create_server((LOOPBACK, port), backlog=256)
        self._wake, self._woken = socket.socketpair()
        super().__init__(self._socket.getsockname(), Connection)
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, name=f"sandbox-{self.port}", daemon=True)
        self._thread.start()

    @property
    def wait(self) -> Wait:
        """Waits for a number of seconds, or until the server is stopped."""
        return self._stopping.wait

    def stop(self) -> None:
        """Close all sockets and wait for all threads."""
        self._stopping.set()
        self._wake.send(b"x")
        self._thread.join()
        for sock in (self._socket, self._wake, self._woken):
            sock.close()
        with self._lock:
            left = list(self._open.items())
            for sock, _ in left:
                # This ends reads and writes in the threads with an error.
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)
        for _, thread in left:
            thread.join()

    def _accept(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._socket, selectors.EVENT_READ)
            selector.register(self._woken, selectors.EVENT_READ)
            while not self._stopping.is_set():
                selector.select()
                if self._stopping.is_set():
                    return
                try:
                    sock, address = self._socket.accept()
                except OSError:  # the client closed the connection before it was accepted
                    continue
                self._serve(sock, address)

    def _serve(self, sock: socket.socket, address: tuple[str, int]) -> None:
        name = f"sandbox-{self.port}-{address[1]}"
        thread = threading.Thread(target=self._converse, args=(sock, address), name=name, daemon=True)
        with self._lock:
            self._open[sock] = thread
        thread.start()

    def _converse(self, sock: socket.socket, address: tuple[str, int]) -> None:
        try:
            # A client may close the connection at any time.
            with contextlib.suppress(OSError):
                Connection(sock, address, self)
        finally:
            with self._lock:
                del self._open[sock]
            sock.close()
