"""When a watch runs: with a clock that the test moves, so that nothing sleeps."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mhsync.reconcile.watch_schedule import Trigger, WatchSchedule
from mhsync.settings import WatchSettings

SETTINGS = WatchSettings()
NUMBERS = st.floats(0, 1, exclude_max=True)


def ran(schedule: WatchSchedule, now: float, *, has_failed: bool = False, random: float = 0.5) -> float:
    """A run that takes no time; the time of the next one."""
    schedule.begin()
    schedule.end(now, has_failed=has_failed, random=random)
    return schedule.next[0]


@pytest.fixture
def schedule() -> WatchSchedule:
    """A schedule whose first run has ended at 0."""
    one = WatchSchedule(SETTINGS, 0.0)
    assert one.due(0.0) is Trigger.START
    ran(one, 0.0)
    return one


def test_the_first_run_is_due_at_once_and_the_next_ones_at_the_interval(schedule):
    assert schedule.next == (SETTINGS.every, Trigger.INTERVAL)
    assert schedule.due(SETTINGS.every - 0.1) is None
    assert schedule.due(SETTINGS.every) is Trigger.INTERVAL


@given(NUMBERS)
def test_the_interval_varies_by_the_jitter(random):
    at = ran(WatchSchedule(SETTINGS, 0.0), 100.0, random=random)
    assert 100 + SETTINGS.every * 0.9 <= at <= 100 + SETTINGS.every * 1.1


@given(st.lists(st.booleans(), max_size=40), NUMBERS)
def test_failed_runs_are_repeated_after_a_delay_that_grows(failures, random):
    schedule = WatchSchedule(SETTINGS, 0.0)
    row = 0
    for has_failed in failures:
        at = ran(schedule, 0.0, has_failed=has_failed, random=random)
        row = row + 1 if has_failed else 0
        assert schedule.failures == row
        if has_failed:
            longest = min(SETTINGS.backoff * 2 ** (row - 1), SETTINGS.backoff_max)
            assert longest / 2 <= at <= longest
            assert schedule.next[1] is Trigger.RETRY


def test_the_delay_after_a_failure_is_never_longer_than_the_interval():
    schedule = WatchSchedule(WatchSettings(every=7), 0.0)
    assert max(ran(schedule, 0.0, has_failed=True, random=0.0) for _ in range(100)) == 7


@pytest.mark.parametrize("trigger", [Trigger.WEBHOOK, Trigger.MANIFEST])
def test_a_wake_starts_a_run_after_the_debounce_time(schedule, trigger):
    schedule.wake(trigger, 10.0)
    assert schedule.next == (10.0 + SETTINGS.debounce, trigger)
    schedule.wake(trigger, 10.5)
    assert schedule.next == (10.5 + SETTINGS.debounce, trigger)


def test_endless_wakes_do_not_delay_a_run_for_ever(schedule):
    for moment in range(1000):
        schedule.wake(Trigger.WEBHOOK, 10.0 + moment / 100)
    assert schedule.next == (10.0 + SETTINGS.debounce_max, Trigger.WEBHOOK)


def test_a_run_answers_all_wakes_before_it_and_a_wake_during_it_causes_another(schedule):
    schedule.wake(Trigger.WEBHOOK, 10.0)
    schedule.wake(Trigger.MANIFEST, 10.0)
    schedule.begin()
    schedule.wake(Trigger.WEBHOOK, 12.0)
    schedule.end(20.0, has_failed=False, random=0.5)
    assert schedule.due(20.0) is Trigger.WEBHOOK
    assert ran(schedule, 20.0) == 20.0 + SETTINGS.every


def test_a_webhook_does_not_defeat_the_backoff_and_an_edit_of_a_manifest_does(schedule):
    for _ in range(6):
        ran(schedule, 100.0, has_failed=True, random=0.0)
    schedule.wake(Trigger.WEBHOOK, 100.0)
    assert schedule.next == (100.0 + SETTINGS.backoff_webhook, Trigger.WEBHOOK)
    schedule.wake(Trigger.MANIFEST, 100.0)
    assert schedule.next == (100.0 + SETTINGS.debounce, Trigger.MANIFEST)


def test_a_run_that_is_due_is_not_delayed_by_a_wake(schedule):
    at = SETTINGS.every
    schedule.wake(Trigger.WEBHOOK, at - 0.1)
    assert schedule.next == (at, Trigger.INTERVAL)
