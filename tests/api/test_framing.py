"""Responses that contradict themselves are errors, for the API and for downloads: retried, then failed."""

from __future__ import annotations

import http.client
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mhsync.api.framing import FramingError, Head, read_head
from mhsync.errors import ApiError, ConnectionFailed, DownloadError, ResponseInvalid
from mhsync.settings import HttpSettings
from tests.api.client_fixture import QUICK, fetch, send
from tests.api.scripted_server import http_response

WAV = b"RIFF\x2c\x00\x00\x00WAVEfmt " + bytes(36)
JSON = b'{"id": "one", "status": "queued", "type": "VOICE_CHANGER", "enabled": true, "downloads": []}'


def head(*fields: str, status: str = "200 OK", version: str = "1.1") -> bytes:
    return "\r\n".join([f"HTTP/{version} {status}", *fields, "", ""]).encode("latin-1")


def chunked(body: bytes, end: bytes = b"0\r\n\r\n") -> bytes:
    return b"%x\r\n%s\r\n%s" % (len(body), body, end)


def contradictions(body: bytes) -> dict[str, bytes]:
    size = len(body)
    return {
        "two lengths": head(f"Content-Length: {size}", f"Content-Length: {size - 1}") + body,
        "two lengths in one": head(f"Content-Length: {size}, {size - 1}") + body,
        "two lengths, the longer first": head(f"Content-Length: {size + 1}", f"Content-Length: {size}") + body,
        "length and chunked": head(f"Content-Length: {size}", "Transfer-Encoding: chunked") + chunked(body),
        "short length and chunked": head("Content-Length: 4", "Transfer-Encoding: chunked") + chunked(body),
        "chunked and length": head("Transfer-Encoding: Chunked", f"Content-Length: {size}") + chunked(body),
        "length of words": head("Content-Length: all of it") + body,
        "length with a sign": head(f"Content-Length: +{size}") + body,
        "length empty": head("Content-Length:") + body,
        "final chunk without its CRLF": head("Transfer-Encoding: chunked") + chunked(body, b"0\r\n"),
        "no final chunk": head("Transfer-Encoding: chunked") + chunked(body, b""),
        "chunk longer than its size": head("Transfer-Encoding: chunked") + b"3\r\n" + body + b"\r\n0\r\n\r\n",
        "more behind the chunks": head("Transfer-Encoding: chunked") + chunked(body) + b"more",
        "more behind the length": head(f"Content-Length: {size}") + body + b"more",
        "an unrequested part": head(
            f"Content-Length: {size}", f"Content-Range: bytes 0-{size - 1}/{size}", status="206 Partial Content"
        )
        + body,
        "a line that is no field": head("what is this", f"Content-Length: {size}") + body,
        "space before the colon": head(f"Content-Length : {size - 1}", f"Content-Length: {size}") + body,
        "a bare CR in a field": head(f"X: a\rContent-Length: {size - 1}", f"Content-Length: {size}") + body,
        "a head that is cut": head(f"Content-Length: {size}")[:-2],
    }


KINDS = sorted(contradictions(b"12345"))


@pytest.mark.parametrize("kind", KINDS)
def test_a_contradictory_response_to_a_download_is_retried_and_never_stored(scripted_server, client, kind: str):
    server = scripted_server(contradictions(WAV)[kind])

    with pytest.raises(DownloadError) as caught:
        fetch(client("http://127.0.0.1:1"), f"{server.url}/a.wav")

    assert len(server.heads) in (QUICK.download.attempts, QUICK.download.attempts + 1)
    assert caught.value.message.startswith(f"{server.url}/a.wav: ")


@pytest.mark.parametrize("kind", KINDS)
def test_a_temporary_contradiction_in_a_download_costs_one_request(scripted_server, client, kind: str):
    server = scripted_server(contradictions(WAV)[kind], http_response(200, WAV))

    fetched, writers = fetch(client("http://127.0.0.1:1"), f"{server.url}/a.wav")

    assert writers.kept == [WAV]
    assert fetched.size == len(WAV)
    assert len(server.heads) == 2


@pytest.mark.parametrize("kind", KINDS)
def test_a_contradictory_response_of_the_api_is_retried(scripted_server, client, kind: str):
    response = contradictions(JSON)[kind].replace(b"\r\n", b"\r\nContent-Type: application/json\r\n", 1)
    server = scripted_server(response)
    with pytest.raises(ApiError) as caught:
        client(server.url).get("one")
    assert isinstance(caught.value, ResponseInvalid | ConnectionFailed)
    assert len(server.heads) == QUICK.http.attempts

    server = scripted_server(response, http_response(200, JSON, Content_Type="application/json"))
    assert client(server.url).get("one").id == "one"
    assert len(server.heads) == 2


@pytest.mark.parametrize(
    "response",
    [
        head("Content-Length: 5", "Content-Length: 5") + b"hello",
        head("Content-Length: 5, 5") + b"hello",
        head("content-length:5") + b"hello",
        head("Transfer-Encoding: identity", "Content-Length: 5") + b"hello",
        head("Transfer-Encoding: chunked") + b"2;a=b\r\nhe\r\n003 \r\nllo\r\n0\r\nX-Trailer: y\r\n\r\n",
        head("X: a", " folded", "Content-Length: 5") + b"hello",
        head(version="1.0") + b"hello",
        head().replace(b"\r\n", b"\n") + b"hello",
        b"HTTP/1.1 100 Continue\r\n\r\n" + head("Content-Length: 5") + b"hello",
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 8 + head("Content-Length: 5") + b"hello",
        b"HTTP/1.1 200\r\nContent-Length: 5\r\n\r\nhello",
    ],
)
def test_a_consistent_response_is_read(scripted_server, response: bytes):
    assert send(scripted_server(response).url) == (200, b"hello")


def test_bytes_after_a_response_without_a_body_do_not_begin_the_next_response(scripted_server, client):
    def twice(sock: socket.socket) -> None:
        sock.sendall(b"HTTP/1.1 204 No Content\r\n\r\n" + http_response(200, JSON))

    server = scripted_server(twice, http_response(200, JSON, Content_Type="application/json"))
    made = client(server.url)
    assert made.delete("one") is True
    assert made.get("one").id == "one"
    assert len(server.heads) == 2


class Bytes:
    """A source that has received some pieces of a response."""

    def __init__(self, *pieces: bytes) -> None:
        self._pieces = list(pieces)
        self._buffer = b""

    def peek_head(self) -> bytes:
        if not self._buffer and self._pieces:
            self._buffer = self._pieces.pop(0)
        end = self._buffer.find(b"\r\n\r\n")
        return self._buffer[: end + 4] if end >= 0 else b""

    def skip(self, size: int) -> None:
        self._buffer = self._buffer[size:]

    def read_line(self, limit: int) -> bytes:
        while b"\n" not in self._buffer and self._pieces:
            self._buffer += self._pieces.pop(0)
        end = self._buffer.find(b"\n") + 1
        if self._buffer and not end:
            raise http.client.IncompleteRead(b"")
        line = self._buffer[:end]
        if len(line) > limit:
            raise FramingError("too long")
        self.skip(len(line))
        return line


def result(*pieces: bytes) -> object:
    try:
        return read_head(Bytes(*pieces), HttpSettings())  # type: ignore[arg-type]
    except http.client.HTTPException as error:
        return type(error)


FIELD_LINES = st.lists(
    st.sampled_from(
        [
            b"X: y\r\n",
            b"x:\t y \t\r\n",
            b"Content-Length: 5\r\n",
            b"X-\xe4: 1\r\n",
            b"X: \xe4\xa0\r\n",
            b"X : 1\r\n",
            b" folded\r\n",
            b"no field\r\n",
            b"X: a\rb\r\n",
            b"X: a\0b\r\n",
            b"X: bare\n",
            b"\n",
            b": nameless\r\n",
            b"X:\r\n",
        ]
    ),
    max_size=4,
)
STATUS_LINES = st.sampled_from(
    [b"HTTP/1.1 200 OK\r\n", b"HTTP/1.0 404\r\n", b"HTTP/1.1 200 \r\n", b"HTTP/1.1 200\n", b"HTTP/2 200 OK\r\n",
     b"HTTP/1.1 099 X\r\n", b"HTTP/1.1 100 Continue\r\n", b"\r\n"]
)  # fmt: skip


@given(STATUS_LINES, FIELD_LINES)
def test_a_head_means_the_same_whole_and_in_pieces(status: bytes, lines: list[bytes]):
    data = status + b"".join(lines) + b"\r\nHTTP/1.1 204 body\r\n\r\n"
    whole = result(data)
    assert whole == result(*(data[at : at + 1] for at in range(len(data))))
    assert whole == result(data[:-1], data[-1:])


def test_a_long_invalid_head_is_refused_in_linear_time():
    data = head(*["X: y" + " " * 60_000] * 3)[:-2] + b"X\r\n\r\n"
    assert result(data) is FramingError


def test_a_head_with_too_many_fields_is_refused():
    assert isinstance(result(head(*["X: y"] * 100)), Head)
    assert result(head(*["X: y"] * 101)) is http.client.HTTPException


def test_a_chunked_body_is_read_without_its_framing(scripted_server):
    body = b"".join(b"%x;ext\r\n%s\r\n" % (len(piece), piece) for piece in (b"he", b"l" * 5000, b"o"))
    response = head("Transfer-Encoding: chunked") + body + b"0\r\nX-Trailer: y\r\n\r\n"
    assert send(scripted_server(response).url) == (200, b"he" + b"l" * 5000 + b"o")
