"""Sockets with deadlines: no server can block a call longer than its limits, and every wait can be interrupted.

`BoundedSocket` sends requests and reads responses. It checks the deadlines and the stop request several times a
second, and `framing.py` checks the bytes. It offers the few socket methods that urllib3 uses.
"""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import suppress

from mhsync.api.framing import FramingError, Head, body_pieces, excess_bytes, read_head
from mhsync.api.timing import POLL, ExchangeLimits
from mhsync.settings import HttpSettings

_READ_MAX = 64 * 1024
_BODY_READ_MAX = 256 * 1024
"""Bytes of one read of a body: each read costs several switches between threads."""


class SlowBody(http.client.HTTPException):
    """The body arrives more slowly than the settings allow."""


class BoundedSocket:
    """A connected socket that sends one request and reads one response at a time, within limits.

    Args:
        sock: the socket.
        limits: the limits of the first exchange.
        is_readable: whether a read of a socket would not wait, now or within some seconds.
    """

    def __init__(
        self, sock: socket.socket, limits: ExchangeLimits, is_readable: Callable[[socket.socket, float], bool]
    ) -> None:
        self._sock = sock
        self._is_readable = is_readable
        self._timeout = sock.gettimeout()
        self._poll = self._timeout
        """The timeout of the socket itself. Each change is a system call."""
        self._is_pollable = isinstance(sock, socket.socket)
        """False for TLS within the TLS of a proxy: urllib3 keeps received bytes of it that no poll can see."""
        self._buffer = bytearray()
        self._is_response_open = False
        self._is_close_requested = False
        self._silent_until: float | None = None
        self._limits = limits
        self._deadline = 0.0
        self._rate: _RateCheck | None = None

    # The socket methods that urllib3 uses.

    def fileno(self) -> int:
        return self._sock.fileno()

    def settimeout(self, seconds: float | None) -> None:
        """Set how long one read, or sending one request, may wait."""
        self._timeout = seconds

    def gettimeout(self) -> float | None:
        return self._timeout

    def shutdown(self, how: int) -> None:
        self._sock.shutdown(how)

    def close(self) -> None:
        """Close the socket; where a response is still open, as soon as that is closed."""
        self._is_close_requested = True
        if not self._is_response_open:
            self._sock.close()

    # Methods for the connections of `connection.py`.

    def send_request(self, data: bytes) -> None:
        """Send a whole request.

        Raises:
            TimeoutError: the server did not accept it in time.
            OSError: the connection was lost.
            Interrupted: the run was asked to stop.
        """
        time = self._limits.time
        end = float("inf") if self._timeout is None else time.clock() + self._timeout
        view = memoryview(data)
        while view:
            left = end - time.clock()
            if left <= 0:
                raise TimeoutError("the server did not accept the request in time")
            self._set_poll(min(left, POLL))
            try:
                view = view[self._sock.send(view) :]
            except TimeoutError as error:
                if error.errno is not None:
                    raise  # The operating system ended the connection (ETIMEDOUT).
                time.check()

    def read_response(self) -> tuple[Head, ResponseBody] | None:
        """Read the head of the next response, and begin its body; None where the connection has ended.

        Raises:
            FramingError, http.client.HTTPException: the response is invalid.
            TimeoutError: the head did not arrive in time.
            OSError: the connection was lost.
            Interrupted: the run was asked to stop.
        """
        self._deadline = self._limits.time.clock() + self._limits.head_timeout
        self._rate = None
        self._silent_until = None
        head = read_head(self, self._limits.settings)
        if head is None:
            return None
        pieces = body_pieces(self, head, self._limits.settings)
        self._is_response_open = True
        return head, ResponseBody(pieces, self._end_response)

    def confirm_end(self, *, may_wait: bool) -> None:
        """Check that the last body has ended where its length says.

        Args:
            may_wait: wait until the time after the body has passed in which no byte may arrive.

        Raises:
            FramingError: more bytes have arrived.
            Interrupted: the run was asked to stop.
        """
        end, self._silent_until = self._silent_until, None
        if end is not None and self.has_more(end - self._limits.time.clock() if may_wait else 0.0):
            raise excess_bytes()

    def set_limits(self, limits: ExchangeLimits) -> None:
        """Set the limits of the next exchange."""
        self._limits = limits

    @property
    def has_unread_bytes(self) -> bool:
        """Whether bytes after the end of a response are buffered: the next response would begin with them."""
        return bool(self._buffer)

    # The methods of `framing.ByteSource`.

    def peek_head(self) -> bytes:
        if not self._buffer:
            self._buffer += self._receive()
        end = self._buffer.find(b"\r\n\r\n")
        return bytes(self._buffer[: end + 4]) if end >= 0 else b""

    def skip(self, size: int) -> None:
        del self._buffer[:size]

    def read_line(self, limit: int) -> bytes:
        found = self._buffer.find(b"\n")
        while found < 0 and len(self._buffer) <= limit:
            seen = len(self._buffer)
            data = self._receive()
            if not data:
                if self._buffer:
                    raise http.client.IncompleteRead(b"")
                return b""
            self._buffer += data
            found = self._buffer.find(b"\n", seen)
        if found < 0 or found >= limit:
            raise FramingError("the response headers are too long")
        return self._take_buffered(found + 1)

    def read_some(self, limit: int) -> bytes:
        if self._buffer:
            return self._take_buffered(limit)
        return self._receive(min(limit, _BODY_READ_MAX))

    def begin_body(self) -> None:
        timeout = self._limits.body_timeout
        self._deadline = float("inf") if timeout is None else self._limits.time.clock() + timeout
        self._rate = _RateCheck(self._limits.settings)

    def has_more(self, seconds: float) -> bool:
        if self._buffer:
            return True
        time = self._limits.time
        end = time.clock() + seconds
        left = seconds
        """Decreases with each wait, so that the loop ends even if the clock has stopped."""
        try:
            while True:
                time.check()
                wait = max(0.0, min(end - time.clock(), left, POLL))
                is_ready = self._is_pollable and self._has_data(wait)
                if is_ready or not self._is_pollable:
                    self._set_poll(0.0 if is_ready else wait)
                    with suppress(BlockingIOError, TimeoutError, ssl.SSLWantReadError):  # No data yet.
                        self._buffer += self._sock.recv(1)
                        return bool(self._buffer)
                if not is_ready:
                    left -= wait
                if wait <= 0:
                    return False
        except (OSError, ValueError):
            return False

    def expect_silence(self, seconds: float) -> None:
        self._silent_until = self._limits.time.clock() + seconds

    def _has_data(self, seconds: float) -> bool:
        """Whether a read would not wait, now or within the seconds."""
        if isinstance(self._sock, ssl.SSLSocket) and self._sock.pending():
            return True
        return self._is_readable(self._sock, seconds)

    def _end_response(self) -> None:
        self._is_response_open = False
        if self._is_close_requested:
            self._sock.close()

    def _set_poll(self, seconds: float) -> None:
        if seconds != self._poll:
            self._sock.settimeout(seconds)
            self._poll = seconds

    def _take_buffered(self, limit: int) -> bytes:
        data = bytes(self._buffer[:limit])
        del self._buffer[:limit]
        return data

    def _receive(self, limit: int = _READ_MAX) -> bytes:
        """The next bytes from the network; `b""` at the end of the connection.

        Raises:
            TimeoutError: no byte arrived in time.
            SlowBody: too few bytes arrived.
            Interrupted: the run was asked to stop.
        """
        time = self._limits.time
        began = now = time.clock()
        idle_end = float("inf") if self._timeout is None else began + self._timeout
        while True:
            time.check()
            left = min(idle_end, self._deadline) - now
            if left <= 0:
                if self._deadline < idle_end and self._rate is not None:
                    raise SlowBody
                raise TimeoutError("no response in time")
            self._set_poll(min(left, POLL))
            try:
                data = self._sock.recv(limit)
            except TimeoutError as error:
                if error.errno is not None:
                    raise  # The operating system ended the connection (ETIMEDOUT).
            else:
                break
            now = time.clock()
        if self._rate is not None:
            self._rate.count(len(data), time.clock() - began)
        return data


class _RateCheck:
    """Measures how fast a body arrives. Only the time spent waiting for the network counts."""

    def __init__(self, settings: HttpSettings) -> None:
        self._settings = settings
        self._size = 0
        self._seconds = 0.0

    def count(self, size: int, seconds: float) -> None:
        """Add a read of `size` bytes; raise `SlowBody` where a whole window was below the minimum rate."""
        self._size += size
        self._seconds += seconds
        if self._seconds >= self._settings.rate_window:
            if self._size < self._settings.rate_min * self._seconds:
                raise SlowBody
            self._size, self._seconds = 0, 0.0


class ResponseBody:
    """The body of one response as a file. After an error, further reads fail too; they never look like an end."""

    def __init__(self, pieces: Iterator[bytes], on_close: Callable[[], None]) -> None:
        self._pieces = pieces
        self._on_close = on_close
        self._left = memoryview(b"")
        self._has_failed = False
        self.closed = False

    def read1(self, size: int) -> bytes:
        """Up to `size` bytes, as soon as any are available; `b""` at the end of the body."""
        if self._has_failed:
            raise http.client.IncompleteRead(b"")
        if not self._left:
            self._has_failed = True
            piece = next(self._pieces, b"")
            self._has_failed = False
            if len(piece) <= size:
                return piece
            self._left = memoryview(piece)
        data = bytes(self._left[:size])
        self._left = self._left[size:]
        return data

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes, or the whole body."""
        return self.read1(size) if size >= 0 else b"".join(iter(lambda: self.read1(_READ_MAX), b""))

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            self._on_close()
