"""A server that sends slowly, or nothing, cannot block a call: limits end it, and a stop request ends it at once."""

from __future__ import annotations

import itertools
import select
import socket
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace

import pytest

from mhsync.api.bounded_socket import BoundedSocket
from mhsync.api.client import Client
from mhsync.api.proxy import Network
from mhsync.api.timing import ExchangeLimits, Time
from mhsync.core.project import Download
from mhsync.errors import ApiError, DownloadError, Interrupted, MhsyncError
from mhsync.settings import DownloadSettings, HttpSettings
from tests.api.client_fixture import KEY, QUICK, MemoryWriters, fetch, never_renewed
from tests.api.scripted_server import Script, ScriptedServer, http_response
from tests.timing import least_seconds

BOUNDED = replace(
    QUICK,
    http=replace(
        QUICK.http,
        attempts=2,
        head_timeout=0.6,
        head_max=4096,
        rate_min=1000,
        rate_window=0.6,
        connect_timeout=60,
        read_timeout=60,
        retry_window=600,
    ),
    download=replace(QUICK.download, attempts=2, read_timeout=60),
)
"""Only the limits of heads and rates end a call in time."""
PATIENT = replace(QUICK, http=replace(QUICK.http, head_timeout=30, rate_window=60, read_timeout=30))
"""Limits as long as the defaults: only a stop request ends a call in time."""


def sends_slowly(
    pieces: Iterable[bytes] | Callable[[], Iterable[bytes]], *, first: bytes = b"", pause: float = 0.05
) -> Script:
    """Sends `first` at once, then each piece after a pause, until the client disconnects."""

    def script(sock: socket.socket) -> None:
        sock.sendall(first)
        for piece in pieces() if callable(pieces) else pieces:
            time.sleep(pause)
            sock.sendall(piece)
        sock.recv(1)

    return script


def endless(piece: bytes) -> Callable[[], Iterable[bytes]]:
    return lambda: itertools.repeat(piece)


def each(data: bytes) -> list[bytes]:
    return [bytes([byte]) for byte in data]


CHUNKS = http_response(200, length=False, Transfer_Encoding="chunked")
HEADS = {
    "silence": sends_slowly([]),
    "status line": sends_slowly(each(b"HTTP/1.1 200 " + b"O" * 3000)),
    "one header": sends_slowly(each(b"X: " + b"y" * 3000), first=b"HTTP/1.1 200 OK\r\n"),
    "headers": sends_slowly(endless(b"X: y\r\n"), first=b"HTTP/1.1 200 OK\r\n"),
    "interim responses": sends_slowly(endless(b"HTTP/1.1 100 Continue\r\n\r\n")),
    "interim headers": sends_slowly(endless(b"X: y\r\n"), first=b"HTTP/1.1 103 Early Hints\r\n"),
}
BODIES = {
    "announced body": sends_slowly(endless(b"x"), first=http_response(200, length=100_000)),
    "body without a length": sends_slowly(endless(b"x"), first=http_response(200, length=False)),
    "chunks": sends_slowly(endless(b"1\r\nx\r\n"), first=CHUNKS),
    "one chunk": sends_slowly(endless(b"x"), first=CHUNKS + b"ffff\r\n"),
    "chunk extension": sends_slowly(endless(b"x"), first=CHUNKS + b"5;"),
    "trailer": sends_slowly(endless(b"x"), first=CHUNKS + b"1\r\nx\r\n0\r\nX: "),
    "trailers": sends_slowly(endless(b"X: y\r\n"), first=CHUNKS + b"1\r\nx\r\n0\r\n"),
}
ALL = HEADS | BODIES


@dataclass(frozen=True)
class Ended:
    """How a call to a slow server ended."""

    error: Exception | None
    seconds: float
    requests: int


def end_of(call: Callable[[Client, str], object], kind: str) -> Ended:
    """Make a call to a server that sends slowly."""
    with ScriptedServer(ALL[kind]) as server, Client(KEY, base_url=server.url, settings=BOUNDED) as made:
        began = time.monotonic()
        try:
            call(made, server.url)
        except MhsyncError as error:
            return Ended(error, time.monotonic() - began, len(server.heads))
        return Ended(None, time.monotonic() - began, len(server.heads))


@pytest.fixture(scope="module")
def ended() -> dict[tuple[str, str], Ended]:
    """The ends of all calls to all slow servers, which are made at once, since each waits for its limits."""
    calls = {"get": lambda made, _: made.get("one"), "download": lambda made, url: fetch(made, f"{url}/a.wav")}
    with ThreadPoolExecutor(len(calls) * len(ALL)) as pool:
        futures = {(name, kind): pool.submit(end_of, call, kind) for name, call in calls.items() for kind in ALL}
        return {key: future.result() for key, future in futures.items()}


@pytest.mark.parametrize("kind", sorted(ALL))
def test_a_slow_response_of_the_api_is_ended(ended: dict[tuple[str, str], Ended], kind: str):
    end = ended["get", kind]
    assert isinstance(end.error, ApiError)
    assert any(words in end.error.message for words in ("in time", "too slowly", "interim")), end.error
    assert end.seconds < 30
    assert end.requests == 2


@pytest.mark.parametrize("kind", sorted(ALL))
def test_a_slow_download_is_ended(ended: dict[tuple[str, str], Ended], kind: str):
    end = ended["download", kind]
    assert isinstance(end.error, DownloadError)
    assert any(words in end.error.message for words in ("in time", "too slowly", "interim")), end.error
    assert end.seconds < 30
    assert end.requests <= 3


def test_a_slow_download_that_can_be_resumed_is_ended_too(scripted_server, client):
    def slow_ranges(sock: socket.socket, head: str) -> None:
        start = int(head.partition("bytes=")[2].partition("-")[0] or 0)
        part = {"Content_Range": f"bytes {start}-99999/100000"} if start else {}
        sends_slowly(
            endless(b"x"), first=http_response(206 if start else 200, length=100_000 - start, ETag='"a"', **part)
        )(sock)

    server = scripted_server(slow_ranges)
    with pytest.raises(DownloadError, match="too slowly"):
        fetch(client("http://127.0.0.1:1", settings=BOUNDED), f"{server.url}/a.wav")

    assert len(server.heads) == 2


def test_the_number_of_interim_responses_is_limited(scripted_server, client):
    server = scripted_server(lambda sock: [sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n" * 9) for _ in range(100)])
    with pytest.raises(ApiError, match="more than 8 interim responses"):
        client(server.url, settings=replace(BOUNDED, http=replace(BOUNDED.http, head_timeout=30))).get("one")


@pytest.mark.parametrize(
    "response",
    [
        b"HTTP/1.1 200 " + b"O" * 5000,
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 5000,
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000,
        b"HTTP/1.1 200 OK\r\n\tfolded" + b"\r\n folded" * 1000,
        CHUNKS + b"1\r\nx\r\n0\r\n" + b"X: y\r\n" * 1000,
        CHUNKS + b"1\r\nx\r\n0\r\nX: " + b"y" * 5000,
        CHUNKS + b"1;" + b"y" * 5000,
    ],
)
def test_the_sizes_of_heads_and_trailers_are_limited(scripted_server, client, response: bytes):
    server = scripted_server(lambda sock: (sock.sendall(response), sock.recv(1)))
    with pytest.raises(ApiError, match="too long|are invalid"):
        client(server.url, settings=replace(BOUNDED, http=replace(BOUNDED.http, head_timeout=30))).get("one")


def test_a_body_at_the_minimum_rate_is_read_completely(scripted_server, client):
    body = b"RIFF" + bytes(range(256)) * 8
    pieces = [body[start : start + 100] for start in range(0, len(body), 100)]
    server = scripted_server(sends_slowly(pieces, first=http_response(200, length=len(body))))

    _, writers = fetch(client("http://127.0.0.1:1", settings=BOUNDED), f"{server.url}/a.wav")

    assert writers.kept == [body]
    assert len(server.heads) == 1


def test_slow_writes_to_the_storage_do_not_count_as_a_slow_server(scripted_server, client):
    class Sluggish:
        def write(self, data: bytes) -> int:
            time.sleep(0.2)
            return len(data)

    class Keeping(MemoryWriters):
        def write(self):
            return nullcontext(Sluggish())

    body = b"RIFF" + bytes(20_000)
    server = scripted_server(http_response(200, body))
    made = client("http://127.0.0.1:1", settings=BOUNDED)
    fetched = made.download(Download(f"{server.url}/a.wav"), Keeping().write, renew=never_renewed)
    assert fetched.size == len(body)
    assert len(server.heads) == 1


def stops(client, url: str, call: Callable[..., object], **options: object) -> float:
    """Seconds from the stop request to the end of the call."""

    def measure() -> float:
        stop = threading.Event()
        made = client(url, settings=PATIENT, stop=stop.is_set, **options)
        stopped_at: list[float] = []
        timer = threading.Timer(0.3, lambda: (stopped_at.append(time.monotonic()), stop.set()))
        timer.start()
        with pytest.raises(Interrupted):
            call(made)
        took = time.monotonic()
        timer.join()
        return took - stopped_at[0]

    return least_seconds(measure, below=1.5)


@pytest.mark.parametrize("kind", sorted(ALL))
def test_a_stop_request_ends_a_slow_response(scripted_server, client, kind: str):
    server = scripted_server(ALL[kind])
    assert stops(client, server.url, lambda made: made.get("one")) < 1.5
    assert stops(client, "http://127.0.0.1:1", lambda made: fetch(made, f"{server.url}/a.wav")) < 1.5


def test_a_stop_request_ends_an_unanswered_tls_handshake(scripted_server, client, tls):
    server = scripted_server(lambda sock: None)
    ended = threading.Event()  # otherwise the thread that connects waits for the connect timeout
    server._converse = lambda sock: (sock.recv(65536), ended.wait(30))  # type: ignore[method-assign]
    url = server.url.replace("http:", "https:")
    try:
        assert stops(client, url, lambda made: made.get("one"), network=Network(ca_file=tls)) < 1.5
    finally:
        ended.set()


def test_a_stop_request_ends_a_slow_response_over_tls(scripted_server, client, tls):
    server = scripted_server(HEADS["headers"], tls=tls)
    assert stops(client, server.url, lambda made: made.get("one"), network=Network(ca_file=tls)) < 1.5


def test_a_slow_response_over_tls_is_ended(scripted_server, client, tls):
    server = scripted_server(BODIES["chunks"], tls=tls)
    with pytest.raises(ApiError, match="too slowly"):
        client(server.url, settings=BOUNDED, network=Network(ca_file=tls)).get("one")
    assert len(server.heads) == 2


def test_a_stop_request_ends_a_slow_proxy(scripted_server, client):
    proxy = scripted_server(sends_slowly(endless(b"X: y\r\n"), first=b"HTTP/1.1 200 OK\r\n"))
    network = Network(https_proxy=f"http://127.0.0.1:{proxy.port}")
    assert stops(client, "https://api.example.test", lambda made: made.get("one"), network=network) < 1.5


def test_a_slow_proxy_is_ended(scripted_server, client):
    proxy = scripted_server(sends_slowly(endless(b"X: y\r\n"), first=b"HTTP/1.1 200 OK\r\n"))
    network = Network(https_proxy=f"http://127.0.0.1:{proxy.port}")
    began = time.monotonic()
    with pytest.raises(ApiError, match="connecting timed out|cannot reach the proxy"):
        client("https://api.example.test", settings=BOUNDED, network=network).get("one")
    assert time.monotonic() - began < 30


@pytest.fixture
def full() -> Iterable[int]:
    """The port of a listener whose queue is full: a connection to it neither succeeds nor fails."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = []
        for _ in range(8):
            sock = socket.socket()
            sock.setblocking(False)
            with suppress(BlockingIOError):
                sock.connect(listener.getsockname())
            waiting.append(sock)
        time.sleep(0.1)
        yield listener.getsockname()[1]
        for sock in waiting:
            sock.close()


def test_a_stop_request_ends_connecting(client, full: int):
    assert stops(client, f"http://127.0.0.1:{full}", lambda made: made.get("one")) < 1.5


def test_connecting_times_out(client, full: int):
    began = time.monotonic()
    with pytest.raises(ApiError, match="connecting timed out"):
        client(f"http://127.0.0.1:{full}", settings=BOUNDED).get("one")
    assert time.monotonic() - began < 30


def test_a_stop_request_ends_a_name_lookup(client, monkeypatch):
    leave = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: leave.wait(20) and [])
    try:
        assert stops(client, "https://api.example.test", lambda made: made.get("one")) < 1.5
    finally:
        leave.set()


def test_abandoned_connections_are_closed(scripted_server, client):
    """A connection that is opened after the caller stopped waiting is closed by the thread that opened it."""
    closed = threading.Event()

    def script(sock: socket.socket) -> None:
        sock.sendall(b"HTTP/1.1 200 OK\r\n")
        while sock.recv(100):
            pass
        closed.set()

    proxy = scripted_server(script)
    network = Network(https_proxy=f"http://127.0.0.1:{proxy.port}")
    with pytest.raises(MhsyncError):
        client("https://api.example.test", settings=BOUNDED, network=network).get("one")
    assert closed.wait(60)


def test_the_default_limits():
    settings = HttpSettings()
    assert settings.head_timeout == 30
    assert settings.rate_min * settings.rate_window == 60 * 1024


LIMITED = replace(QUICK, download=replace(QUICK.download, max_output_size=1_000_000))
BLOCK = b"RIFF" + bytes(65_532)


@pytest.mark.parametrize(
    ("first", "piece"),
    [
        (http_response(200, length=False), BLOCK),
        (CHUNKS, b"%x\r\n%s\r\n" % (len(BLOCK), BLOCK)),
    ],
    ids=["until it closes", "chunks"],
)
def test_an_endless_output_fails_at_the_size_limit_without_retries(
    scripted_server, client, first: bytes, piece: bytes
):
    server = scripted_server(sends_slowly(endless(piece), first=first, pause=0))

    with pytest.raises(DownloadError, match=r"larger than the limit of 1000000 bytes") as caught:
        fetch(client("http://127.0.0.1:1", settings=LIMITED), f"{server.url}/a.wav")

    assert "max_output_size" in (caught.value.hint or "")
    assert len(server.heads) == 1


def test_an_output_with_an_announced_length_above_the_limit_is_not_read(scripted_server, client):
    server = scripted_server(sends_slowly([], first=http_response(200, length=1_000_001)))
    began = time.monotonic()

    with pytest.raises(DownloadError, match="larger than the limit"):
        fetch(client("http://127.0.0.1:1", settings=LIMITED), f"{server.url}/a.wav")

    assert time.monotonic() - began < 30
    assert len(server.heads) == 1


def test_an_output_as_large_as_the_limit_is_fetched(scripted_server, client):
    body = b"RIFF" + bytes(999_996)
    fetched, _ = fetch(
        client("http://127.0.0.1:1", settings=LIMITED), f"{scripted_server(http_response(200, body)).url}/a.wav"
    )
    assert fetched.size == 1_000_000


def test_a_range_of_a_file_above_the_limit_is_not_read(scripted_server, client):
    cut = http_response(200, b"RIFF1", length=False, ETag='"a"', Transfer_Encoding="chunked").replace(
        b"RIFF1", b"5\r\nRIFF1\r\n"
    )
    rest = http_response(206, length=1_999_995, ETag='"a"', Content_Range="bytes 5-1999999/2000000")
    server = scripted_server(cut, sends_slowly([], first=rest))

    with pytest.raises(DownloadError, match="larger than the limit"):
        fetch(client("http://127.0.0.1:1", settings=LIMITED), f"{server.url}/a.wav")
    assert len(server.heads) == 2


def test_the_default_limit_is_10_gib():
    assert DownloadSettings().max_output_size == 10 * 1024**3


@pytest.mark.parametrize("is_pollable", [True, False])
def test_the_check_for_excess_bytes_ends_if_the_clock_has_stopped(is_pollable: bool):
    time_ = Time(lambda: 5.0, lambda: 5.0, time.sleep, lambda: 0.5, lambda: False)
    limits = ExchangeLimits(HttpSettings(), time_, head_timeout=5)
    here, there = socket.socketpair()
    with here, there:
        bounded = BoundedSocket(
            here, limits, lambda sock, seconds: bool(select.select([sock], [], [], seconds)[0])
        )
        bounded._is_pollable = is_pollable
        assert bounded.has_more(0.3) is False
        there.send(b"xy")
        assert bounded.has_more(0.3) is True
