"""A response as bytes on a socket: its head, its framing, and its faults."""

from __future__ import annotations

import socket

import pytest

from mhsync.sandbox.wire import Ending, Framing, HttpResponse, Request, filler, reset_on_close, send


def sent(answer: HttpResponse, *, is_head: bool = False, stops: bool = False) -> tuple[bytes, Ending, list[float]]:
    """The bytes that a client receives, what happens to the connection, and the waits in seconds."""
    waits: list[float] = []

    def wait(seconds: float) -> bool:
        waits.append(seconds)
        return stops

    server, client = socket.socketpair()
    with server, client:
        ending = send(server, answer, is_head=is_head, wait=wait)
        server.shutdown(socket.SHUT_WR)
        data = b"".join(iter(lambda: client.recv(65_536), b""))
    return data, ending, waits


def body_of(data: bytes) -> bytes:
    return data.partition(b"\r\n\r\n")[2]


def test_a_response_has_a_status_line_its_headers_and_its_length():
    data, ending, waits = sent(HttpResponse.of_bytes(200, "text/plain", b"hello", (("X-One", "1"),)))
    head = data.partition(b"\r\n\r\n")[0].decode().split("\r\n")
    assert head[0] == "HTTP/1.1 200 OK"
    assert {"Content-Type: text/plain", "X-One: 1", "Content-Length: 5"} <= set(head)
    assert (body_of(data), ending, waits) == (b"hello", Ending.KEEP, [])


def test_json_is_utf8_and_an_error_has_the_message_of_its_status():
    assert body_of(sent(HttpResponse.of_json(200, {"name": "Café"}))[0]) == '{"name": "Café"}'.encode()
    assert body_of(sent(HttpResponse.message(404))[0]) == b'{"message": "Not Found"}'


def test_chunks_have_their_sizes_and_an_end():
    answer = HttpResponse(200, body=(b"ab", b"", b"c" * 17), framing=Framing.CHUNKED)
    data = sent(answer)[0]
    assert b"Transfer-Encoding: chunked" in data
    assert body_of(data) == b"2\r\nab\r\n11\r\n" + b"c" * 17 + b"\r\n0\r\n\r\n"


def test_a_limit_truncates_the_body_and_leaves_out_the_last_chunk():
    plain = HttpResponse(200, body=(b"abc", b"def"), length=6, limit=4, ending=Ending.RESET)
    data, ending, _ = sent(plain)
    assert b"Content-Length: 6" in data
    assert (body_of(data), ending) == (b"abcd", Ending.RESET)
    assert body_of(sent(HttpResponse(200, body=(b"abc",), framing=Framing.CHUNKED, limit=3))[0]) == b"3\r\nabc\r\n"


def test_another_length_can_be_announced():
    data, _, _ = sent(HttpResponse(200, body=(b"abc",), length=3, announced=9, ending=Ending.CLOSE))
    assert b"Content-Length: 9" in data
    assert b"Connection: close" not in data


def test_a_regular_close_is_announced():
    data, ending, _ = sent(HttpResponse(200, body=(b"abc",), framing=Framing.CLOSE, ending=Ending.CLOSE))
    assert b"Connection: close" in data
    assert b"Content-Length" not in data
    assert (body_of(data), ending) == (b"abc", Ending.CLOSE)


@pytest.mark.parametrize("status", [204, 304])
def test_a_status_without_a_body_sends_none(status: int):
    data, _, _ = sent(HttpResponse(status, body=(b"abc",), length=3))
    assert body_of(data) == b""
    assert b"Content-Length" not in data


def test_a_response_to_head_has_the_length_and_no_body():
    data, _, _ = sent(HttpResponse.of_bytes(200, "text/plain", b"hello"), is_head=True)
    assert b"Content-Length: 5" in data
    assert body_of(data) == b""


def test_a_silent_response_sends_nothing():
    assert sent(HttpResponse(200, is_silent=True, ending=Ending.CLOSE))[:2] == (b"", Ending.CLOSE)


def test_delay_pace_and_stall_are_waits():
    answer = HttpResponse(200, body=(b"ab", b"cdef"), length=6, delay=1, pace=2, stall=3)
    assert sent(answer)[2] == [1, 1.0, 2.0, 3]


def test_a_server_that_stops_during_a_wait_resets_the_connection():
    assert sent(HttpResponse(200, delay=1), stops=True)[:2] == (b"", Ending.RESET)
    data, ending, _ = sent(HttpResponse(200, body=(b"ab", b"cd"), length=4, pace=1), stops=True)
    assert (body_of(data), ending) == (b"ab", Ending.RESET)


@pytest.mark.parametrize("count", [0, 1, 65_536, 200_000])
def test_filler_has_the_given_size(count: int):
    assert sum(map(len, filler(count))) == count


def test_the_target_of_a_request_has_its_query():
    assert Request("api", "GET", "/a", "", {}).target == "/a"
    assert Request("api", "GET", "/a", "b=1", {}).target == "/a?b=1"


def test_a_reset_reaches_the_client():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname())
        server, _ = listener.accept()
        reset_on_close(server)
        server.close()
        with client, pytest.raises(ConnectionResetError):
            client.recv(1)
