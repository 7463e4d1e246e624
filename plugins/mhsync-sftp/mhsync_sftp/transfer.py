"""The two ends of a remote file. Requests are sent ahead, so that a long way to the server costs little."""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from mhsync_sftp.session import Session
from mhsync_sftp.wire import Kind, Lost, Refused, Status, long, number, string

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

PIECE = 32 * 1024
"""Bytes in one request: what every server must take."""
AHEAD = 64
"""Requests under way at once: 2 MiB."""


class Upload:
    """Bytes on their way into an open file of a server. Every write's answer is looked at."""

    def __init__(self, session: Session, handle: bytes) -> None:
        self._session = session
        self._handle = handle
        self._waiting: deque[int] = deque()
        self.size = 0

    def write(self, data: bytes, /) -> int:
        view = memoryview(data).cast("B")
        for begin in range(0, len(view), PIECE):
            piece = view[begin : begin + PIECE]
            request = self._session.send(Kind.WRITE, string(self._handle) + long(self.size) + string(piece))
            self._waiting.append(request)
            self.size += len(piece)
            if len(self._waiting) >= AHEAD:
                self._settle()
        return len(data)

    def finish(self) -> None:
        """See every byte taken, flushed to disk where the server can, and the file closed."""
        while self._waiting:
            self._settle()
        self._session.sync(self._handle)
        self._session.close_handle(self._handle)

    def abandon(self) -> None:
        """Close the file without waiting for anything."""
        if self._session.is_broken:
            return
        for request in self._waiting:
            self._session.forget(request)
        with suppress(Lost):
            self._session.forget(self._session.send(Kind.CLOSE, string(self._handle)))

    def _settle(self) -> None:
        self._session.answer(self._waiting.popleft(), Kind.STATUS)


class Download(io.RawIOBase):
    """A remote file from its start.

    Args:
        size: bytes; a file that ends before is told as an error.
        name: for messages.
        done: called once, when the reader is closed.
        told: turns what the session raises into an error of mhsync.
    """

    def __init__(
        self,
        session: Session,
        handle: bytes,
        size: int,
        done: Callable[[], None],
        told: Callable[[Exception], Exception],
    ) -> None:
        self._session = session
        self._handle = handle
        self._size = size
        self._done = done
        self._told = told
        self._asked = 0
        self._got = 0
        self._waiting: deque[tuple[int, int, int]] = deque()
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        target = memoryview(buffer).cast("B")
        try:
            if not self._rest:
                self._rest = memoryview(self._next())
        except (Lost, Refused) as error:
            raise self._told(error) from error
        count = min(len(target), len(self._rest))
        target[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count

    def close(self) -> None:
        if self.closed:
            return
        try:
            self._let_go()
        finally:
            super().close()
            self._done()

    def _let_go(self) -> None:
        if self._session.is_broken:
            return
        for request, _, _ in self._waiting:
            self._session.forget(request)
        with suppress(Lost):
            self._session.forget(self._session.send(Kind.CLOSE, string(self._handle)))

    def _next(self) -> bytes:
        while self._asked < self._size and len(self._waiting) < AHEAD:
            count = min(PIECE, self._size - self._asked)
            self._ask(self._asked, count)
            self._asked += count
        if not self._waiting:
            return b""
        request, offset, count = self._waiting.popleft()
        try:
            data = self._session.answer(request, Kind.DATA).string()
        except Refused as error:
            if error.status == Status.EOF:
                raise Refused(Status.FAILURE, f"it ended after {self._got} of {self._size} bytes") from None
            raise
        if not 1 <= len(data) <= count:
            raise Refused(Status.FAILURE, "the server gave another number of bytes than was asked for")
        if len(data) < count:
            self._ask(offset + len(data), count - len(data), first=True)
        self._got += len(data)
        return data

    def _ask(self, offset: int, count: int, *, first: bool = False) -> None:
        request = self._session.send(Kind.READ, string(self._handle) + long(offset) + number(count))
        item = (request, offset, count)
        if first:
            self._waiting.appendleft(item)
        else:
            self._waiting.append(item)
