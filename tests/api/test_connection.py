"""Connections are reused only where they are clean, and the query of a URL stays out of the logs."""

from __future__ import annotations

import http.client
import logging
import queue
import socket
import threading

import pytest

from mhsync.api.address import Address
from mhsync.api.connection import serialize_request
from mhsync.api.proxy import Network
from mhsync.api.transport import Transport
from mhsync.errors import ConnectionFailed
from mhsync.settings import HttpSettings
from tests.api.client_fixture import TIME, send
from tests.api.scripted_server import http_response, read_head


def test_connections_are_reused(scripted_server):
    def twice(sock: socket.socket) -> None:
        sock.sendall(http_response(200, b"abc"))
        read_head(sock)
        sock.sendall(http_response(200, b"again"))

    server = scripted_server(twice)
    transport = Transport(HttpSettings(), Network(), TIME)
    for body in (b"abc", b"again"):
        with transport.send("GET", Address.parse(server.url), {}, read_timeout=5) as response:
            assert response.read(100) == body
    transport.close()
    assert len(server.heads) == 1


def test_a_partly_read_response_does_not_affect_the_next(scripted_server):
    server = scripted_server(http_response(200, b"x" * 1_000_000), http_response(200, b"next"))
    transport = Transport(HttpSettings(), Network(), TIME)
    with transport.send("GET", Address.parse(server.url), {}, read_timeout=5) as response:
        response.read(10)
    with transport.send("GET", Address.parse(server.url), {}, read_timeout=5) as response:
        assert response.read(100) == b"next"
    transport.close()


def test_the_query_is_sent_but_not_logged(scripted_server, caplog):
    caplog.set_level(logging.DEBUG)
    http.client.HTTPConnection.debuglevel = 0
    server = scripted_server(http_response(200, b"hello"))

    send(f"{server.url}/a.wav?sig=5ecre7")

    assert server.heads[0].startswith("GET /a.wav?sig=5ecre7 ")
    assert any("/a.wav" in record.getMessage() for record in caplog.records)  # urllib3 does log requests
    assert "5ecre7" not in caplog.text


@pytest.mark.parametrize(
    "answer",
    [http_response(407), b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000, b"no HTTP\r\n"],
    ids=["denied", "header too long", "no HTTP"],
)
def test_the_socket_is_closed_when_a_proxy_refuses_the_tunnel(scripted_server, answer: bytes):
    ends = queue.SimpleQueue[bytes]()

    def refuse(sock: socket.socket) -> None:
        sock.sendall(answer)
        sock.settimeout(5)
        ends.put(sock.recv(1))

    proxy = scripted_server(refuse)

    with pytest.raises(ConnectionFailed) as caught:
        send("https://api.example.test/", Network(https_proxy=proxy.url))

    assert ends.get(timeout=10) == b"", f"the proxy sees no end of the connection after {caught.value}"


@pytest.mark.parametrize("count", [1, 3])
def test_a_small_exchange_is_one_send_and_one_recv(scripted_server, monkeypatch, count: int):
    """No timeout is set again: that is a system call too."""

    def serve(sock: socket.socket) -> None:
        for _ in range(count + 1):
            sock.sendall(http_response(200, b"{}", Content_Type="application/json"))
            read_head(sock)

    server = scripted_server(serve)
    transport = Transport(HttpSettings(), Network(), TIME)
    address = Address.parse(server.url)

    def exchange() -> None:
        with transport.send("GET", address, {}, read_timeout=5) as response:
            assert response.read(100) == b"{}"

    exchange()
    calls: list[str] = []
    for name in ("settimeout", "send", "sendall", "recv"):
        real = getattr(socket.socket, name)

        def counted(sock, *args, name=name, real=real):
            if threading.current_thread() is threading.main_thread():
                calls.append(name)
            return real(sock, *args)

        monkeypatch.setattr(socket.socket, name, counted, raising=False)
    for _ in range(count):
        exchange()
    monkeypatch.undo()
    transport.close()
    assert calls == ["send", "recv"] * count


def test_a_request_cannot_be_changed_by_its_headers_or_its_target():
    for method, target, headers in (
        ("GET", "/a b", {}),
        ("GET", "/a\r\nX: y", {}),
        ("GET", "", {}),
        ("GET /", "/", {}),
        ("GET", "/", {"X": "a\r\nY: b"}),
        ("GET", "/", {"X": "\xe4"}),
        ("GET", "/", {"X\r\n": "b"}),
        ("GET", "/", {"X: a": "b"}),
    ):
        with pytest.raises(ValueError, match="invalid character"):
            serialize_request(method, target, headers)
    assert serialize_request("GET", "/a?b", {"Host": "c"}) == b"GET /a?b HTTP/1.1\r\nHost: c\r\n\r\n"
