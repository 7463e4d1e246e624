"""The meter of a download: reports at a bounded rate, and never of a file that is complete at once."""

from __future__ import annotations

import pytest

from mhsync.api.transfer import NullSink, Transfer
from mhsync.api.transfer_progress import TransferMeter
from mhsync.errors import Interrupted
from tests.api.test_timing import Clock


def metered(pieces: int, seconds_each: float) -> list[tuple[int, int | None]]:
    """The reports of a transfer of 1000-byte pieces."""
    clock, reports, transfer = Clock(), [], Transfer(NullSink(), total=1000 * pieces)
    meter = TransferMeter(clock.time(), report=lambda received, size: reports.append((received, size)))
    for _ in range(pieces):
        clock.now += seconds_each
        meter(transfer, 1000)
        transfer.size += 1000
    return reports


def test_a_file_that_is_complete_within_a_tenth_of_a_second_is_not_reported():
    assert metered(9, 0.01) == []


def test_a_transfer_is_reported_at_most_ten_times_a_second():
    reports = metered(10_000, 0.001)
    assert 90 <= len(reports) <= 100
    assert all(size == 10_000_000 for _, size in reports)
    assert [received for received, _ in reports] == sorted(received for received, _ in reports)


def test_a_slow_transfer_is_reported_with_each_piece():
    assert metered(3, 1.0) == [(1000, 3000), (2000, 3000), (3000, 3000)]


def test_a_stop_request_ends_the_transfer():
    with pytest.raises(Interrupted):
        TransferMeter(Clock(stops_at=0).time())(Transfer(NullSink()), 1)
