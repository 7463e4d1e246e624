"""All downloads of a client together receive no more bytes per second than the setting allows."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest

from mhsync.api.bandwidth import Bandwidth
from mhsync.api.transfer import NullSink, Transfer
from mhsync.api.transfer_progress import TransferMeter
from mhsync.errors import Interrupted
from tests.api.client_fixture import QUICK, ApiFixture, fetch
from tests.api.scripted_server import http_response
from tests.api.test_timing import Clock

RATE = 10_000
AUDIO = bytes(range(256)) * 200


class SkippingClock:
    """The real clock, except that a sleep takes no time: `skipped` is the sum of all sleeps."""

    def __init__(self):
        self.skipped = 0.0
        self.began = time.monotonic()

    def __call__(self):
        return time.monotonic() + self.skipped

    def sleep(self, seconds):
        self.skipped += seconds

    def has_waited(self, seconds):
        """Whether waits and real time make up this time, and the waits are not longer."""
        spent = time.monotonic() - self.began
        return seconds - 0.3 - spent <= self.skipped <= seconds + 0.1


def limited(rate: float = RATE, **http: object):
    """Settings with the limit, and with these fields of `HttpSettings`."""
    return replace(QUICK, download=replace(QUICK.download, bandwidth=rate), http=replace(QUICK.http, **http))


def test_each_piece_waits_for_the_time_that_its_bytes_take():
    clock = Clock()
    bandwidth = Bandwidth(RATE, clock.time())
    for _ in range(10):
        bandwidth.take(RATE)
    assert clock.now == pytest.approx(10)


def test_the_limit_is_that_of_all_downloads_together():
    clock = Clock()
    bandwidth = Bandwidth(RATE, clock.time())
    for meter in [TransferMeter(clock.time(), bandwidth) for _ in range(4)]:
        meter(Transfer(NullSink()), RATE)
    assert clock.now == pytest.approx(4)


def test_an_unused_rate_is_kept_for_a_quarter_of_a_second_only():
    clock = Clock()
    bandwidth = Bandwidth(RATE, clock.time())
    clock.now += 3600
    bandwidth.take(RATE)
    assert clock.now == pytest.approx(3600.75)


def test_small_files_share_the_limit_although_each_of_them_is_too_short_to_wait_for():
    clock = Clock()
    bandwidth = Bandwidth(RATE, clock.time())
    for _ in range(1000):
        bandwidth.take(10)
    assert clock.now == pytest.approx(1, abs=0.02)


def test_a_stop_request_ends_the_wait():
    clock = Clock(stops_at=1.0)
    with pytest.raises(Interrupted):
        Bandwidth(1, clock.time()).take(3600)
    assert clock.now == pytest.approx(1, abs=0.21)


def test_a_download_takes_as_long_as_the_limit_says_and_is_complete(api: ApiFixture, client):
    clock = SkippingClock()
    api.client = client(api.sandbox.api_url, settings=limited(), clock=clock, sleep=clock.sleep)
    for _ in range(2):
        _, writers = api.fetch()
        assert writers.kept == [api.audio]
    assert clock.has_waited(2 * len(api.audio) / RATE)


def test_the_time_of_our_own_waits_does_not_count_as_a_slow_host(client, scripted_server):
    """The limit is 100 times slower than the least rate of a body, and 25 windows of that check pass."""
    host = scripted_server(http_response(200, AUDIO))
    clock = SkippingClock()
    slow = client(
        host.url,
        settings=limited(rate=2048, rate_min=200 * 1024, rate_window=1.0),
        clock=clock,
        sleep=clock.sleep,
    )

    _, writers = fetch(slow, f"{host.url}/a.wav")

    assert (writers.kept, len(host.heads)) == ([AUDIO], 1)
    assert clock.has_waited(len(AUDIO) / 2048)


def test_concurrent_downloads_share_the_limit(api: ApiFixture, client):
    """With real threads, sockets and time: they may be slower than the limit, but not faster."""
    api.client = client(api.sandbox.api_url, settings=limited(rate=200_000))
    link = api.link()
    began = time.monotonic()
    threads = [threading.Thread(target=fetch, args=(api.client, link.url)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert time.monotonic() - began > 4 * len(api.audio) / 200_000 - 0.3


@pytest.mark.parametrize("rate", [None, 0])
def test_without_a_limit_nothing_waits(api: ApiFixture, client, rate):
    clock = SkippingClock()
    settings = replace(QUICK, download=replace(QUICK.download, bandwidth=rate))
    api.client = client(api.sandbox.api_url, settings=settings, clock=clock, sleep=clock.sleep)
    api.fetch()
    assert clock.skipped == 0
