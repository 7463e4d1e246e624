"""Each fault of a download host: the result, the number of requests, and the written files."""

from __future__ import annotations

import dataclasses
import io
import socket
import struct
import threading
import time
import tracemalloc
from contextlib import nullcontext

import pytest

from mhsync.api.bounded_socket import BoundedSocket
from mhsync.api.download import Fetched
from mhsync.api.transfer import NullSink
from mhsync.core.project import Download
from mhsync.core.receipt import Proof
from mhsync.errors import DownloadError, Interrupted, LinkExpired, MhsyncError, StorageError
from mhsync.sandbox import faults as f
from mhsync.sandbox.account import Account, SandboxProject, outputs_of
from mhsync.sandbox.rules import Rule
from mhsync.sandbox.server import Sandbox
from mhsync.settings import Settings
from tests.api.client_fixture import KEY, QUICK, ApiFixture, MemoryWriters, fetch, never_renewed, sha256
from tests.api.scripted_server import http_response, resets

AUDIO = bytes(range(256)) * 100
ETAG = '"v1"'


def test_an_output_is_downloaded_with_its_checksum_and_proof(api: ApiFixture):
    link = api.link()

    fetched, writers = fetch(api.client, link.url)

    assert writers.kept == [api.audio]
    assert (fetched.size, fetched.sha256) == (len(api.audio), sha256(api.audio))
    assert (fetched.proof, fetched.source) == (Proof.LENGTH, link.source)
    assert writers.finished == [fetched]
    assert api.request_count(host="files") == 1


def test_a_large_output_needs_no_more_memory_than_a_small_one(stack, client):
    size = 64 * 1024 * 1024
    account = Account([SandboxProject("large", outputs=outputs_of("large", size=size))])
    sandbox = stack.enter_context(Sandbox(account, key=KEY))
    link = (large := client(sandbox.api_url, settings=Settings())).get("large").downloads[0]

    tracemalloc.start()
    try:
        fetched = large.download(link, lambda: nullcontext(NullSink()), renew=never_renewed)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert fetched.size == size
    assert peak < 8 * 1024 * 1024  # includes the sandbox's own buffers


@pytest.mark.parametrize(
    "fault",
    [
        f.Reset(),
        f.Cut(),
        f.Cut(reset=True),
        f.Cut(bytes=0),
        f.Stall(),
        f.Stall(bytes=1000),
        f.Status(429),
        f.Status(429, retry_after=0),
        f.Status(500),
        f.Status(502),
        f.Status(503),
        f.Status(504),
        f.Status(408),
        f.Html(),
        f.Html(status=503),
        f.Huge(bytes=5000),
        f.Longer(),
        f.Longer(bytes=1),
        f.Shorter(),
        f.NoLength(bytes=10_000),
        f.Chunked(bytes=10_000),
        f.Empty(),
        f.Expired(),
        f.Expired(401),
        f.Expired(410),
        f.Status(404),
        f.Redirect("elsewhere"),
        f.SetHeaders(set={"Content-Type": "application/json"}),
        f.SetHeaders(set={"Content-Encoding": "gzip"}),
    ],
    ids=repr,
)
def test_a_temporary_fault_costs_one_request(api: ApiFixture, client, fault: object):
    api.shorten_timeouts_if_stalled(fault, client)
    api.fault(fault, host="files", nth=1)

    fetched, writers = api.fetch()

    assert writers.kept == [api.audio]
    assert fetched.sha256 == sha256(api.audio)
    assert api.sandbox.requests.leaks == ()


@pytest.mark.parametrize(
    ("fault", "error", "words"),
    [
        (f.Reset(), DownloadError, "the connection was lost"),
        (f.Stall(), DownloadError, "the server sent no response in time"),
        (f.Status(500), DownloadError, "the host returned 500"),
        (f.Status(429), DownloadError, "the host returned 429"),
        (f.Status(503), DownloadError, "the host returned 503"),
        (f.Html(), DownloadError, "text/html"),
        (f.Huge(bytes=5000), DownloadError, "application/json"),
        (f.Longer(), DownloadError, "the server sent more bytes than it announced"),
        (f.Shorter(), DownloadError, "the size of the file changed"),
        (f.Empty(), DownloadError, "the file is empty"),
        (f.Expired(), LinkExpired, "the link was refused (403), and so were 2 new links"),
        (f.Expired(410), LinkExpired, "the link was refused (410)"),
        (f.Status(404), DownloadError, "the host returned 404"),
        (f.Redirect("loop"), DownloadError, "more than 5 redirects"),
        (f.Redirect("http://203.0.113.7/x"), DownloadError, "plain http to 203.0.113.7"),
        (
            f.SetHeaders(set={"Content-Encoding": "gzip"}),
            DownloadError,
            r"a compressed body (Content-Encoding: gzip), which was not requested",
        ),
        (f.Chunked(bytes=0), DownloadError, "the response was truncated"),
    ],
    ids=lambda value: repr(value) if dataclasses.is_dataclass(value) else None,
)
def test_a_permanent_fault_is_a_download_error_and_keeps_nothing(api: ApiFixture, client, fault, error, words):
    api.shorten_timeouts_if_stalled(fault, client)
    api.fault(fault, host="files")

    writers = MemoryWriters()
    with pytest.raises(DownloadError) as caught:
        api.client.download(api.link(), writers.write, renew=api.link)

    assert type(caught.value) is error
    assert words in caught.value.message
    assert caught.value.message.startswith(f"{api.sandbox.files_url}/one/output.wav: ")
    assert writers.kept == []
    assert api.request_count(host="files") <= 2 * QUICK.download.attempts
    assert api.sandbox.requests.leaks == ()
    assert caught.value.hint


def test_an_interrupted_transfer_is_resumed_where_it_ended(api: ApiFixture):
    api.fault(f.Cut(bytes=20_000), host="files", nth=1)

    fetched, writers = api.fetch()

    assert (writers.kept, writers.begun) == ([api.audio], 1)
    assert fetched.proof is Proof.LENGTH
    assert [entry.range for entry in api.sandbox.requests.of("files")] == [None, "bytes=20000-"]


def test_the_download_of_a_changed_file_is_restarted(api: ApiFixture):
    before = api.audio
    api.faults(
        Rule(f.Cut(bytes=20_000), host="files", nth=1),
        Rule(f.Changed(), host="files", nth=1),  # the first request after the cut: the one for the rest
    )

    fetched, writers = api.fetch()

    assert api.audio != before
    assert writers.kept == [api.audio]
    assert fetched.sha256 == sha256(api.audio)
    assert (writers.begun, api.request_count(host="files")) == (
        2,
        2,
    )  # the first response had the whole file: no other request was sent


def test_a_download_without_ranges_is_restarted_with_the_received_response(api: ApiFixture):
    api.faults(Rule(f.Cut(bytes=20_000), host="files", nth=1), Rule(f.IgnoreRange(), host="files"))

    _, writers = api.fetch()

    assert writers.kept == [api.audio]
    assert (writers.begun, api.request_count(host="files")) == (2, 2)


def test_without_a_length_two_downloads_must_be_the_same(api: ApiFixture):
    api.fault(f.NoLength(), host="files")

    fetched, writers = api.fetch()

    assert (fetched.proof, writers.kept, writers.begun) == (Proof.TWICE, [api.audio], 1)
    assert api.request_count(host="files") == 3, "the third checks whether more follows"


def test_a_truncated_download_without_a_length_is_detected(api: ApiFixture):
    api.faults(Rule(f.NoLength(bytes=20_000), host="files", nth=1), Rule(f.NoLength(), host="files"))

    fetched, writers = api.fetch()

    assert (fetched.proof, writers.kept) == (Proof.TWICE, [api.audio])
    assert writers.begun == 2


def test_a_second_download_with_a_length_is_the_better_proof(api: ApiFixture):
    api.fault(f.NoLength(), host="files", nth=1)

    fetched, writers = api.fetch()

    assert (fetched.proof, writers.kept) == (Proof.LENGTH, [api.audio])


def test_downloads_without_a_length_that_always_differ_fail(scripted_server, client):
    def endless():
        number = 0
        while True:
            number += 1
            yield http_response(200, AUDIO[: 1000 + number], length=False)

    responses = endless()
    host = scripted_server(lambda sock: sock.sendall(next(responses)))

    with pytest.raises(DownloadError, match="two downloads of the file differ"):
        fetch(client(host.url), f"{host.url}/a.wav")

    assert len(host.heads) == 2 * QUICK.download.attempts


def test_a_redirect_to_another_host_is_followed_without_the_key(api: ApiFixture):
    api.fault(f.Redirect("elsewhere"), host="files")

    _, writers = api.fetch()

    assert writers.kept == [api.audio]
    assert [entry.status for entry in api.sandbox.requests.of("files")] == [302, 200]
    assert api.sandbox.requests.leaks == ()


def test_a_redirect_from_https_to_http_is_refused_even_on_loopback(scripted_server, client, tls, stack):
    from mhsync.api.proxy import Network

    target = scripted_server(http_response(200, AUDIO))
    host = scripted_server(http_response(302, b"", Location=f"{target.url}/a.wav"), tls=tls)

    with pytest.raises(DownloadError, match="from https to plain http"):
        fetch(client(host.url, network=Network(ca_file=tls)), f"{host.url}/a.wav")

    assert target.heads == []


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://files.example.test/a.wav?sig=5ecre7", "plain http to files.example.test"),
        ("ftp://files.example.test/a.wav", "must begin with https://"),
        ("https://user:pa55@files.example.test/a.wav", "user name or a password"),
        ("https://files.example.test/a\r\nX: y", "control character"),
        ("a.wav?sig=5ecre7", "must begin with https://"),
    ],
)
def test_an_unsafe_url_is_not_requested(api: ApiFixture, url: str, words: str):
    with pytest.raises(DownloadError, match=words) as caught:
        fetch(api.client, url)

    assert "5ecre7" not in caught.value.message
    assert "pa55" not in caught.value.message


def test_finish_may_reject_a_complete_file(api: ApiFixture):
    class Refused(Exception):
        pass

    def finish(*_: object) -> None:
        raise Refused

    writers = MemoryWriters()
    with pytest.raises(Refused):
        api.client.download(api.link(), writers.write, renew=api.link, finish=finish)

    assert writers.kept == []
    assert api.request_count(host="files") == 1


WAV = struct.pack(
    "<4sI8sIHHIIHH4sI", b"RIFF", 76, b"WAVEfmt ", 16, 1, 1, 48000, 96000, 2, 16, b"data", 40
) + bytes(40)
"""It states its own length."""


@pytest.mark.parametrize("body", [WAV, AUDIO], ids=["length in the file", "no length in the file"])
def test_bytes_that_come_during_an_early_finish_start_the_download_again(scripted_server, client, body: bytes):
    is_finishing, is_sent = threading.Event(), threading.Event()

    def late(sock: socket.socket) -> None:
        sock.sendall(http_response(200, body))
        is_finishing.wait(30)
        sock.sendall(b"more")
        is_sent.set()

    def finish(writer: io.BytesIO, fetched: Fetched) -> None:
        is_finishing.set()
        is_sent.wait(30)
        writers.finish(writer, fetched)

    server, writers = scripted_server(late, http_response(200, body)), MemoryWriters()
    made = client("http://127.0.0.1:1")
    link = Download(f"{server.url}/a.wav")
    made.download(link, writers.write, renew=never_renewed, finish=finish, finish_early=True)
    assert (len(server.heads), writers.begun, writers.kept) == (2, 2, [body])


def test_an_early_finish_that_needs_no_file_is_not_believed_before_the_end_is_confirmed(scripted_server, client):
    is_finishing, is_sent = threading.Event(), threading.Event()

    class Same(Exception):
        pass

    def late(sock: socket.socket) -> None:
        sock.sendall(http_response(200, WAV))
        is_finishing.wait(30)
        sock.sendall(b"more")
        is_sent.set()

    def finish(*_: object) -> None:
        is_finishing.set()
        is_sent.wait(30)
        raise Same

    server, writers = scripted_server(late, http_response(200, WAV)), MemoryWriters()
    link = Download(f"{server.url}/a.wav")
    with pytest.raises(Same):
        client("http://127.0.0.1:1").download(
            link, writers.write, renew=never_renewed, finish=finish, finish_early=True
        )
    assert len(server.heads) == 2


def test_finish_waits_until_the_end_is_confirmed(scripted_server, client, monkeypatch):
    events: list[str] = []
    confirm = BoundedSocket.confirm_end

    def confirmed(sock: BoundedSocket, *, may_wait: bool) -> None:
        confirm(sock, may_wait=may_wait)
        events.append(f"confirmed, {may_wait=}")

    monkeypatch.setattr(BoundedSocket, "confirm_end", confirmed)
    for body in (WAV, AUDIO):
        server = scripted_server(http_response(200, body))
        link = Download(f"{server.url}/a.wav")
        client("http://127.0.0.1:1").download(
            link, MemoryWriters().write, renew=never_renewed, finish=lambda *_: events.append("finish")
        )
    assert events == ["confirmed, may_wait=False", "finish", "confirmed, may_wait=True", "finish"]


def test_an_error_of_the_storage_is_not_retried(api: ApiFixture):
    class Full:
        def write(self, data: bytes) -> int:
            raise StorageError("no space left on device")

    with pytest.raises(StorageError, match="no space left"):
        api.client.download(api.link(), lambda: nullcontext(Full()), renew=api.link)

    assert api.request_count(host="files") == 1


def test_a_storage_that_replaces_the_error_of_its_block_does_not_prevent_a_restart(api: ApiFixture):
    from contextlib import contextmanager

    kept: list[bytes] = []

    @contextmanager
    def write():
        import io

        buffer = io.BytesIO()
        try:
            yield buffer
        except MhsyncError as error:
            raise StorageError(f"the block failed: {error}") from error
        kept.append(buffer.getvalue())

    api.faults(Rule(f.Cut(bytes=20_000), host="files", nth=1), Rule(f.IgnoreRange(), host="files"))
    api.client.download(api.link(), write, renew=api.link)

    assert kept == [api.audio]


def test_a_stop_request_ends_a_transfer_between_two_chunks(api: ApiFixture, client):
    stopped = threading.Event()
    api.client = client(api.sandbox.api_url, stop=stopped.is_set)
    link = api.link()
    api.fault(f.Throttle(bytes=1000), host="files")  # 50 seconds for the whole output
    threading.Timer(0.2, stopped.set).start()

    writers = MemoryWriters()
    began = time.monotonic()
    with pytest.raises(Interrupted):
        api.client.download(link, writers.write, renew=api.link)

    assert time.monotonic() - began < 25
    assert writers.kept == []


def test_a_reset_connection_is_resumed(scripted_server, client):
    rest = http_response(206, AUDIO[9000:], ETag=ETAG, Content_Range=f"bytes 9000-{len(AUDIO) - 1}/{len(AUDIO)}")
    head = http_response(200, AUDIO[:9000], length=len(AUDIO), ETag=ETAG)

    def cut(sock):
        sock.sendall(head)
        time.sleep(0.1)
        resets()(sock)

    host = scripted_server(cut, rest)

    _, writers = fetch(client(host.url), f"{host.url}/a.wav")

    assert writers.kept == [AUDIO]
