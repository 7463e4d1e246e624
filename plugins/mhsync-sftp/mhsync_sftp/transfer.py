"""Uploads and downloads of one file. Requests are sent ahead, so that a distant server does not slow them down."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from contextlib import suppress

from mhsync_sftp.session import Session
from mhsync_sftp.wire import ConnectionLost, Kind, Refused, Status, long, number, string

AHEAD = 2 * 1024 * 1024
"""Bytes of a file in requests without a response yet, at most."""


class Upload:
    """Writes to an open file of a server. The response to every write is checked."""

    def __init__(self, session: Session, handle: bytes) -> None:
        self._session = session
        self._handle = handle
        self._waiting: deque[tuple[int, int]] = deque()
        """Number and length of the requests without a response yet."""
        self._ahead = 0
        self.size = 0

    def write(self, data: bytes, /) -> int:
        view = memoryview(data).cast("B")
        # Pieces of equal length: a short last one would cost as much as a long one.
        count = -(-len(view) // self._session.write_max)
        length = -(-len(view) // count) if count else 1
        for begin in range(0, len(view), length):
            piece = view[begin : begin + length]
            while self._waiting and self._ahead + len(piece) > AHEAD:
                self._check_response()
            request = self._session.send(Kind.WRITE, string(self._handle) + long(self.size), piece)
            self._waiting.append((request, len(piece)))
            self._ahead += len(piece)
            self.size += len(piece)
        return len(data)

    def finish(self) -> None:
        """Check the remaining responses, flush the file to disk where the server can, and close it."""
        while self._waiting:
            self._check_response()
        self._session.sync(self._handle)
        self._session.close_handle(self._handle)

    def abandon(self) -> None:
        """Close the file without waiting for responses."""
        _close(self._session, self._handle, [request for request, _ in self._waiting])

    def _check_response(self) -> None:
        request, length = self._waiting.popleft()
        self._ahead -= length
        self._session.response(request, Kind.STATUS)


class Download:
    """Reads an open file of a server from its beginning. It does not compare the length: use a `CheckedReader`.

    Args:
        size: of the file in bytes. No byte behind it is requested.
    """

    def __init__(self, session: Session, handle: bytes, size: int) -> None:
        self._session = session
        self._handle = handle
        self._size = size
        self._requested = self._ahead = 0
        self._waiting: deque[tuple[int, int, int]] = deque()
        """Number, offset and length of the requests without a response yet, in the order of their offsets."""
        self._rest = memoryview(b"")

    def read(self, count: int = AHEAD, /) -> memoryview:
        """The next bytes, at most `count`; empty at the end of the file."""
        data = self._rest or self._receive()
        self._rest = data[count:]
        return data[:count]

    def close(self) -> None:
        _close(self._session, self._handle, [request for request, _, _ in self._waiting])

    def _receive(self) -> memoryview:
        piece = self._session.read_max
        while self._requested < self._size and self._ahead + piece <= AHEAD:
            count = min(piece, self._size - self._requested)
            self._waiting.append(self._request(self._requested, count))
            self._requested += count
        if not self._waiting:
            return memoryview(b"")
        request, offset, count = self._waiting.popleft()
        self._ahead -= count
        try:
            data = self._session.response(request, Kind.DATA).view()
        except Refused as error:
            if error.status == Status.EOF:
                return memoryview(b"")
            raise
        if not 1 <= len(data) <= count:
            raise Refused(Status.FAILURE, f"{len(data)} bytes were received, {count} were requested")
        if len(data) < count:
            self._waiting.appendleft(self._request(offset + len(data), count - len(data)))
        return data

    def _request(self, offset: int, count: int) -> tuple[int, int, int]:
        request = self._session.send(Kind.READ, string(self._handle) + long(offset) + number(count))
        self._ahead += count
        return request, offset, count


def _close(session: Session, handle: bytes, waiting: Iterable[int]) -> None:
    if session.is_broken:
        return
    for request in waiting:
        session.forget(request)
    with suppress(ConnectionLost):
        session.forget(session.send(Kind.CLOSE, string(handle)))
