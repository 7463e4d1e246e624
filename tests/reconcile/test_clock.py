"""Durations are measured with a monotonic clock: the wall clock may be set during a run."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mhsync.reconcile.context import ApplyOptions
from mhsync.reconcile.prepare import Prepared
from mhsync.reconcile.progress import ProgressEvent, ProjectFinished, WaitingForRenders
from mhsync.sandbox.account import SandboxProject
from tests.reconcile.fixture import complete, outcomes


class WallClock:
    """The real time plus an offset that a test sets."""

    moved = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.moved


@pytest.mark.parametrize("days", [1, -1])
def test_a_wall_clock_that_is_set_does_not_end_a_run(reconcile_fixture, days: int):
    wall = WallClock()

    def set_clock(event: object) -> None:
        if not isinstance(event, ProjectFinished | Prepared):
            return
        wall.moved += timedelta(days=days)

    one = reconcile_fixture(complete("a"), complete("b"))
    one.settings = replace(one.settings, run=replace(one.settings.run, transfers=1))
    report = one.apply(
        {"a": "downloaded", "b": "downloaded"}, before_execute=set_clock, now=wall, observer=set_clock
    )
    assert outcomes(report) == {"a": "downloaded", "b": "downloaded"}


def test_the_deadline_counts_by_the_clock_that_is_never_set_back(reconcile_fixture):
    """The wall clock stands still here, and the run ends all the same."""
    ticks = iter(range(0, 10**9, 7 * 3600))
    one = reconcile_fixture(complete("a"))
    report = one.apply(
        {"a": "downloaded"}, now=lambda: datetime(2026, 1, 1, tzinfo=UTC), clock=lambda: next(ticks)
    )
    (result,) = report.results
    assert (result.outcome, result.error.code) == ("not_attempted", "deadline")


@pytest.mark.parametrize("days", [1, -1])
def test_a_wall_clock_that_is_set_neither_ends_nor_prolongs_a_wait(reconcile_fixture, days: int):
    """The monotonic clock advances by one second with each poll, so that the number of polls is known."""
    wall = WallClock()
    one = reconcile_fixture(SandboxProject("late", status="rendering"))
    left: list[float] = []

    def waiting(event: ProgressEvent) -> None:
        if not isinstance(event, WaitingForRenders):
            return
        left.append(event.seconds_left)
        assert len(left) <= 6, "the wait is prolonged"
        wall.moved += timedelta(days=days)

    report = one.apply(
        {"late": "downloaded"}, ApplyOptions(wait=6), now=wall, clock=lambda: float(len(left)), observer=waiting
    )
    assert left == [6, 5, 4, 3, 2, 1]
    assert report.wait_ran_out
