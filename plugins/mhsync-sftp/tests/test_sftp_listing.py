"""A folder that cannot be listed: when it is empty, and when it is an error. The responses are scripted."""

from __future__ import annotations

import stat
import struct
from collections.abc import Callable

import pytest
from mhsync_sftp.listing import walk
from mhsync_sftp.session import Session
from mhsync_sftp.wire import Kind, Refused, Status, number, packet, string


class ScriptedServer:
    """The channel of a server that opens every folder. `read` returns the response to the READDIR with a count from 1."""

    def __init__(self, read: Callable[[int], bytes], *, exists: bool) -> None:
        self._read = read
        self._exists = exists
        self._reads = 0
        self._answers = b""

    def sendall(self, data: bytes, /) -> None:
        kind, request = data[4], data[5:9]
        if kind == Kind.INIT:
            self._answers += packet(Kind.VERSION, number(3))
        elif kind == Kind.OPENDIR:
            self._answers += packet(Kind.HANDLE, request + string(b"h"))
        elif kind == Kind.READDIR:
            self._reads += 1
            body = self._read(self._reads)
            self._answers += packet(Kind(body[0]), request + body[1:])
        elif kind == Kind.LSTAT and self._exists:
            self._answers += packet(Kind.ATTRS, request + struct.pack(">II", 4, stat.S_IFDIR | 0o755))
        elif kind == Kind.LSTAT:
            self._answers += packet(Kind.STATUS, request + refusal(Status.NO_SUCH_FILE)[1:])
        else:
            self._answers += packet(Kind.STATUS, request + refusal(Status.OK)[1:])

    def recv(self, nbytes: int, /) -> bytes:
        found, self._answers = self._answers[:nbytes], self._answers[nbytes:]
        return found

    def settimeout(self, timeout: float | None, /) -> None:
        pass

    def close(self) -> None:
        pass


def refusal(status: Status) -> bytes:
    return bytes([Kind.STATUS]) + number(status) + string(b"") + string(b"")


def one_file() -> bytes:
    attributes = struct.pack(">IQI", 5, 3, stat.S_IFREG | 0o644)
    return bytes([Kind.NAME]) + number(1) + string(b"a.wav") + string(b"") + attributes


def listed(read: Callable[[int], bytes], *, exists: bool) -> list[str]:
    session = Session(ScriptedServer(read, exists=exists), 5)
    return [path for path, _ in walk(session, "", lambda path: f"/base/{path}", lambda _: True)]


def test_a_folder_that_is_missing_at_the_first_readdir_is_empty() -> None:
    assert listed(lambda count: refusal(Status.NO_SUCH_FILE), exists=False) == []


def test_a_folder_that_exists_but_cannot_be_read_is_an_error() -> None:
    with pytest.raises(Refused):
        listed(lambda count: refusal(Status.NO_SUCH_FILE), exists=True)


def test_a_listing_that_has_begun_is_never_cut_short() -> None:
    with pytest.raises(Refused):
        listed(lambda count: one_file() if count == 1 else refusal(Status.NO_SUCH_FILE), exists=False)


def test_a_listing_that_ends_is_complete() -> None:
    assert listed(lambda count: one_file() if count < 3 else refusal(Status.EOF), exists=True) == ["a.wav"] * 2
