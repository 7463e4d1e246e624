"""Responses that contradict themselves are errors, for the API and for downloads: retried, then failed."""

from __future__ import annotations

import socket

import pytest

from mhsync.errors import AnswerInvalid, ApiError, ConnectionFailed, DownloadError
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
    assert isinstance(caught.value, AnswerInvalid | ConnectionFailed)
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
