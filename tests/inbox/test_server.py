"""The inbox behind waitress, over real sockets: forged, large, slow and concurrent deliveries."""

from __future__ import annotations

import resource
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from mhsync.errors import UsageError
from mhsync.inbox.application import Inbox
from mhsync.inbox.server import InboxServer
from mhsync.settings import InboxSettings
from mhsync.storage.local import LocalStorage
from mhsync.storage.sightings import Sightings

from .sender import SECRET, Sender, answer, event

MIB = 1024 * 1024
TIMEOUT = 60.0


class Served:
    def __init__(self, folder: Path, settings: InboxSettings) -> None:
        self.storage = LocalStorage(folder)
        self.server = InboxServer(Inbox([self.storage], [SECRET], settings=settings), "127.0.0.1", 0, settings)
        self.sender = Sender(self.server.port)

    @property
    def ids(self) -> set[str]:
        return set(Sightings(self.storage, limit=10_000).ids())

    @contextmanager
    def running(self) -> Iterator[Served]:
        ended = threading.Event()
        thread = threading.Thread(target=self.server.run, args=(ended.is_set,))
        thread.start()
        try:
            yield self
        finally:
            ended.set()
            self.server.wake()
            thread.join(TIMEOUT)
            assert not thread.is_alive()


@pytest.fixture(scope="module")
def served(tmp_path_factory) -> Iterator[Served]:
    with Served(tmp_path_factory.mktemp("inbox"), InboxSettings()).running() as served:
        yield served


def test_deliveries_are_recorded_whatever_their_order(served):
    for kind in ("audio.completed", "audio.started", "audio.completed", "audio.started"):
        assert served.sender.send(event(kind, "order")) == 200
    found = Sightings(served.storage, limit=10_000).read("order")
    assert found is not None
    assert found.event == "audio.completed"


def test_a_forged_delivery_is_answered_with_401_and_no_detail(served):
    body = event("audio.started", "forged")
    status, data = served.sender.raw(served.sender.request(Sender(0, "x").headers(body)) + body)
    assert status == 401
    assert data.endswith(b'{"message": "Unauthorized"}')
    assert b"waitress" not in data.lower()
    assert "forged" not in served.ids


def test_a_body_of_ten_megabytes_is_refused_with_and_without_a_length(served):
    body = b"x" * (10 * MIB)
    announced = served.sender.request(served.sender.headers(body))
    with served.sender.connect() as connection:
        connection.sendall(announced)  # The refusal does not wait for the body.
        assert answer(connection)[0] == 413
    headers = served.sender.headers(body, Content_Length="", Transfer_Encoding="chunked")
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    # The connection may be reset before the answer is read, because bytes are still on the way.
    assert served.sender.raw(served.sender.request(headers) + chunk * 160 + b"0\r\n\r\n")[0] in (0, 413)
    lying = served.sender.request(served.sender.headers(body, Content_Length="100"))
    assert served.sender.raw(lying + body)[0] in (0, 401)


def test_a_chunked_body_is_accepted_up_to_one_mebibyte(served):
    body = event("audio.started", "chunked", filler="x" * 1000)
    headers = served.sender.headers(body, Content_Length="", Transfer_Encoding="chunked")
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (body[:7], body[7:500], body[500:]))
    assert served.sender.raw(served.sender.request(headers) + chunks + b"0\r\n\r\n")[0] == 200
    assert "chunked" in served.ids
    large = b"x" * (MIB + 1)
    headers = served.sender.headers(large, Content_Length="", Transfer_Encoding="chunked")
    data = b"%x\r\n%b\r\n0\r\n\r\n" % (len(large), large)
    assert served.sender.raw(served.sender.request(headers) + data)[0] == 413


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"POST /webhook HTTP/1.1\r\nContent-Length: x\r\n\r\n", 400),
        (b"POST /webhook HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
        (b"POST /webhook HTTP/1.1\r\nX: " + b"x" * 70_000 + b"\r\n\r\n", 431),
    ],
    ids=["not HTTP", "length", "encoding", "large head"],
)
def test_what_is_not_http_is_refused_without_detail(served, data, status):
    answered, text = served.sender.raw(data)
    assert answered == status or (status == 431 and answered == 0)
    assert b"max_header" not in text
    assert b"waitress" not in text.lower()


@pytest.fixture
def many_files() -> Iterator[None]:
    """Both ends of 1,000 connections are in this process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard if hard < 4096 and hard > 0 else max(soft, 4096), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_thousand_deliveries_at_once_are_recorded(served, many_files):
    ids = [f"burst-{number:04}" for number in range(1000)]
    started = threading.Barrier(50)

    def send(mine: list[str]) -> list[int]:
        started.wait(TIMEOUT)
        connections = [served.sender.connect() for _ in mine]
        for id, connection in zip(mine, connections, strict=True):
            body = event("audio.completed", id)
            connection.sendall(served.sender.request(served.sender.headers(body)) + body)
        statuses = [answer(connection)[0] for connection in connections]
        for connection in connections:
            connection.close()
        return statuses

    with ThreadPoolExecutor(50) as pool:
        statuses = [status for found in pool.map(send, [ids[n::50] for n in range(50)]) for status in found]
    assert statuses == [200] * 1000
    assert set(ids) <= served.ids


def test_slow_senders_lose_their_connection_and_block_no_other(tmp_path):
    """Each sends a byte from time to time, so that no single pause is long."""
    with Served(tmp_path, InboxSettings(request_timeout=2.0, threads=2)).running() as served:
        body = event("audio.started", "slow")
        slow = [served.sender.connect() for _ in range(20)]
        request = served.sender.request(served.sender.headers(body))
        for number, connection in enumerate(slow):
            # Some stop in the head, some in the body, some send nothing at all.
            connection.sendall((request[:20], request + body[:5], b"")[number % 3])
        assert served.sender.send(event("audio.started", "quick")) == 200
        until = time.monotonic() + TIMEOUT
        open_ones = list(slow)
        while open_ones and time.monotonic() < until:
            for connection in list(open_ones):
                try:
                    connection.settimeout(0.02)
                    connection.sendall(b"x")
                    if connection.recv(1) == b"":
                        open_ones.remove(connection)
                except TimeoutError:
                    continue
                except OSError:
                    open_ones.remove(connection)
        for connection in slow:
            connection.close()
        assert open_ones == []
        assert served.ids == {"quick"}


def test_a_stop_answers_the_deliveries_that_arrived(tmp_path):
    served = Served(tmp_path, InboxSettings())
    entered, released, ended = threading.Event(), threading.Event(), threading.Event()
    write = served.storage.write

    def slow_write(path: str):
        entered.set()
        released.wait(TIMEOUT)
        return write(path)

    served.storage.write = slow_write  # type: ignore[method-assign]
    thread = threading.Thread(target=served.server.run, args=(ended.is_set,), kwargs={"drain": TIMEOUT})
    thread.start()
    with ThreadPoolExecutor(1) as pool:
        status = pool.submit(served.sender.send, event("audio.started", "last"))
        assert entered.wait(TIMEOUT)
        ended.set()
        served.server.wake()
        released.set()
        assert status.result(TIMEOUT) == 200
    thread.join(TIMEOUT)
    assert not thread.is_alive()
    assert served.ids == {"last"}


def test_a_port_that_is_taken_is_a_usage_error(served):
    with pytest.raises(UsageError, match=rf"127\.0\.0\.1:{served.server.port}") as caught:
        InboxServer(lambda *_: [], "127.0.0.1", served.server.port)
    assert caught.value.hint
    with pytest.raises(UsageError):
        InboxServer(lambda *_: [], "no such host.invalid", 0)
