"""Where an HTTP/1 response ends: its head and the framing of its body, checked before `http.client` reads them.

`http.client` accepts much that contradicts itself: it takes the first of two lengths, ignores a length beside
chunks, and reads a head or a chunked body that was cut as a whole one. Here each of these is an error.

Nothing here opens or waits; `wire.py` does.
"""

from __future__ import annotations

import http.client
import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Protocol

from mhsync.settings import HttpSettings

_STATUS = re.compile(rb"HTTP/1\.([0-9])[ \t]+([1-9][0-9]{2})(?:[ \t][^\r\n]*)?\r?\n")
_FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):([^\r\n\0]*)\r?\n")
_FOLDED = re.compile(rb"[ \t][^\r\n\0]*\r?\n")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?\r\n")
_LENGTH = re.compile(r"[0-9]{1,18}")
_BLANK = (b"\r\n", b"\n")
_CHUNK_LINE = 4096
_LAST = 4096
_CLOSING = 2.0
"""Seconds for a server to close a connection that it said it would close."""
_LINGER = 0.01
"""Seconds for what a server sends behind the end of a file; JSON shows its own end, and is not waited for."""


class Broken(http.client.HTTPException):
    """The response contradicts itself or HTTP; the message says how, in words of our own."""


class Excess(Broken):
    """More bytes came than the response had announced."""


class Source(Protocol):
    """Where the bytes of one response come from, in order."""

    def line(self, limit: int) -> bytes:
        """The bytes up to the next line feed, included; `b""` at the end of the connection.

        Raises:
            Broken: the line is longer than `limit` bytes.
            http.client.IncompleteRead: the connection ended within the line.
        """

    def some(self, most: int) -> bytes:
        """1 to `most` bytes as soon as there are some; `b""` at the end of the connection."""

    def begin_body(self) -> None:
        """The head is read; from here on the bounds of a body hold."""

    def has_more(self, seconds: float) -> bool:
        """Whether another byte is there, or comes within that time."""


@dataclass(frozen=True, slots=True)
class Head:
    """The status line and the header fields of one response."""

    status: int
    is_old: bool
    """HTTP/1.0."""
    fields: tuple[tuple[str, str], ...]
    """Names in lower case, and values."""

    def elements(self, name: str) -> list[str]:
        """The members of a field that holds a list, over all of its lines."""
        lists = [value.split(",") for field, value in self.fields if field == name]
        return [element.strip().lower() for values in lists for element in values]

    @property
    def has_no_body(self) -> bool:
        return self.status < 200 or self.status in (204, 304)

    @property
    def will_close(self) -> bool:
        connection = self.elements("connection")
        return "close" in connection or (self.is_old and "keep-alive" not in connection)

    @property
    def is_json(self) -> bool:
        return any("json" in kind for kind in self.elements("content-type"))

    @property
    def coding(self) -> str:
        """How the body is packed for its way; `""` where it is not."""
        return ",".join(code for code in self.elements("transfer-encoding") if code != "identity")

    def length(self) -> int | None:
        """The announced length of the body in bytes, or None.

        Raises:
            Broken: it is no length, there are two that differ, or the body is chunked as well.
        """
        said = self.elements("content-length")
        if not said:
            return None
        if not all(_LENGTH.fullmatch(text) for text in said):
            raise Broken("the answer's headers cannot be read (its length is not a number)")
        if len({int(text) for text in said}) > 1:
            raise Broken("the answer's headers contradict each other (two lengths that differ)")
        if self.coding:
            raise Broken("the answer's headers contradict each other (a length and a transfer encoding)")
        return int(said[0])


def response(source: Source, settings: HttpSettings) -> Iterator[bytes]:
    """The bytes of one response for `http.client`: its head without interim responses, then its body.

    Raises:
        Broken: it contradicts itself, or it is larger than its bounds.
        http.client.HTTPException: it is not HTTP, or it was cut.
    """
    for _ in range(settings.interim_max + 1):
        read = _head(source, settings.head_max)
        if read is None:
            return
        head, raw = read
        if head.status >= 200 or head.status == 101:
            break
    else:
        raise Broken(f"more than {settings.interim_max} interim answers came before the answer")
    length = head.length()
    yield raw
    source.begin_body()
    if head.has_no_body:
        return
    if length is not None:
        yield from _counted(source, length, _linger(head))
    elif head.coding == "chunked":
        yield from _chunked(source, settings.head_max)
    else:
        while piece := source.some(_ANY):
            yield piece


_ANY = 1 << 30


def _linger(head: Head) -> float:
    """Seconds to look for more behind the announced end of a body."""
    if head.will_close:
        return _CLOSING
    return 0.0 if head.is_json else _LINGER


def _head(source: Source, limit: int) -> tuple[Head, bytes] | None:
    """One head and its bytes; None where the connection ended before it."""
    first = source.line(limit)
    if not first:
        return None
    status = _STATUS.fullmatch(first)
    if status is None:
        raise http.client.BadStatusLine("not HTTP/1")
    raw = bytearray(first)
    fields: list[tuple[str, str]] = []
    while (line := _next_line(source, limit - len(raw))) not in _BLANK:
        raw += line
        if _FOLDED.fullmatch(line) and fields:
            name, value = fields[-1]
            fields[-1] = (name, f"{value} {line.decode('latin-1').strip()}")
            continue
        field = _FIELD.fullmatch(line)
        if field is None:
            raise Broken("the answer's headers cannot be read")
        fields.append((field[1].decode("ascii").lower(), field[2].decode("latin-1").strip()))
    raw += line
    return Head(int(status[2]), status[1] == b"0", tuple(fields)), bytes(raw)


def _next_line(source: Source, limit: int) -> bytes:
    """A line that must be there."""
    line = source.line(limit)
    if not line:
        raise http.client.IncompleteRead(b"")
    return line


def _counted(source: Source, length: int, linger: float) -> Iterator[bytes]:
    left = length
    while left:
        piece = source.some(left)
        if not piece:
            return  # urllib3 compares what came with the announced length.
        left -= len(piece)
        if not left:
            # Only the last of it waits for the look behind it, so that what came before still counts as progress.
            yield from (piece[:-_LAST],) if len(piece) > _LAST else ()
            piece = piece[-_LAST:]
            if source.has_more(linger):
                raise Excess("more came than the answer had announced")
        yield piece


def _chunked(source: Source, trailer_max: int) -> Generator[bytes]:
    while True:
        line = _next_line(source, _CHUNK_LINE)
        size = _CHUNK.fullmatch(line)
        if size is None:
            # Cut: a connection that broke and a length that cannot be read look alike to whoever waits for it.
            raise http.client.IncompleteRead(b"")
        yield line
        left = int(size[1], 16)
        if not left:
            break
        while left:
            piece = source.some(left)
            if not piece:
                raise http.client.IncompleteRead(b"")
            left -= len(piece)
            yield piece
        end = _next_line(source, _CHUNK_LINE)
        if end != b"\r\n":
            raise Broken("a chunk of the answer does not end where it said")
        yield end
    yield from _trailers(source, trailer_max)


def _trailers(source: Source, limit: int) -> Iterator[bytes]:
    left = limit
    while (line := _next_line(source, left)) not in _BLANK:
        left -= len(line)
        if left <= 0:
            raise Broken("the answer's trailers are too long")
        yield line
    if source.has_more(0.0):
        raise Excess("more came than the answer had announced")
    yield line
