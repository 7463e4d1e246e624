"""One SFTP session over one SSH channel, used by one thread at a time.

paramiko brings its own SFTPClient, which is not used here: it leaves out what the server's `close` answers and
what it says of pipelined writes, knows no `fsync`, takes a name that is no UTF-8 for an error, and deadlocks
when shared. This one sends requests ahead, matches the answers by number, and keeps every status.
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
    Flags,
    Kind,
    Lost,
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
_READ = 64 * 1024
_SYNC = 10
"""How many times longer than for anything else the answer to a flush is waited for."""


class Channel(Protocol):
    """What is used of a paramiko `Channel`."""

    def sendall(self, s: bytes, /) -> None: ...
    def recv(self, nbytes: int, /) -> bytes: ...
    def settimeout(self, timeout: float | None, /) -> None: ...
    def close(self) -> None: ...


class Session:
    """Requests to one server.

    Args:
        timeout: seconds to wait for any answer.

    Raises, from each method:
        Refused: the server says no.
        Lost: the connection broke, or no answer came in time. Whoever uses the session closes it then.
    """

    def __init__(self, channel: Channel, timeout: float) -> None:
        channel.settimeout(timeout)
        self._channel = channel
        self._timeout = timeout
        self._buffer = bytearray()
        self._next = 0
        self._answers: dict[int, tuple[int, Reader]] = {}
        self._expected: set[int] = set()
        self._forgotten: set[int] = set()
        self.is_broken = False
        self.extensions = self._shake_hands()

    def lstat(self, path: str) -> Attributes:
        return self._attributes(self.send(Kind.LSTAT, text(path)))

    def find(self, path: str) -> Attributes | None:
        """What lies under the path, a link itself and not what it leads to; None where nothing does."""
        try:
            return self.lstat(path)
        except Refused as error:
            if error.status == Status.NO_SUCH_FILE:
                return None
            raise

    def fstat(self, handle: bytes) -> Attributes:
        return self._attributes(self.send(Kind.FSTAT, string(handle)))

    def open(self, path: str, flags: Flags) -> bytes:
        """Open a file; its handle."""
        answer = self.answer(self.send(Kind.OPEN, text(path) + number(flags) + NO_ATTRIBUTES), Kind.HANDLE)
        return answer.string()

    def close_handle(self, handle: bytes) -> None:
        self._do(Kind.CLOSE, string(handle))

    def remove(self, path: str) -> None:
        self._do(Kind.REMOVE, text(path))

    def make_folder(self, path: str) -> None:
        self._do(Kind.MKDIR, text(path) + NO_ATTRIBUTES)

    def remove_folder(self, path: str) -> None:
        self._do(Kind.RMDIR, text(path))

    def rename(self, old: str, new: str) -> None:
        """Rename; most servers refuse to replace a file."""
        self._do(Kind.RENAME, text(old) + text(new))

    @property
    def can_replace(self) -> bool:
        """Whether the server can put a file in another one's place in one step."""
        return POSIX_RENAME in self.extensions

    def replace(self, old: str, new: str) -> None:
        self._do(Kind.EXTENDED, string(POSIX_RENAME.encode()) + text(old) + text(new))

    def sync(self, handle: bytes) -> None:
        """Have an open file's bytes flushed to disk, where the server knows how."""
        if FSYNC in self.extensions:
            # A slow disk takes its time over a large file.
            self._channel.settimeout(self._timeout * _SYNC)
            self._do(Kind.EXTENDED, string(FSYNC.encode()) + string(handle))
            self._channel.settimeout(self._timeout)

    def send(self, kind: Kind, body: bytes) -> int:
        """Send a request without waiting; the number that its answer will carry."""
        self._next += 1
        self._expected.add(self._next)
        self._send(packet(kind, number(self._next) + body))
        return self._next

    def answer(self, request: int, wanted: Kind) -> Reader:
        """Wait for the answer to one request."""
        while request not in self._answers:
            self._receive()
        kind, reader = self._answers.pop(request)
        if kind == Kind.STATUS:
            _raise_unless_ok(reader)
        if kind != wanted:
            raise ProtocolError(f"packet {kind} came where {wanted} was due")
        return reader

    def any_answer(self) -> int:
        """Wait until some answer is there; the number of its request."""
        while not self._answers:
            self._receive()
        return next(iter(self._answers))

    def forget(self, request: int) -> None:
        """Nobody will ask for this answer any more."""
        if self._answers.pop(request, None) is None:
            self._forgotten.add(request)

    def close(self) -> None:
        self.is_broken = True
        with suppress(Exception):  # it may be broken already, in whatever way
            self._channel.close()

    def _do(self, kind: Kind, body: bytes) -> None:
        self.answer(self.send(kind, body), Kind.STATUS)

    def _attributes(self, request: int) -> Attributes:
        return self.answer(request, Kind.ATTRS).attributes()

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
            raise ProtocolError("an answer came to what was not asked")
        self._expected.discard(request)
        if request in self._forgotten:
            self._forgotten.discard(request)
        else:
            self._answers[request] = (kind, reader)

    def _next_packet(self) -> tuple[int, Reader]:
        length = int.from_bytes(self._read(4), "big")
        if not 1 <= length <= PACKET_MAX:
            raise ProtocolError("the server does not speak SFTP; does its login print text?")
        data = self._read(length)
        return data[0], Reader(data[1:])

    def _read(self, count: int) -> bytes:
        while len(self._buffer) < count:
            try:
                data = self._channel.recv(_READ)
            except Exception as error:
                raise self._lost(_words(error)) from error
            if not data:
                raise self._lost("the server closed the connection")
            self._buffer += data
        found = bytes(self._buffer[:count])
        del self._buffer[:count]
        return found

    def _send(self, data: bytes) -> None:
        try:
            self._channel.sendall(data)
        except Exception as error:
            raise self._lost(_words(error)) from error

    def _lost(self, words: str) -> Lost:
        self.is_broken = True
        return Lost(words)


def _raise_unless_ok(reader: Reader) -> None:
    status = reader.number()
    words = "" if reader.is_at_end else reader.text()
    if status != Status.OK:
        raise Refused(status, words)


def _words(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "the server did not answer in time"
    return str(error) or type(error).__name__
