"""Waits end after their time, and at once after a stop request. The clock is simulated."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from mhsync.api.notice import Notices, WaitNotice
from mhsync.api.timing import Time
from mhsync.errors import Interrupted


@dataclass
class Clock:
    now: float = 0.0
    stops_at: float = float("inf")
    sleeps: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.now += seconds

    def time(self, notices: Notices | None = None) -> Time:
        return Time(
            clock=lambda: self.now,
            wall=lambda: self.now,
            sleep=self.sleep,
            random=lambda: 0.0,
            stop=lambda: self.now >= self.stops_at,
            notices=notices,
        )


def test_a_wait_lasts_as_long_as_requested_and_checks_for_a_stop_several_times_a_second():
    clock = Clock()
    clock.time().wait(3)
    assert clock.now == pytest.approx(3)
    assert max(clock.sleeps) <= 0.2


def test_a_stop_request_ends_a_wait():
    clock = Clock(stops_at=1.0)
    with pytest.raises(Interrupted):
        clock.time().wait(600)
    assert clock.now == pytest.approx(1.0, abs=0.21)


def test_a_stop_request_before_a_wait_ends_it_without_a_sleep():
    clock = Clock(stops_at=0.0)
    with pytest.raises(Interrupted):
        clock.time().wait(600)
    assert clock.sleeps == []


def test_check_raises_only_after_a_stop_request():
    clock = Clock(stops_at=1.0)
    clock.time().check()
    clock.now = 1.0
    with pytest.raises(Interrupted):
        clock.time().check()


def test_notices_are_optional():
    clock, reported = Clock(), list[WaitNotice]()
    clock.time().notice("https://api.test", "returned 503", 5, 2, 6)
    notices = Notices(reported.append, "https://api.test", least=2, clock=lambda: clock.now)
    clock.time(notices).notice("https://api.test", "returned 503", 5, 2, 6)
    assert [(notice.reason, notice.seconds) for notice in reported] == [("returned 503", 5)]
