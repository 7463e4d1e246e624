"""The limits of one download: attempts, resumed transfers, restarts and new links."""

from __future__ import annotations

import dataclasses

import pytest

from mhsync.core.project import Download
from mhsync.errors import ConnectionFailed, DownloadError
from mhsync.sandbox import faults as f
from mhsync.sandbox.rules import Rule
from tests.api.client_fixture import QUICK, ApiFixture, MemoryWriters, fetch
from tests.api.scripted_server import http_response

AUDIO = bytes(range(256)) * 100


def test_repeated_interruptions_are_resumed_while_each_attempt_receives_bytes(api: ApiFixture):
    api.fault(f.Cut(bytes=3000), host="files")

    _, writers = api.fetch()

    assert (writers.kept, writers.begun) == ([api.audio], 1)
    assert api.request_count(host="files") == 17  # 50,000 bytes in pieces of 3,000


def test_the_number_of_resumes_is_limited(api: ApiFixture, client):
    tight = dataclasses.replace(QUICK, download=dataclasses.replace(QUICK.download, resumes=3))
    api.client = client(api.sandbox.api_url, settings=tight)
    api.fault(f.Cut(bytes=3000), host="files")

    with pytest.raises(DownloadError, match="gave up after 4 interrupted transfers"):
        api.fetch()

    assert api.request_count(host="files") == 4


def test_restarts_are_limited_where_a_host_always_truncates_and_never_resumes(scripted_server, client):
    host = scripted_server(http_response(200, AUDIO[:9000], length=len(AUDIO)))

    with pytest.raises(DownloadError, match="started 6 times"):
        fetch(client(host.url), f"{host.url}/a.wav")

    # One more than the starts: the rest was requested once, and the whole file that was sent instead was used.
    assert len(host.heads) == QUICK.download.attempts + 1


def test_a_refused_link_is_renewed_and_the_transfer_continues(api: ApiFixture):
    api.faults(Rule(f.Cut(bytes=20_000), host="files", nth=1), Rule(f.Expired(), host="files", nth=1))

    _, writers = api.fetch()

    assert (writers.kept, writers.begun) == ([api.audio], 1)
    assert api.request_count("GET") == 2  # the first link, and a new one
    ranges = [entry.range for entry in api.sandbox.requests.of("files")]
    assert ranges == [None, "bytes=20000-", "bytes=20000-"]


def test_an_error_of_the_renewal_is_raised(api: ApiFixture):
    api.fault(f.Expired(), host="files")

    def renew() -> Download:
        raise ConnectionFailed("the API is away")

    writers = MemoryWriters()
    with pytest.raises(ConnectionFailed, match="the API is away"):
        api.client.download(api.link(), writers.write, renew=renew)
    assert writers.kept == []
