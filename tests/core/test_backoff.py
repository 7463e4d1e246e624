"""Pauses between attempts."""

from __future__ import annotations

from itertools import islice

import pytest

from mhsync.core.backoff import backoff_delay, poll_pauses
from mhsync.settings import WaitSettings


def test_each_pause_is_twice_as_long_up_to_the_maximum():
    assert [backoff_delay(attempt, 0.5, 3.0, 0) for attempt in (1, 2, 3, 4, 5)] == [0.5, 1.0, 2.0, 3.0, 3.0]


@pytest.mark.parametrize(("jitter", "seconds"), [(0.0, 8.0), (0.5, 6.0), (1.0, 4.0)])
def test_jitter_shortens_a_pause_by_up_to_a_half(jitter: float, seconds: float):
    assert backoff_delay(4, 1.0, 60.0, jitter) == seconds


def test_a_large_number_of_attempts_does_not_overflow():
    assert backoff_delay(10_000, 0.5, 30.0, 0) == 30.0


def test_pauses_between_polls_begin_at_3_s_and_grow_up_to_15_s():
    assert list(islice(poll_pauses(WaitSettings()), 6)) == [3.0, 4.5, 6.75, 10.125, 15.0, 15.0]
