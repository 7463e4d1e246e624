"""A listening port: HTTP/1.1, only on loopback, and no threads or sockets after it is stopped."""

from __future__ import annotations

import http.client
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress

import pytest

from mhsync.sandbox.account import Account, SandboxProject, outputs_of
from mhsync.sandbox.faults import Delay, Stall, Throttle
from mhsync.sandbox.rules import Faults, Rule
from mhsync.sandbox.server import Sandbox

from .conftest import TIMEOUT, Asker, read_all


def port(url: str) -> int:
    return int(url.rpartition(":")[2])


def sandbox_threads(sandbox: Sandbox) -> set[str]:
    """The names of the threads of one sandbox."""
    ports = {str(port(url)) for url in (sandbox.api_url, sandbox.files_url)}
    names = {thread.name for thread in threading.enumerate()}
    return {name for name in names if name.startswith("sandbox-") and name.split("-")[1] in ports}


def wait_until(fits: Callable[[], bool]) -> None:
    deadline = time.monotonic() + TIMEOUT
    while not fits():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def connect(sandbox: Sandbox) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port(sandbox.api_url)), TIMEOUT)


def request(sandbox: Sandbox, method: str = "GET", id: str = "one", *lines: str, body: bytes = b"") -> bytes:
    head = [
        f"{method} /v1/audio-projects/{id} HTTP/1.1",
        "Host: x",
        f"Authorization: Bearer {sandbox.key}",
        *lines,
    ]
    return "\r\n".join([*head, "", ""]).encode() + body


def test_a_connection_serves_many_requests(start: Callable[..., Asker], account: Account) -> None:
    sandbox = start(account).sandbox
    with closing(http.client.HTTPConnection("127.0.0.1", port(sandbox.api_url), timeout=TIMEOUT)) as connection:
        used = set()
        for method, id in [("GET", "one"), ("GET", "none"), ("HEAD", "one"), ("DELETE", "one"), ("GET", "one")]:
            connection.request(
                method, f"/v1/audio-projects/{id}", headers={"Authorization": f"Bearer {sandbox.key}"}
            )
            connection.getresponse().read()
            assert connection.sock is not None
            used.add(connection.sock.getsockname())
    assert len(used) == 1
    assert [entry.status for entry in sandbox.requests] == [200, 404, 405, 204, 404]


def test_a_slow_response_does_not_delay_other_clients(start: Callable[..., Asker], account: Account) -> None:
    ask = start(account, faults=Faults(Rule(Stall(), id="slow")))
    with connect(ask.sandbox) as slow:
        slow.sendall(request(ask.sandbox, "GET", "slow"))
        assert ask.api("one").status == 200


@pytest.mark.parametrize("size", [10, 100_000])
def test_the_body_of_a_request_is_not_taken_for_the_next_request(
    start: Callable[..., Asker], account: Account, size: int
) -> None:
    sandbox = start(account).sandbox
    body = b"DELETE /v1/audio-projects/one HTTP/1.1\r\n\r\n".ljust(size)
    with connect(sandbox) as sock:
        sock.sendall(request(sandbox, "POST", "one", f"Content-Length: {len(body)}", body=body))
        sock.sendall(request(sandbox, "GET", "one", "Connection: close"))
        answers, _ = read_all(sock)
    assert answers.count(b"HTTP/1.1 ") == 2
    assert [entry.status for entry in sandbox.requests] == [405, 200]


@pytest.mark.parametrize(
    "framing", ["Transfer-Encoding: chunked", "Content-Length: 99999999", "Content-Length: x"]
)
def test_a_body_that_cannot_be_discarded_ends_the_connection(
    start: Callable[..., Asker], account: Account, framing: str
) -> None:
    sandbox = start(account).sandbox
    with connect(sandbox) as sock:
        sock.sendall(request(sandbox, "POST", "one", framing))
        answers, _ = read_all(sock)
    assert answers.startswith(b"HTTP/1.1 405 ")
    assert answers.count(b"HTTP/1.1 ") == 1


def test_a_client_that_expects_100_continue_gets_it(start: Callable[..., Asker], account: Account) -> None:
    sandbox = start(account).sandbox
    with connect(sandbox) as sock:
        sock.sendall(
            request(sandbox, "POST", "one", "Content-Length: 2", "Expect: 100-continue", "Connection: close")
        )
        assert sock.recv(100).startswith(b"HTTP/1.1 100 ")
        sock.sendall(b"{}")
        assert read_all(sock)[0].startswith(b"HTTP/1.1 405 ")


@pytest.mark.parametrize(
    "garbage",
    [
        b"\r\n",
        b"nonsense\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET http://[ HTTP/1.1\r\n\r\n",
        b"GET " + b"/" * 70_000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 1_000 + b"\r\n",
        b"GET /%ff%00 HTTP/1.1\r\nAuthorization: \xff\xfe\r\n\r\n",
    ],
    ids=["blank", "words", "tls", "bad url", "long line", "new version", "many headers", "odd bytes"],
)
def test_garbage_does_not_affect_other_requests(
    start: Callable[..., Asker], account: Account, garbage: bytes
) -> None:
    ask = start(account)
    with connect(ask.sandbox) as sock:
        with suppress(OSError):
            sock.sendall(garbage)
            sock.shutdown(socket.SHUT_WR)
        answer, _ = read_all(sock)
    assert b" 200 " not in answer
    assert ask.api("one").status == 200


def test_a_request_in_the_form_for_proxies_is_accepted(start: Callable[..., Asker], account: Account) -> None:
    sandbox = start(account).sandbox
    with connect(sandbox) as sock:
        sock.sendall(
            request(sandbox, "GET", "one", "Connection: close").replace(b"/v1", b"http://example.com/v1", 1)
        )
        assert read_all(sock)[0].startswith(b"HTTP/1.1 200 ")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has all of 127.0.0.0/8 as local addresses")
def test_it_listens_only_on_loopback(start: Callable[..., Asker], account: Account) -> None:
    sandbox = start(account).sandbox
    for url in (sandbox.api_url, sandbox.files_url):
        assert url.startswith("http://127.0.0.1:")
    # Another local address: a server that listens on all addresses would accept here too.
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", port(sandbox.api_url)), TIMEOUT)


@pytest.mark.parametrize("fault", [None, Stall(), Stall(bytes=10), Delay(3600), Throttle(1)])
def test_stopping_leaves_no_thread_and_no_connection(
    account: Account, fault: Stall | Delay | Throttle | None
) -> None:
    faults = None if fault is None else Faults(Rule(fault))
    with Sandbox(account, faults=faults) as sandbox, connect(sandbox) as busy, connect(sandbox) as idle:
        busy.sendall(request(sandbox))
        # A thread for each port, and one for each connection.
        wait_until(lambda: len(sandbox.requests) == 1 and len(sandbox_threads(sandbox)) == 4)
        sandbox.stop()
        assert sandbox_threads(sandbox) == set()
        read_all(busy)
        assert read_all(idle)[0] == b""


def test_stopping_ends_a_thread_whose_client_reads_nothing() -> None:
    account = Account([SandboxProject("one", outputs=outputs_of("one", size=200_000_000))])
    with Sandbox(account) as sandbox, socket.socket() as deaf:
        ask = Asker(sandbox)
        (link,) = ask.links("one")
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.connect(("127.0.0.1", port(sandbox.files_url)))
        deaf.sendall(f"GET {link.partition(str(port(link.partition('/one')[0])))[2]} HTTP/1.1\r\n\r\n".encode())
        assert deaf.recv(12) == b"HTTP/1.1 200"
        sandbox.stop()
        assert sandbox_threads(sandbox) == set()


def test_a_stopped_sandbox_refuses_connections_and_restarts_on_its_ports_with_its_account(
    account: Account,
) -> None:
    with Sandbox(account) as sandbox:
        ask = Asker(sandbox)
        urls = (sandbox.api_url, sandbox.files_url)
        (link,) = ask.links("one")
        sandbox.stop()
        sandbox.stop()
        with pytest.raises(ConnectionRefusedError):
            ask.api("one")
        sandbox.start()
        sandbox.start()
        assert (sandbox.api_url, sandbox.files_url) == urls
        assert ask.url(link).status == 200


def test_a_port_in_use_is_an_error_and_leaves_no_thread(account: Account) -> None:
    with Sandbox(account) as first:
        before = set(threading.enumerate())
        for options in ({"port": port(first.api_url)}, {"files_port": port(first.api_url)}):
            second = Sandbox(account, **options)
            with pytest.raises(OSError, match="in use"):
                second.start()
            second.stop()
        assert set(threading.enumerate()) <= before


def test_many_clients_at_once_are_all_answered(start: Callable[..., Asker]) -> None:
    account = Account(SandboxProject(f"p{number}") for number in range(200))
    ask = start(account)
    statuses: list[int] = []

    def delete(first: int) -> None:
        for number in range(first, 200, 20):
            statuses.append(ask.api(f"p{number}", "DELETE").status)

    threads = [threading.Thread(target=delete, args=(first,)) for first in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [204] * 200
    assert len(account.deleted_ids) == len(ask.sandbox.requests) == 200
