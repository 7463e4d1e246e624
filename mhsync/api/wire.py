"""The connection itself: opened within a bound, and read in slices, so that nothing a server does can hold a run.

`http.client` and urllib3 use a connection's socket by a few public methods. `Channel` offers these, and reads for
them: it looks at deadlines and at the wish to stop every fraction of a second, and gives them the bytes that
`framing.py` has checked.
"""

from __future__ import annotations

import http.client
import io
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from mhsync.api.framing import Broken, response
from mhsync.api.timing import Time
from mhsync.settings import HttpSettings

_SLICE = 0.2
"""Seconds of waiting between two looks at the clock and at the wish to stop."""
_PIECE = 64 * 1024


class Slow(http.client.HTTPException):
    """The body comes more slowly than the settings allow."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one exchange may take. Times are seconds."""

    settings: HttpSettings
    time: Time
    head_timeout: float
    """For opening the connection, and again for the whole head of the answer."""
    body_timeout: float | None = None
    """For the whole body; None where only its rate is bounded."""


class Opening:
    """A connection that is being opened: name, proxy and TLS handshake.

    A thread of its own does it, since some of these steps cannot be interrupted; whoever waits may give up.
    """

    def __init__(self, connect: Callable[[], None], close: Callable[[], None]) -> None:
        self._connect = connect
        self._close = close
        self._lock = threading.Lock()
        self._is_done = threading.Event()
        self._error: BaseException | None = None
        self.is_abandoned = False

    def wait(self, bounds: Bounds) -> None:
        """Open it.

        Raises:
            TimeoutError: it took longer than the bound.
            Interrupted: the run is to stop.
            Exception: whatever opening raised.
        """
        threading.Thread(target=self._run, name="mhsync-connect", daemon=True).start()
        try:
            self._await(bounds)
        except BaseException:
            with self._lock:
                self.is_abandoned = not self._is_done.is_set()
            raise
        if self._error is not None:
            raise self._error

    def _await(self, bounds: Bounds) -> None:
        end = bounds.time.clock() + bounds.head_timeout
        while not self._is_done.wait(_SLICE):
            bounds.time.check()
            if bounds.time.clock() > end:
                raise TimeoutError

    def _run(self) -> None:
        try:
            self._connect()
        except BaseException as error:  # noqa: BLE001 - raised again by whoever waits
            self._error = error
        with self._lock:
            self._is_done.set()
            if not self.is_abandoned:
                return
        with suppress(Exception):
            self._close()


class Channel:
    """A connected socket, as `http.client` and urllib3 use one; one response is read at a time."""

    def __init__(self, sock: socket.socket, bounds: Bounds) -> None:
        self._sock = sock
        self._timeout = sock.gettimeout()
        self._buffer = bytearray()
        self._is_read = False
        self._is_closing = False
        self._bounds = bounds
        self._end = 0.0
        self._rate: _Rate | None = None

    # What http.client and urllib3 ask of a socket.

    def fileno(self) -> int:
        return self._sock.fileno()

    def settimeout(self, seconds: float | None) -> None:
        """How long one read may bring nothing."""
        self._timeout = seconds

    def gettimeout(self) -> float | None:
        return self._timeout

    def sendall(self, data: bytes) -> None:
        self._sock.settimeout(self._timeout)
        self._sock.sendall(data)

    def shutdown(self, how: int) -> None:
        self._sock.shutdown(how)

    def makefile(self, *_: object, **__: object) -> io.BufferedReader:
        """The next response."""
        self._is_read = True
        self._end = self._bounds.time.clock() + self._bounds.head_timeout
        self._rate = None
        return io.BufferedReader(_Response(self))

    def close(self) -> None:
        """Close it, once the response that is being read is closed too."""
        self._is_closing = True
        if not self._is_read:
            self._sock.close()

    # What our own connections ask.

    def bind(self, bounds: Bounds) -> None:
        """The next exchange has these bounds."""
        self._bounds = bounds

    @property
    def is_spoiled(self) -> bool:
        """Bytes are left of an answer that had ended: the next one would begin with them."""
        return bool(self._buffer)

    # What `framing.response` asks.

    def line(self, limit: int) -> bytes:
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
            raise Broken("the answer's head is too long")
        return self._taken(found + 1)

    def some(self, most: int) -> bytes:
        if self._buffer:
            return self._taken(most)
        return self._receive(min(most, _PIECE))

    def begin_body(self) -> None:
        timeout = self._bounds.body_timeout
        self._end = float("inf") if timeout is None else self._bounds.time.clock() + timeout
        self._rate = _Rate(self._bounds.settings)

    def has_more(self, seconds: float) -> bool:
        time = self._bounds.time
        end = time.clock() + seconds
        while not self._buffer:
            time.check()
            left = end - time.clock()
            try:
                self._sock.settimeout(max(0.0, min(left, _SLICE)))
                self._buffer += self._sock.recv(1)
            except TimeoutError:
                if left <= _SLICE:
                    return False
            except (OSError, ValueError):
                return False
            else:
                return bool(self._buffer)
        return True

    def let_go(self) -> None:
        """The response was closed."""
        self._is_read = False
        if self._is_closing:
            self._sock.close()

    @property
    def settings(self) -> HttpSettings:
        return self._bounds.settings

    def _taken(self, most: int) -> bytes:
        data = bytes(self._buffer[:most])
        del self._buffer[:most]
        return data

    def _receive(self, most: int = _PIECE) -> bytes:
        """What comes next; `b""` at the end of the connection.

        Raises:
            TimeoutError: nothing came in time.
            Slow: too little came.
            Interrupted: the run is to stop.
        """
        time = self._bounds.time
        began = now = time.clock()
        silence = float("inf") if self._timeout is None else began + self._timeout
        while True:
            time.check()
            left = min(silence, self._end) - now
            if left <= 0:
                if self._end < silence and self._rate is not None:
                    raise Slow
                raise TimeoutError("no answer in time")
            self._sock.settimeout(min(left, _SLICE))
            try:
                data = self._sock.recv(most)
            except TimeoutError as error:
                if error.errno is not None:
                    raise  # The operating system gave the connection up (ETIMEDOUT).
            else:
                break
            now = time.clock()
        if self._rate is not None:
            self._rate.count(len(data), time.clock() - began)
        return data


class _Rate:
    """How fast a body comes, by the time that was spent waiting for it."""

    def __init__(self, settings: HttpSettings) -> None:
        self._settings = settings
        self._size = 0
        self._seconds = 0.0

    def count(self, size: int, seconds: float) -> None:
        """Raise `Slow` when a whole window brought too little."""
        self._size += size
        self._seconds += seconds
        if self._seconds >= self._settings.rate_window:
            if self._size < self._settings.rate_min * self._seconds:
                raise Slow
            self._size, self._seconds = 0, 0.0


class _Response(io.RawIOBase):
    """One response, as bytes. What failed once never looks like an end."""

    def __init__(self, channel: Channel) -> None:
        super().__init__()
        self._channel = channel
        self._pieces = response(channel, channel.settings)
        self._left = memoryview(b"")
        self._is_broken = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]
        if self._is_broken:
            raise http.client.IncompleteRead(b"")
        if not self._left:
            self._is_broken = True
            self._left = memoryview(next(self._pieces, b""))
            self._is_broken = False
        size = min(len(self._left), len(buffer))
        buffer[:size] = self._left[:size]
        self._left = self._left[size:]
        return size

    def close(self) -> None:
        if not self.closed:
            super().close()
            self._channel.let_go()
