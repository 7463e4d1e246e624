"""Each fault of a download host: what comes out, the requests made, what was kept."""

from __future__ import annotations

import dataclasses
import itertools
import re
import socket
import threading
import time
import tracemalloc
from contextlib import nullcontext

import pytest

from mhsync.api.transfer import NullSink
from mhsync.core.project import Download
from mhsync.core.receipt import Proof
from mhsync.errors import ConnectionFailed, DownloadError, Interrupted, LinkExpired, MhsyncError, StorageError
from mhsync.sandbox import faults as f
from mhsync.sandbox.account import Account, SandboxProject, outputs_of
from mhsync.sandbox.rules import Rule
from mhsync.sandbox.server import Sandbox
from mhsync.settings import Settings
from tests.api.client_fixture import KEY, QUICK, CliRunner, MemoryWriters, fetch, never_renewed, sha256
from tests.api.scripted_server import http_response, resets

AUDIO = bytes(range(256)) * 100
ETAG = '"v1"'


def test_an_output_comes_whole_with_its_hash_and_proof(cli_runner: CliRunner):
    link = cli_runner.link()

    fetched, writers = fetch(cli_runner.client, link.url)

    assert writers.kept == [cli_runner.audio]
    assert (fetched.size, fetched.sha256) == (len(cli_runner.audio), sha256(cli_runner.audio))
    assert (fetched.proof, fetched.source) == (Proof.LENGTH, link.source)
    assert writers.finished == [fetched]
    assert cli_runner.asked(host="files") == 1


def test_a_large_output_takes_no_more_memory_than_a_small_one(stack, client):
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
    assert peak < 8 * 1024 * 1024  # the sandbox's own buffers among them


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
def test_a_fault_that_passes_costs_nothing_but_a_request(cli_runner: CliRunner, client, fault: object):
    cli_runner.hurry_if_silent(fault, client)
    cli_runner.fault(fault, host="files", nth=1)

    fetched, writers = cli_runner.fetch()

    assert writers.kept == [cli_runner.audio]
    assert fetched.sha256 == sha256(cli_runner.audio)
    assert cli_runner.sandbox.requests.leaks == ()


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
def test_a_fault_that_stays_is_a_download_error_and_keeps_nothing(
    cli_runner: CliRunner, client, fault, error, words
):
    cli_runner.hurry_if_silent(fault, client)
    cli_runner.fault(fault, host="files")

    writers = MemoryWriters()
    with pytest.raises(DownloadError) as caught:
        cli_runner.client.download(cli_runner.link(), writers.write, renew=cli_runner.link)

    assert type(caught.value) is error
    assert words in caught.value.message
    assert caught.value.message.startswith(f"{cli_runner.sandbox.files_url}/one/output.wav: ")
    assert writers.kept == []
    assert cli_runner.asked(host="files") <= 2 * QUICK.download.attempts
    assert cli_runner.sandbox.requests.leaks == ()


def test_a_cut_transfer_is_resumed_where_it_broke(cli_runner: CliRunner):
    cli_runner.fault(f.Cut(bytes=20_000), host="files", nth=1)

    fetched, writers = cli_runner.fetch()

    assert (writers.kept, writers.begun) == ([cli_runner.audio], 1)
    assert fetched.proof is Proof.LENGTH
    assert [entry.range for entry in cli_runner.sandbox.requests.of("files")] == [None, "bytes=20000-"]


def test_a_link_that_breaks_again_and_again_succeeds_as_long_as_it_brings_something(cli_runner: CliRunner):
    cli_runner.fault(f.Cut(bytes=3000), host="files")

    _, writers = cli_runner.fetch()

    assert (writers.kept, writers.begun) == ([cli_runner.audio], 1)
    assert cli_runner.asked(host="files") == 17  # 50,000 bytes in pieces of 3,000


def test_resumes_are_bounded(cli_runner: CliRunner, client):
    tight = dataclasses.replace(QUICK, download=dataclasses.replace(QUICK.download, resumes=3))
    cli_runner.client = client(cli_runner.sandbox.api_url, settings=tight)
    cli_runner.fault(f.Cut(bytes=3000), host="files")

    with pytest.raises(DownloadError, match="gave up after 4 interrupted transfers"):
        cli_runner.fetch()

    assert cli_runner.asked(host="files") == 4


def test_a_cut_chunked_transfer_is_resumed_and_proved_by_the_total(cli_runner: CliRunner):
    cli_runner.fault(f.Chunked(bytes=20_000), host="files", nth=1)

    fetched, writers = cli_runner.fetch()

    assert (writers.kept, writers.begun) == ([cli_runner.audio], 1)
    assert fetched.proof is Proof.LENGTH


def test_a_properly_ended_chunked_body_is_proved(cli_runner: CliRunner):
    cli_runner.fault(f.Chunked(), host="files")

    fetched, writers = cli_runner.fetch()

    assert (fetched.proof, writers.kept) == (Proof.CHUNKED, [cli_runner.audio])
    assert cli_runner.asked(host="files") == 1


def test_a_file_that_changed_is_started_anew(cli_runner: CliRunner):
    before = cli_runner.audio
    cli_runner.faults(
        Rule(f.Cut(bytes=20_000), host="files", nth=1),
        Rule(f.Changed(), host="files", nth=1),  # the first one that gets here: the request for the rest
    )

    fetched, writers = cli_runner.fetch()

    assert cli_runner.audio != before
    assert writers.kept == [cli_runner.audio]
    assert fetched.sha256 == sha256(cli_runner.audio)
    assert (writers.begun, cli_runner.asked(host="files")) == (
        2,
        2,
    )  # the whole file came at once: it was not asked again


def test_a_host_that_ignores_ranges_is_started_anew_with_the_answer_it_gave(cli_runner: CliRunner):
    cli_runner.faults(Rule(f.Cut(bytes=20_000), host="files", nth=1), Rule(f.IgnoreRange(), host="files"))

    _, writers = cli_runner.fetch()

    assert writers.kept == [cli_runner.audio]
    assert (writers.begun, cli_runner.asked(host="files")) == (2, 2)


def test_without_a_strong_validator_nothing_is_resumed(scripted_server, client):
    host = scripted_server(
        http_response(200, AUDIO[:9000], length=len(AUDIO), ETag='W/"weak"', Last_Modified="yesterday"),
        http_response(200, AUDIO),
    )

    _, writers = fetch(client(host.url), f"{host.url}/a.wav")

    assert (writers.kept, writers.begun) == ([AUDIO], 2)
    assert all("Range:" not in head for head in host.heads)


def test_a_host_that_always_cuts_and_never_resumes_is_given_up(scripted_server, client):
    host = scripted_server(http_response(200, AUDIO[:9000], length=len(AUDIO)))

    with pytest.raises(DownloadError, match="started 6 times"):
        fetch(client(host.url), f"{host.url}/a.wav")

    # One more than it was begun: the rest was asked for once, and the whole file that came instead was used.
    assert len(host.heads) == QUICK.download.attempts + 1


def parts_of(audio: bytes, at_once: int, **headers: str):
    """A host that honours ranges and breaks after so many bytes of each answer."""

    def script(sock: socket.socket, head: str) -> None:
        match = re.search(r"Range: bytes=(\d+)-", head)
        start = int(match[1]) if match else 0
        if start >= len(audio):
            sock.sendall(http_response(416, Content_Range=f"bytes */{len(audio)}"))
            return
        extra = {"Content_Range": f"bytes {start}-{len(audio) - 1}/{len(audio)}"} if match else {}
        piece = audio[start : start + at_once]
        sock.sendall(http_response(206 if match else 200, piece, length=len(audio) - start, **headers, **extra))

    return script


def test_without_a_validator_parts_are_joined_in_the_end_but_only_believed_when_they_come_twice(
    scripted_server, client
):
    host = scripted_server(parts_of(AUDIO, 9000))

    fetched, writers = fetch(client(host.url), f"{host.url}/a.wav")

    assert (writers.kept, fetched.proof) == ([AUDIO], Proof.TWICE)
    starts = [match[1] if (match := re.search(r"Range: bytes=(\d+)-", head)) else "all" for head in host.heads]
    assert starts[:8] == ["all", "all", *["all", "9000", "18000"] * 2]
    assert not any("If-Range" in head for head in host.heads)


def test_parts_joined_of_a_file_that_changed_meanwhile_are_found_out(scripted_server, client):
    old, new = AUDIO, AUDIO[::-1]
    count = itertools.count(1)
    old_script, new_script = parts_of(old, 9000), parts_of(new, 9000)
    host = scripted_server(lambda sock, head: (old_script if next(count) <= 4 else new_script)(sock, head))

    fetched, writers = fetch(client(host.url), f"{host.url}/a.wav")

    assert (writers.kept, fetched.proof) == ([new], Proof.TWICE)


def test_last_modified_resumes_too_when_the_date_shows_it_is_older(scripted_server, client):
    modified = {"Last_Modified": "Mon, 02 Nov 2026 10:00:00 GMT", "Date": "Mon, 02 Nov 2026 10:00:05 GMT"}
    rest = http_response(206, AUDIO[9000:], Content_Range=f"bytes 9000-{len(AUDIO) - 1}/{len(AUDIO)}", **modified)
    host = scripted_server(http_response(200, AUDIO[:9000], length=len(AUDIO), **modified), rest)

    _, writers = fetch(client(host.url), f"{host.url}/a.wav")

    assert (writers.kept, writers.begun) == ([AUDIO], 1)
    assert "Range: bytes=9000-\r\n" in host.heads[1]
    assert "If-Range: Mon, 02 Nov 2026 10:00:00 GMT\r\n" in host.heads[1]


@pytest.mark.parametrize(
    "rest",
    [
        http_response(206, AUDIO[9000:], ETag=ETAG),
        http_response(206, AUDIO[8000:], ETag=ETAG, Content_Range=f"bytes 8000-{len(AUDIO) - 1}/{len(AUDIO)}"),
        http_response(
            206, AUDIO[8000:-1000], ETag=ETAG, Content_Range=f"bytes 8000-{len(AUDIO) - 1001}/{len(AUDIO)}"
        ),
        http_response(206, AUDIO[9000:], ETag=ETAG, Content_Range=f"bytes 9000-{len(AUDIO) - 1}/{len(AUDIO) + 1}"),
        http_response(206, AUDIO[9000:], ETag='"v2"', Content_Range=f"bytes 9000-{len(AUDIO) - 1}/{len(AUDIO)}"),
        http_response(206, AUDIO[9000:9100], ETag=ETAG, Content_Range=f"bytes 9000-{len(AUDIO) - 1}/{len(AUDIO)}"),
        http_response(206, AUDIO[9000:], ETag=ETAG, Content_Range="lines 1-2/3"),
        http_response(416, b"", Content_Range="bytes */9000"),
        http_response(416, b""),
    ],
    ids=[
        "none",
        "overlap",
        "overlap-of-the-right-size",
        "other-total",
        "other-etag",
        "short-part",
        "nonsense",
        "416-shorter",
        "416",
    ],
)
def test_a_part_that_does_not_fit_is_not_joined(scripted_server, client, rest):
    host = scripted_server(
        http_response(200, AUDIO[:9000], length=len(AUDIO), ETag=ETAG), rest, http_response(200, AUDIO, ETag=ETAG)
    )

    _, writers = fetch(client(host.url), f"{host.url}/a.wav")

    assert writers.kept == [AUDIO]
    assert writers.begun == 2


def test_a_host_that_gives_less_than_the_rest_is_asked_for_more(scripted_server, client):
    part = http_response(206, AUDIO[9000:12000], ETag=ETAG, Content_Range=f"bytes 9000-11999/{len(AUDIO)}")
    last = http_response(206, AUDIO[12000:], ETag=ETAG, Content_Range=f"bytes 12000-{len(AUDIO) - 1}/{len(AUDIO)}")
    host = scripted_server(http_response(200, AUDIO[:9000], length=len(AUDIO), ETag=ETAG), part, last)

    _, writers = fetch(client(host.url), f"{host.url}/a.wav")

    assert (writers.kept, writers.begun) == ([AUDIO], 1)


def test_without_a_length_two_downloads_must_be_the_same(cli_runner: CliRunner):
    cli_runner.fault(f.NoLength(), host="files")

    fetched, writers = cli_runner.fetch()

    assert (fetched.proof, writers.kept, writers.begun) == (Proof.TWICE, [cli_runner.audio], 1)
    assert cli_runner.asked(host="files") == 3, "the third asks whether more follows"


def test_without_a_length_a_cut_that_looks_whole_is_found_out(cli_runner: CliRunner):
    cli_runner.faults(Rule(f.NoLength(bytes=20_000), host="files", nth=1), Rule(f.NoLength(), host="files"))

    fetched, writers = cli_runner.fetch()

    assert (fetched.proof, writers.kept) == (Proof.TWICE, [cli_runner.audio])
    assert writers.begun == 2


def test_a_second_download_with_a_length_is_the_better_proof(cli_runner: CliRunner):
    cli_runner.fault(f.NoLength(), host="files", nth=1)

    fetched, writers = cli_runner.fetch()

    assert (fetched.proof, writers.kept) == (Proof.LENGTH, [cli_runner.audio])


def test_without_a_length_downloads_that_always_differ_fail(scripted_server, client):
    def endless():
        number = 0
        while True:
            number += 1
            yield http_response(200, AUDIO[: 1000 + number], length=False)

    answers = endless()
    host = scripted_server(lambda sock: sock.sendall(next(answers)))

    with pytest.raises(DownloadError, match="two downloads of the file differ"):
        fetch(client(host.url), f"{host.url}/a.wav")

    assert len(host.heads) == 2 * QUICK.download.attempts


def test_a_refused_link_is_renewed_and_the_transfer_goes_on(cli_runner: CliRunner):
    cli_runner.faults(Rule(f.Cut(bytes=20_000), host="files", nth=1), Rule(f.Expired(), host="files", nth=1))

    _, writers = cli_runner.fetch()

    assert (writers.kept, writers.begun) == ([cli_runner.audio], 1)
    assert cli_runner.asked("GET") == 2  # the first link, and a new one
    ranges = [entry.range for entry in cli_runner.sandbox.requests.of("files")]
    assert ranges == [None, "bytes=20000-", "bytes=20000-"]


def test_what_renewing_raises_is_raised(cli_runner: CliRunner):
    cli_runner.fault(f.Expired(), host="files")

    def renew() -> Download:
        raise ConnectionFailed("the API is away")

    writers = MemoryWriters()
    with pytest.raises(ConnectionFailed, match="the API is away"):
        cli_runner.client.download(cli_runner.link(), writers.write, renew=renew)
    assert writers.kept == []


def test_a_redirect_to_another_host_is_followed_without_the_key(cli_runner: CliRunner):
    cli_runner.fault(f.Redirect("elsewhere"), host="files")

    _, writers = cli_runner.fetch()

    assert writers.kept == [cli_runner.audio]
    assert [entry.status for entry in cli_runner.sandbox.requests.of("files")] == [302, 200]
    assert cli_runner.sandbox.requests.leaks == ()


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
def test_an_address_that_cannot_be_trusted_is_not_asked(cli_runner: CliRunner, url: str, words: str):
    with pytest.raises(DownloadError, match=words) as caught:
        fetch(cli_runner.client, url)

    assert "5ecre7" not in caught.value.message
    assert "pa55" not in caught.value.message


def test_finish_may_refuse_a_whole_body_and_then_nothing_is_kept(cli_runner: CliRunner):
    class Refused(Exception):
        pass

    def finish(*_: object) -> None:
        raise Refused

    writers = MemoryWriters()
    with pytest.raises(Refused):
        cli_runner.client.download(cli_runner.link(), writers.write, renew=cli_runner.link, finish=finish)

    assert writers.kept == []
    assert cli_runner.asked(host="files") == 1


def test_a_storage_that_fails_is_not_tried_again(cli_runner: CliRunner):
    class Full:
        def write(self, data: bytes) -> int:
            raise StorageError("no space left on device")

    with pytest.raises(StorageError, match="no space left"):
        cli_runner.client.download(cli_runner.link(), lambda: nullcontext(Full()), renew=cli_runner.link)

    assert cli_runner.asked(host="files") == 1


def test_a_storage_that_wraps_the_error_of_a_block_does_not_stop_a_new_start(cli_runner: CliRunner):
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

    cli_runner.faults(Rule(f.Cut(bytes=20_000), host="files", nth=1), Rule(f.IgnoreRange(), host="files"))
    cli_runner.client.download(cli_runner.link(), write, renew=cli_runner.link)

    assert kept == [cli_runner.audio]


def test_stop_ends_a_transfer_between_two_chunks(cli_runner: CliRunner, client):
    stopped = threading.Event()
    cli_runner.client = client(cli_runner.sandbox.api_url, stop=stopped.is_set)
    link = cli_runner.link()
    cli_runner.fault(f.Throttle(bytes=20_000), host="files")
    threading.Timer(0.2, stopped.set).start()

    writers = MemoryWriters()
    began = time.monotonic()
    with pytest.raises(Interrupted):
        cli_runner.client.download(link, writers.write, renew=cli_runner.link)

    assert time.monotonic() - began < 1.5
    assert writers.kept == []


def test_a_reset_in_the_middle_is_resumed_like_any_cut(scripted_server, client):
    rest = http_response(206, AUDIO[9000:], ETag=ETAG, Content_Range=f"bytes 9000-{len(AUDIO) - 1}/{len(AUDIO)}")
    head = http_response(200, AUDIO[:9000], length=len(AUDIO), ETag=ETAG)

    def cut(sock):
        sock.sendall(head)
        time.sleep(0.1)
        resets()(sock)

    host = scripted_server(cut, rest)

    _, writers = fetch(client(host.url), f"{host.url}/a.wav")

    assert writers.kept == [AUDIO]
