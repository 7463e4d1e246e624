"""Reads an HTTP/1 response strictly: its head, and its body without the framing.

`http.client` accepts responses that contradict themselves: it uses the first of two lengths, ignores a length next
to a chunked encoding, and reads a truncated head or a truncated chunked body as a complete one. Here each of these
is an error.

This module performs no I/O; `bounded_socket.py` reads the bytes.
"""

from __future__ import annotations

import http.client
import re
from collections.abc import Iterator, Sequence
from dataclasses import field
from typing import Protocol

from mhsync.dataclass import dataclass
from mhsync.settings import HttpSettings

_STATUS_LINE = re.compile(rb"HTTP/1\.([0-9])[ \t]+([1-9][0-9]{2})(?:[ \t][^\r\n]*)?\r?\n")
_FIELD = r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):([^\r\n\0]*)"
_FIELD_LINE = re.compile(_FIELD.encode() + rb"\r?\n")
_FIELDS = re.compile(_FIELD + r"\r\n")
_USUAL_HEAD = re.compile(
    # Possessive, so that a head that does not match is refused in linear time.
    rb"HTTP/1\.([0-9])[ \t]+([1-9][0-9]{2})(?:[ \t][^\r\n]*+)?\r\n"
    rb"((?:[!#$%&'*+.^_`|~0-9A-Za-z-]++:[^\r\n\0]*+\r\n)*+)\r\n"
)
_FOLDED_LINE = re.compile(rb"[ \t][^\r\n\0]*\r?\n")
_CHUNK_LINE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?\r\n")
_LENGTH = re.compile(r"[0-9]{1,18}")
_EMPTY_LINES = (b"\r\n", b"\n")
_CHUNK_LINE_MAX = 4096
_LAST_PIECE = 4096
"""Bytes at the end of a body that are held back until it is known whether more bytes follow."""
_CLOSE_WAIT = 2.0
"""Seconds to wait until a server closes a connection that it announced it would close."""
_EXCESS_WAIT = 0.01
"""Seconds after the end of a file in which no byte may arrive. JSON marks its own end, so that needs no wait."""
_UNLIMITED = 1 << 30


class FramingError(http.client.HTTPException):
    """The response contradicts itself or is not valid HTTP/1. The message is safe to print."""


class ExcessBytes(FramingError):
    """The server sent more bytes than the response announced."""


def excess_bytes() -> ExcessBytes:
    return ExcessBytes("the server sent more bytes than it announced")


class ByteSource(Protocol):
    """The bytes of one response, in order."""

    def peek_head(self) -> bytes:
        """The received bytes up to and including the first empty line, `b""` where there is none yet.

        They stay in the source. At least one byte is received before this returns, or the connection has ended.
        """

    def skip(self, size: int) -> None:
        """Remove the first bytes, which `peek_head` returned."""

    def read_line(self, limit: int) -> bytes:
        """The bytes up to and including the next line feed; `b""` at the end of the connection.

        Raises:
            FramingError: the line is longer than `limit` bytes.
            http.client.IncompleteRead: the connection ended within the line.
        """

    def read_some(self, limit: int) -> bytes:
        """1 to `limit` bytes, as soon as any are available; `b""` at the end of the connection."""

    def begin_body(self) -> None:
        """Apply the limits of a body from here on: the head is complete."""

    def has_more(self, seconds: float) -> bool:
        """Whether another byte is available, or arrives within `seconds`."""

    def expect_silence(self, seconds: float) -> None:
        """Note that the body has ended, and that no byte may arrive for `seconds`: `confirm_end` checks it."""


@dataclass(frozen=True, slots=True)
class Head:
    """The status line and the header fields of one response."""

    status: int
    is_http_1_0: bool
    fields: Sequence[tuple[str, str]]
    """Pairs of a name and its value, as they were sent."""
    _values: dict[str, str] = field(init=False, repr=False, compare=False)
    """By name in lower case: the values of all lines of that field, separated by commas."""

    def __post_init__(self) -> None:
        values: dict[str, str] = {}
        for name, value in self.fields:
            key = name.lower()
            values[key] = f"{values[key]},{value}" if key in values else value
        object.__setattr__(self, "_values", values)

    def list_values(self, name: str) -> list[str]:
        """The members of a field that holds a comma-separated list, from all lines of that field."""
        value = self._values.get(name)
        return [] if value is None else [element.strip(" \t").lower() for element in value.split(",")]

    @property
    def has_no_body(self) -> bool:
        return self.status < 200 or self.status in (204, 304)

    @property
    def will_close(self) -> bool:
        connection = self.list_values("connection")
        return "close" in connection or (self.is_http_1_0 and "keep-alive" not in connection)

    @property
    def ends_connection(self) -> bool:
        """Whether no other response can follow: the server closes the connection, or its end ends the body."""
        has_end = self.has_no_body or self.transfer_coding == "chunked" or "content-length" in self._values
        return self.will_close or not has_end

    @property
    def is_json(self) -> bool:
        return any("json" in kind for kind in self.list_values("content-type"))

    @property
    def transfer_coding(self) -> str:
        """The transfer encoding of the body; `""` where there is none."""
        return ",".join(code for code in self.list_values("transfer-encoding") if code != "identity")

    def content_length(self) -> int | None:
        """The announced length of the body in bytes, or None.

        Raises:
            FramingError: the value is not a number, two values differ, or the body also has a transfer encoding.
        """
        values = self.list_values("content-length")
        if not values:
            return None
        if not all(_LENGTH.fullmatch(text) for text in values):
            raise FramingError("the response headers are invalid (Content-Length is not a number)")
        if len({int(text) for text in values}) > 1:
            raise FramingError("the response headers contradict each other (two different Content-Lengths)")
        if self.transfer_coding:
            raise FramingError(
                "the response headers contradict each other (both Content-Length and Transfer-Encoding)"
            )
        return int(values[0])


def read_head(source: ByteSource, settings: HttpSettings) -> Head | None:
    """The final head of one response; None where the connection ended before it.

    Interim responses (status 1xx) are skipped.

    Raises:
        FramingError: the head contradicts itself, or exceeds a limit.
        http.client.HTTPException: the bytes are not HTTP, or the head was truncated.
    """
    for _ in range(settings.interim_max + 1):
        head = _read_head(source, settings.head_max)
        if head is not None and len(head.fields) > settings.fields_max:
            raise http.client.HTTPException("too many header lines")
        if head is None or head.status >= 200 or head.status == 101:
            break
    else:
        raise FramingError(f"the server sent more than {settings.interim_max} interim responses")
    return head


def body_pieces(source: ByteSource, head: Head, settings: HttpSettings) -> Iterator[bytes]:
    """The body of the response that begins with `head`, without its framing.

    Raises:
        FramingError: the body contradicts its head, or exceeds a limit.
        http.client.IncompleteRead: the body was truncated.
    """
    source.begin_body()
    length = head.content_length()
    if head.has_no_body:
        return iter(())
    if length is not None:
        return _sized_body(source, length, head)
    if head.transfer_coding == "chunked":
        return _chunked_body(source, settings.head_max)
    return _unsized_body(source)


def _read_head(source: ByteSource, limit: int) -> Head | None:
    """One head; None where the connection ended before it."""
    block = source.peek_head()
    usual = _USUAL_HEAD.fullmatch(block) if len(block) <= limit else None
    if usual is None:
        return _read_head_by_line(source, limit)
    source.skip(len(block))
    fields = [(name, value.strip(" \t")) for name, value in _FIELDS.findall(usual[3].decode("latin-1"))]
    return Head(int(usual[2]), usual[1] == b"0", fields)


def _read_head_by_line(source: ByteSource, limit: int) -> Head | None:
    """One head that has not arrived whole, is unusual (a folded line, a bare line feed), or is invalid."""
    first = source.read_line(limit)
    if not first:
        return None
    status = _STATUS_LINE.fullmatch(first)
    if status is None:
        raise http.client.BadStatusLine("not HTTP/1")
    size = len(first)
    fields: list[tuple[str, str]] = []
    while (line := _require_line(source, limit - size)) not in _EMPTY_LINES:
        size += len(line)
        if _FOLDED_LINE.fullmatch(line) and fields:
            name, value = fields[-1]
            fields[-1] = (name, f"{value} {line.decode('latin-1').strip()}")
            continue
        found = _FIELD_LINE.fullmatch(line)
        if found is None:
            raise FramingError("the response headers are invalid")
        fields.append((found[1].decode("ascii"), found[2].decode("latin-1").strip(" \t")))
    return Head(int(status[2]), status[1] == b"0", fields)


def _require_line(source: ByteSource, limit: int) -> bytes:
    """The next line; the end of the connection is an error."""
    line = source.read_line(limit)
    if not line:
        raise http.client.IncompleteRead(b"")
    return line


def _sized_body(source: ByteSource, length: int, head: Head) -> Iterator[bytes]:
    """A body with a Content-Length.

    Bytes after its end that have arrived are an error at once, later ones when the end is confirmed.
    """
    left = length
    while left:
        piece = source.read_some(left)
        if not piece:
            raise http.client.IncompleteRead(b"")
        left -= len(piece)
        if not left:
            # Only the last bytes wait for the check for excess bytes, so that all others count as progress.
            yield from (piece[:-_LAST_PIECE],) if len(piece) > _LAST_PIECE else ()
            piece = piece[-_LAST_PIECE:]
            if source.has_more(_CLOSE_WAIT if head.will_close else 0.0):
                raise excess_bytes()
            if not (head.will_close or head.is_json):
                source.expect_silence(_EXCESS_WAIT)
        yield piece


def _unsized_body(source: ByteSource) -> Iterator[bytes]:
    """A body that ends with the connection."""
    while piece := source.read_some(_UNLIMITED):
        yield piece


def _chunked_body(source: ByteSource, trailer_max: int) -> Iterator[bytes]:
    """A body with `Transfer-Encoding: chunked`."""
    while True:
        line = _require_line(source, _CHUNK_LINE_MAX)
        size = _CHUNK_LINE.fullmatch(line)
        if size is None:
            # Reported as truncated: a broken connection and an unreadable chunk size look the same here.
            raise http.client.IncompleteRead(b"")
        left = int(size[1], 16)
        if not left:
            break
        while left:
            piece = source.read_some(left)
            if not piece:
                raise http.client.IncompleteRead(b"")
            left -= len(piece)
            yield piece
        end = _require_line(source, _CHUNK_LINE_MAX)
        if end != b"\r\n":
            raise FramingError("a chunk of the response is longer than its announced size")
    _skip_trailers(source, trailer_max)


def _skip_trailers(source: ByteSource, limit: int) -> None:
    """Read the trailer fields after the last chunk, and the empty line that ends the body."""
    left = limit
    while (line := _require_line(source, left)) not in _EMPTY_LINES:
        left -= len(line)
        if left <= 0:
            raise FramingError("the response trailers are too long")
    if source.has_more(0.0):
        raise excess_bytes()
