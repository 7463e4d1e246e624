"""A file in several responses: which parts are joined, and what proves that the file is complete."""

from __future__ import annotations

import itertools
import re
import socket

import pytest

from mhsync.core.receipt import Proof
from mhsync.sandbox import faults as f
from tests.api.client_fixture import ApiFixture, fetch
from tests.api.scripted_server import http_response

AUDIO = bytes(range(256)) * 100


ETAG = '"v1"'


def test_an_interrupted_chunked_transfer_is_resumed_and_proved_by_the_total(api: ApiFixture):
    api.fault(f.Chunked(bytes=20_000), host="files", nth=1)

    fetched, writers = api.fetch()

    assert (writers.kept, writers.begun) == ([api.audio], 1)
    assert fetched.proof is Proof.LENGTH


def test_a_complete_chunked_body_is_proved(api: ApiFixture):
    api.fault(f.Chunked(), host="files")

    fetched, writers = api.fetch()

    assert (fetched.proof, writers.kept) == (Proof.CHUNKED, [api.audio])
    assert api.request_count(host="files") == 1


def test_without_a_strong_validator_nothing_is_resumed(scripted_server, client):
    host = scripted_server(
        http_response(200, AUDIO[:9000], length=len(AUDIO), ETag='W/"weak"', Last_Modified="yesterday"),
        http_response(200, AUDIO),
    )

    _, writers = fetch(client(host.url), f"{host.url}/a.wav")

    assert (writers.kept, writers.begun) == ([AUDIO], 2)
    assert all("Range:" not in head for head in host.heads)


def parts_of(audio: bytes, at_once: int, **headers: str):
    """A host that supports ranges and truncates each response after the given number of bytes."""

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


def test_parts_joined_without_a_validator_are_proved_by_a_second_download(scripted_server, client):
    host = scripted_server(parts_of(AUDIO, 9000))

    fetched, writers = fetch(client(host.url), f"{host.url}/a.wav")

    assert (writers.kept, fetched.proof) == ([AUDIO], Proof.TWICE)
    starts = [match[1] if (match := re.search(r"Range: bytes=(\d+)-", head)) else "all" for head in host.heads]
    assert starts[:8] == ["all", "all", *["all", "9000", "18000"] * 2]
    assert not any("If-Range" in head for head in host.heads)


def test_joined_parts_of_a_changed_file_are_detected(scripted_server, client):
    old, new = AUDIO, AUDIO[::-1]
    count = itertools.count(1)
    old_script, new_script = parts_of(old, 9000), parts_of(new, 9000)
    host = scripted_server(lambda sock, head: (old_script if next(count) <= 4 else new_script)(sock, head))

    fetched, writers = fetch(client(host.url), f"{host.url}/a.wav")

    assert (writers.kept, fetched.proof) == ([new], Proof.TWICE)


def test_an_old_last_modified_allows_resuming(scripted_server, client):
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
def test_a_range_that_does_not_continue_the_file_is_not_joined(scripted_server, client, rest):
    host = scripted_server(
        http_response(200, AUDIO[:9000], length=len(AUDIO), ETag=ETAG), rest, http_response(200, AUDIO, ETag=ETAG)
    )

    _, writers = fetch(client(host.url), f"{host.url}/a.wav")

    assert writers.kept == [AUDIO]
    assert writers.begun == 2


def test_a_host_that_sends_less_than_the_requested_rest_gets_another_request(scripted_server, client):
    part = http_response(206, AUDIO[9000:12000], ETag=ETAG, Content_Range=f"bytes 9000-11999/{len(AUDIO)}")
    last = http_response(206, AUDIO[12000:], ETag=ETAG, Content_Range=f"bytes 12000-{len(AUDIO) - 1}/{len(AUDIO)}")
    host = scripted_server(http_response(200, AUDIO[:9000], length=len(AUDIO), ETag=ETAG), part, last)

    _, writers = fetch(client(host.url), f"{host.url}/a.wav")

    assert (writers.kept, writers.begun) == ([AUDIO], 1)
