"""One SFTP session over one SSH channel, used by one thread at a time.

paramiko's own SFTPClient is not used: it ignores the responses to `close` and to pipelined writes, does not
support `fsync`, fails on names that are not UTF-8, and deadlocks when threads share it. This class sends requests
ahead, matches the responses by number, and checks every status.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Protocol

from mhsync_sftp.wire import (
    NO_ATTRIBUTES,
    PACKET_MAX,
    VERSION,
    Attributes,
    ConnectionLost,
    Flags,
    Kind,
    ProtocolError,
    Reader,
    Refused,
    Status,
    number,
    packet,
    string,
    text,
)

FSYNC = "fsync@openssh.com"
POSIX_RENAME = "posix-rename@openssh.com"
LIMITS = "limits@openssh.com"
_READ = 4 * 1024 * 1024
"""Bytes that are taken from a channel at once: all that it holds, since it moves the rest in memory."""
_MESSAGE = 32 * 1024 - 64
"""Bytes of a channel that fit into one SSH packet of every server."""
_PIECE = 32 * 1024
"""Bytes of a file in one request. Every server must accept this size."""
_PIECE_MAX = 255 * 1024
"""The same for a server that announces a limit. OpenSSH's is this."""
_SYNC = 10
"""A flush may take this many times the usual timeout."""


class Channel(Protocol):
    """The methods of a paramiko `Channel` that are used."""

    def sendall(self, s: bytes, /) -> None: ...
    def recv(self, nbytes: int, /) -> bytes: ...
    def settimeout(self, timeout: float | None, /) -> None: ...
    def close(self) -> None: ...


class Session:
    """Sends requests to one server and returns its responses.

    Args:
        timeout: seconds to wait for each response.

    Raises, from each method:
        Refused: the server refused the request.
        ConnectionLost: the connection was lost, or no response came in time. The caller closes the session then.
    """

    def __init__(self, channel: Channel, timeout: float) -> None:
        channel.settimeout(timeout)
        self._channel = channel
        self._timeout = timeout
        self._unsent = b""
        """The end of the last write, shorter than one message: it is sent with what follows."""
        self._received = memoryview(b"")
        """Bytes of the channel that were not read from it yet."""
        self._next = 0
        self._responses: dict[int, tuple[int, Reader]] = {}
        self._expected: set[int] = set()
        self._forgotten: set[int] = set()
        self.is_broken = False
        self._piece = _PIECE, _PIECE
        """Bytes of a file that one request may read and write."""
        self.extensions = self._shake_hands()
        self._limits: int | None = None
        """The request for the limits of the server, as long as its response has not been read."""
        if LIMITS in self.extensions:
            # Nothing waits for the response before a file is transferred: it takes no additional round trip.
            self._limits = self.send(Kind.EXTENDED, string(LIMITS.encode()))

    def lstat(self, path: str) -> Attributes:
        return self._attributes(self.send(Kind.LSTAT, text(path)))

    def find(self, path: str) -> Attributes | None:
        """The attributes of a path, without following a link; None if the path does not exist."""
        try:
            return self.lstat(path)
        except Refused as error:
            if error.status == Status.NO_SUCH_FILE:
                return None
            raise

    def fstat(self, handle: bytes) -> Attributes:
        return self._attributes(self.send(Kind.FSTAT, string(handle)))

    def open(self, path: str, flags: Flags) -> bytes:
        """Open a file and return its handle."""
        response = self.response(self.send(Kind.OPEN, text(path) + number(flags) + NO_ATTRIBUTES), Kind.HANDLE)
        return response.string()

    def close_handle(self, handle: bytes) -> None:
        self._do(Kind.CLOSE, string(handle))

    def remove(self, path: str) -> None:
        self._do(Kind.REMOVE, text(path))

    def remove_if_present(self, path: str) -> None:
        try:
            self.remove(path)
        except Refused as error:
            if error.status != Status.NO_SUCH_FILE:
                raise

    def make_folder(self, path: str) -> None:
        self._do(Kind.MKDIR, text(path) + NO_ATTRIBUTES)

    def remove_folder(self, path: str) -> None:
        self._do(Kind.RMDIR, text(path))

    def rename(self, old: str, new: str) -> None:
        """Rename a file. Most servers refuse to replace an existing one."""
        self._do(Kind.RENAME, text(old) + text(new))

    @property
    def can_replace(self) -> bool:
        """Whether the server can replace a file by renaming another one."""
        return POSIX_RENAME in self.extensions

    def replace(self, old: str, new: str) -> None:
        self._do(Kind.EXTENDED, string(POSIX_RENAME.encode()) + text(old) + text(new))

    def sync(self, handle: bytes) -> None:
        """Flush an open file to disk, if the server supports it."""
        if FSYNC in self.extensions:
            # Flushing a large file to a slow disk takes long.
            self._channel.settimeout(self._timeout * _SYNC)
            self._do(Kind.EXTENDED, string(FSYNC.encode()) + string(handle))
            self._channel.settimeout(self._timeout)

    @property
    def read_max(self) -> int:
        """Bytes of a file that one request may read."""
        return self._pieces()[0]

    @property
    def write_max(self) -> int:
        """Bytes of a file that one request may write."""
        return self._pieces()[1]

    def send(self, kind: Kind, body: bytes, content: memoryview | None = None) -> int:
        """Send a request without waiting, and return its number.

        Args:
            content: the last value of the request, a string. It is not copied as a whole.
        """
        self._next += 1
        self._expected.add(self._next)
        body = number(self._next) + body
        if content is None:
            self._send(packet(kind, body))
        else:
            self._send(packet(kind, body + number(len(content)), len(content)), content)
        return self._next

    def response(self, request: int, wanted: Kind) -> Reader:
        """Wait for the response to one request."""
        while request not in self._responses:
            self._receive()
        kind, reader = self._responses.pop(request)
        if kind == Kind.STATUS:
            _raise_unless_ok(reader)
        if kind != wanted:
            raise ProtocolError(f"the server sent packet type {kind} instead of {wanted}")
        return reader

    def next_response(self) -> int:
        """Wait for any response, and return the number of its request."""
        while not self._responses:
            self._receive()
        return next(iter(self._responses))

    def forget(self, request: int) -> None:
        """Drop the response to a request when it arrives."""
        if self._responses.pop(request, None) is None:
            self._forgotten.add(request)

    def close(self) -> None:
        self.is_broken = True
        with suppress(Exception):  # the connection may be broken already
            self._channel.close()

    def _do(self, kind: Kind, body: bytes) -> None:
        self.response(self.send(kind, body), Kind.STATUS)

    def _attributes(self, request: int) -> Attributes:
        return self.response(request, Kind.ATTRS).attributes()

    def _shake_hands(self) -> Mapping[str, str]:
        self._send(packet(Kind.INIT, number(VERSION)))
        kind, reader = self._next_packet()
        if kind != Kind.VERSION:
            raise ProtocolError("the server does not speak SFTP")
        reader.number()
        extensions = {}
        while not reader.is_at_end:
            name = reader.text()
            extensions[name] = reader.text()
        return MappingProxyType(extensions)

    def _receive(self) -> None:
        kind, reader = self._next_packet()
        request = reader.number()
        if request not in self._expected:
            raise ProtocolError("the server sent a response without a request")
        self._expected.discard(request)
        if request == self._limits:
            self._limits = None
            if kind == Kind.EXTENDED_REPLY:
                reader.long()  # the longest packet
                self._piece = _clamp(reader.long()), _clamp(reader.long())
        elif request in self._forgotten:
            self._forgotten.discard(request)
        else:
            self._responses[request] = (kind, reader)

    def _pieces(self) -> tuple[int, int]:
        while self._limits is not None:
            self._receive()
        return self._piece

    def _next_packet(self) -> tuple[int, Reader]:
        length = int.from_bytes(self._read(4), "big")
        if not 1 <= length <= PACKET_MAX:
            raise ProtocolError("the server does not speak SFTP, or its login script prints text")
        data = self._read(length)
        return data[0], Reader(data[1:])

    def _read(self, count: int) -> memoryview:
        parts = [self._received[:count]]
        self._received = self._received[count:]
        missing = count - len(parts[0])
        while missing:
            data = memoryview(self._receive_bytes())
            parts.append(data[:missing])
            self._received = data[missing:]
            missing -= len(parts[-1])
        return parts[0] if len(parts) == 1 else memoryview(b"".join(parts))

    def _receive_bytes(self) -> bytes:
        if self._unsent:
            self._send(b"")
        try:
            data = self._channel.recv(_READ)
        except Exception as error:
            raise self._lost(_reason(error)) from error
        if not data:
            raise self._lost("the server closed the connection")
        return data

    def _send(self, head: bytes, content: memoryview | None = None) -> None:
        """Send bytes in messages that are as long as possible: each message has the same cost.

        What is left after content waits for the next request, or for the next wait for a response.
        """
        begin = self._unsent + head
        content = content or memoryview(b"")
        first = max(0, _MESSAGE - len(begin))
        parts = [begin + content[:first]]
        parts += [bytes(content[at : at + _MESSAGE]) for at in range(first, len(content), _MESSAGE)]
        self._unsent = parts.pop() if content and len(parts[-1]) < _MESSAGE else b""
        try:
            for part in parts:
                self._channel.sendall(part)
        except Exception as error:
            raise self._lost(_reason(error)) from error

    def _lost(self, reason: str) -> ConnectionLost:
        self.is_broken = True
        return ConnectionLost(reason)


def _clamp(limit: int) -> int:
    """The size of a piece, from the limit that a server announces; 0 announces none."""
    return max(_PIECE, min(limit, _PIECE_MAX))


def _raise_unless_ok(reader: Reader) -> None:
    status = reader.number()
    message = "" if reader.is_at_end else reader.text()
    if status != Status.OK:
        raise Refused(status, message)


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "the server did not respond in time"
    return str(error) or type(error).__name__
