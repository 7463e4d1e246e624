"""One exchange: TLS, the proxy, and the bytes that are sent."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import suppress

import pytest

from mhsync.api.address import Address
from mhsync.api.errors import Unreachable
from mhsync.api.proxy import Network
from mhsync.api.transport import Transport
from mhsync.errors import ApiError, ConnectionFailed, ResponseInvalid, UsageError
from mhsync.settings import HttpSettings
from tests.api.client_fixture import TIME, send
from tests.api.scripted_server import ScriptedServer, http_response, resets


def test_a_response_is_read_in_pieces(scripted_server):
    server = scripted_server(http_response(200, b"x" * 95))
    assert send(f"{server.url}/a?b=c&d=%2F~é x") == (200, b"x" * 95)
    assert server.heads[0].startswith("GET /a?b=c&d=%2F~%C3%A9%20x HTTP/1.1\r\n")
    assert "Accept-Encoding: identity\r\n" in server.heads[0]


@pytest.mark.parametrize(
    ("script", "error", "words"),
    [
        (resets(), ConnectionFailed, "the connection was lost"),
        (b"", ConnectionFailed, "the connection was lost"),
        (b"SSH-2.0-OpenSSH\r\n", ConnectionFailed, "the connection was lost"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n", ConnectionFailed, "the connection was lost"),
        (http_response(200, b"abc", length=5), ConnectionFailed, "the response was truncated"),
        (http_response(200, b"abcde", length=3), ResponseInvalid, "the server sent more bytes than it announced"),
        (
            http_response(200, b"", length=False, Transfer_Encoding="chunked") + b"zz\r\n",
            ConnectionFailed,
            "was truncated",
        ),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", ResponseInvalid, "contradict"),
    ],
    ids=["reset", "closed", "ssh", "headers", "short", "long", "chunks", "lengths"],
)
def test_a_failed_exchange_raises_our_error_without_a_context(scripted_server, script, error, words):
    server = scripted_server(script)

    with pytest.raises(ApiError, match=words) as caught:
        send(f"{server.url}/a?sig=5ecre7")

    assert isinstance(caught.value, error)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


@pytest.mark.parametrize("delay", [0.0, 0.1])
def test_excess_bytes_are_detected_when_the_server_closes(scripted_server, delay: float):
    def late(sock: socket.socket) -> None:
        sock.sendall(http_response(200, b"abc", Connection="close"))
        threading.Event().wait(delay)
        sock.sendall(b"d")

    with pytest.raises(ResponseInvalid, match="more bytes than it announced"):
        send(scripted_server(late).url)


@pytest.mark.parametrize("value", ["a\r\nX: y", "a\nb", "a\0", "ä", "\x7f"])
def test_control_characters_never_reach_a_header(scripted_server, value: str):
    server = scripted_server(http_response())
    with pytest.raises(UsageError, match="control character"):
        send(server.url, **{"X-Test": value})
    assert server.heads == []


def test_only_a_trusted_certificate_is_accepted(scripted_server, tls):
    server = scripted_server(http_response(200, b"hello"), tls=tls)

    assert send(server.url, Network(ca_file=tls)) == (200, b"hello")

    with pytest.raises(Unreachable, match="the certificate is not trusted") as caught:
        send(server.url)
    assert "SSL_CERT_FILE" in (caught.value.hint or "")


def test_tls_to_a_server_without_tls_is_a_connection_error(scripted_server):
    server = scripted_server(http_response())
    with pytest.raises(ConnectionFailed, match="the TLS connection failed"):
        send(server.url.replace("http:", "https:"))


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_an_invalid_ca_file_is_named(tmp_path, content: str | None):
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    with pytest.raises(UsageError, match=r"cannot load certificates from .*ca\.pem: [a-z ]+$") as caught:
        send("https://127.0.0.1:1/", Network(ca_file=str(path)))
    assert caught.value.__context__ is None


def test_all_connections_share_one_tls_context(scripted_server, tls, monkeypatch):
    made = []
    real = ssl.create_default_context
    monkeypatch.setattr(ssl, "create_default_context", lambda **options: made.append(1) or real(**options))
    server = scripted_server(http_response(200, b"hello"), tls=tls)
    transport = Transport(HttpSettings(), Network(ca_file=tls), TIME)
    for host in ("127.0.0.1", "localhost", "127.0.0.1"):
        address = Address.parse(server.url.replace("127.0.0.1", host))
        with transport.send("GET", address, {}, read_timeout=5) as response:
            response.read(10)
    transport.close()
    assert len(made) == 1


class Proxy(ScriptedServer):
    """A proxy that connects every CONNECT to one server, and ignores the requested host."""

    def __init__(self, target: ScriptedServer) -> None:
        super().__init__(self._tunnel)
        self._target = target

    def _tunnel(self, sock: socket.socket) -> None:
        sock.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with socket.create_connection(("127.0.0.1", self._target.port)) as other:
            back = threading.Thread(target=self._pump, args=(other, sock))
            back.start()
            self._pump(sock, other)
            back.join()

    @staticmethod
    def _pump(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)


def test_https_uses_the_proxy_and_loopback_never_does(scripted_server, stack, tls):
    server = scripted_server(http_response(200, b"hello"), tls=tls)
    proxy = stack.enter_context(Proxy(server))
    network = Network(https_proxy=f"http://user:pa55@127.0.0.1:{proxy.port}", ca_file=tls)

    assert send("https://api.example.test/a?sig=5ecre7", network) == (200, b"hello")
    (head,) = proxy.heads
    assert head.startswith("CONNECT api.example.test:443 HTTP/1.")
    assert "proxy-authorization: basic dxnlcjpwytu1\r\n" in head.lower()
    assert "5ecre7" not in head
    assert "proxy-authorization" not in server.heads[0].lower()

    assert send(server.url, network) == (200, b"hello")
    assert len(proxy.heads) == 1


def test_a_certificate_for_another_name_is_refused(scripted_server, stack, tls):
    proxy = stack.enter_context(Proxy(scripted_server(http_response(), tls=tls)))
    network = Network(https_proxy=f"http://127.0.0.1:{proxy.port}", ca_file=tls)

    with pytest.raises(Unreachable, match="the certificate is not trusted: Hostname mismatch"):
        send("https://evil.example.test/", network)


def test_an_unreachable_proxy_is_reported_without_its_password():
    with ScriptedServer(b"") as gone:
        port = gone.port
    with pytest.raises(ConnectionFailed, match="cannot reach the proxy") as caught:
        send("https://api.example.test/", Network(https_proxy=f"http://user:pa55@127.0.0.1:{port}"))
    assert "pa55" not in repr(caught.value)


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1", "http://[broken", "http://"])
def test_an_invalid_proxy_url_is_named_by_its_variable(proxy: str):
    with pytest.raises(UsageError, match="HTTPS_PROXY is invalid"):
        send("https://api.example.test/", Network(https_proxy=proxy))
