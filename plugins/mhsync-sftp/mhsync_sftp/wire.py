"""The packets of SFTP version 3 (draft-ietf-secsh-filexfer-02), which all servers support."""

from __future__ import annotations

import stat
import struct
from dataclasses import dataclass
from enum import IntEnum, IntFlag

VERSION = 3
PACKET_MAX = 1024 * 1024
"""Bytes. No server sends longer packets. A larger length is other data, such as a login banner."""


class Kind(IntEnum):
    """The type of a packet."""

    INIT = 1
    VERSION = 2
    OPEN = 3
    CLOSE = 4
    READ = 5
    WRITE = 6
    LSTAT = 7
    FSTAT = 8
    OPENDIR = 11
    READDIR = 12
    REMOVE = 13
    MKDIR = 14
    RMDIR = 15
    STAT = 17
    RENAME = 18
    STATUS = 101
    HANDLE = 102
    DATA = 103
    NAME = 104
    ATTRS = 105
    EXTENDED = 200
    EXTENDED_REPLY = 201


class Status(IntEnum):
    """The code of a `STATUS` packet."""

    OK = 0
    EOF = 1
    NO_SUCH_FILE = 2
    PERMISSION_DENIED = 3
    FAILURE = 4
    OP_UNSUPPORTED = 8


class Flags(IntFlag):
    """Flags of an `OPEN` packet."""

    READ = 0x01
    WRITE = 0x02
    CREATE = 0x08
    TRUNCATE = 0x10
    EXCLUSIVE = 0x20


class Refused(Exception):
    """The server refused a request. `status` is a number of `Status`, or one that only this server uses."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


class ConnectionLost(Exception):
    """The connection was lost. The server may or may not have carried out the request."""


class ProtocolError(ConnectionLost):
    """The server sent a packet that is not valid."""


@dataclass(frozen=True, slots=True)
class Attributes:
    """The attributes of a file; None for those that the server left out. `mtime` is in Unix seconds."""

    size: int | None = None
    mode: int | None = None
    mtime: int | None = None

    @property
    def is_file(self) -> bool:
        return self.mode is not None and stat.S_ISREG(self.mode)

    @property
    def is_folder(self) -> bool:
        return self.mode is not None and stat.S_ISDIR(self.mode)

    @property
    def is_link(self) -> bool:
        return self.mode is not None and stat.S_ISLNK(self.mode)


NO_ATTRIBUTES = struct.pack(">I", 0)


def number(value: int) -> bytes:
    return struct.pack(">I", value)


def long(value: int) -> bytes:
    return struct.pack(">Q", value)


def string(value: bytes | bytearray | memoryview) -> bytes:
    return struct.pack(">I", len(value)) + bytes(value)


def text(value: str) -> bytes:
    """Encode a path. The bytes of a name that is not UTF-8 are kept (PEP 383)."""
    return string(value.encode("utf-8", "surrogateescape"))


def packet(kind: Kind, body: bytes, more: int = 0) -> bytes:
    """A packet without its last `more` bytes, which are sent separately."""
    return struct.pack(">IB", len(body) + more + 1, kind) + body


class Reader:
    """Reads values from a packet, in order.

    Raises, from each method:
        ProtocolError: the packet is too short.
    """

    def __init__(self, data: bytes | memoryview) -> None:
        self._data = memoryview(data)
        self._at = 0

    def number(self) -> int:
        return int.from_bytes(self._take(4), "big")

    def long(self) -> int:
        return int.from_bytes(self._take(8), "big")

    def string(self) -> bytes:
        return bytes(self.view())

    def view(self) -> memoryview:
        """A string that is not copied. It keeps the memory of what was received with it."""
        return self._take(self.number())

    def text(self) -> str:
        return self.string().decode("utf-8", "surrogateescape")

    @property
    def position(self) -> int:
        """The number of bytes that were read."""
        return self._at

    @property
    def is_at_end(self) -> bool:
        return self._at >= len(self._data)

    def attributes(self) -> Attributes:
        flags = self.number()
        size = self.long() if flags & 0x01 else None
        if flags & 0x02:
            self._take(8)
        mode = self.number() if flags & 0x04 else None
        mtime = None
        if flags & 0x08:
            self.number()
            mtime = self.number()
        if flags & 0x80000000:
            for _ in range(self.number()):
                self.string()
                self.string()
        return Attributes(size, mode, mtime)

    def _take(self, count: int) -> memoryview:
        end = self._at + count
        if end > len(self._data):
            raise ProtocolError("the server sent a packet that is too short")
        found = self._data[self._at : end]
        self._at = end
        return found
