"""The numbers of a watch, and when it is ready."""

from __future__ import annotations

from datetime import UTC, datetime

from mhsync.api.notice import WaitNotice
from mhsync.api.transfer_events import TransferEnded, TransferProgressed
from mhsync.core.manifest import State
from mhsync.core.plan import Action
from mhsync.core.run_report import ActionOutcome, ActionResult, Outcome, ProjectResult, Report
from mhsync.errors import ServerFailed
from mhsync.reconcile.progress import RetryDelayed
from mhsync.reconcile.watch import RunEnded, RunStarted, WatchResult, WatchRun
from mhsync.reconcile.watch_metrics import WatchMetrics
from mhsync.reconcile.watch_schedule import Trigger
from tests.core.builders import entry, inventory, live, manifest, plan_of

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def ended(result: WatchResult = WatchResult.SUCCEEDED, failures: int = 0, **fields: object) -> RunEnded:
    return RunEnded(WatchRun(Trigger.START, NOW, result, 2.0, **fields), 900.0, failures)


def test_runs_projects_actions_bytes_and_waits_are_counted():
    numbers = WatchMetrics(clock=lambda: 10.0, wall=lambda: 1000.0)
    desired = manifest(entry("a"), entry("b", State.ARCHIVED), entry("c", State.DELETED))
    plan = plan_of(desired, inventory(), {"a": live("a"), "b": live("b", "error"), "c": live("c", "rendering")})
    done = ActionResult(Action.DOWNLOAD, ActionOutcome.DONE)
    failed = ActionResult(Action.DOWNLOAD, ActionOutcome.FAILED, ServerFailed("x").problem)
    report = Report(
        (
            ProjectResult("a", Outcome.DOWNLOADED, (done,)),
            ProjectResult("b", Outcome.FAILED, (failed,)),
            ProjectResult("c", Outcome.NOT_ATTEMPTED),
        )
    )
    for _ in range(2):
        numbers.listen(RunStarted(Trigger.START, NOW))
        assert numbers.snapshot().is_running
        numbers.observe(TransferProgressed("a", "a/output.wav", 50, 100))
        numbers.observe(TransferEnded("a", "a/output.wav", 100))
        numbers.observe(TransferEnded("b", "b/output.wav", None))
        numbers.observe(RetryDelayed(WaitNotice("https://api.example", True, "returned 429", 7.5, 2, 6)))
        numbers.listen(ended(WatchResult.FAILED, 3, plan=plan, report=report))
    found = numbers.snapshot()
    assert not found.is_running
    assert found.projects == {"downloaded": 1, "archived": 1, "deleted": 1}
    assert found.verdicts == {"change": 1, "blocked": 1, "pending": 1, "unchanged": 0, "failed": 0}
    assert (found.runs_total, found.triggers_total) == ({"failed": 2}, {"start": 2})
    assert found.actions_total == {("download", "done"): 2, ("download", "failed"): 2}
    assert (found.failures_total, found.failures_in_a_row) == (4, 3)
    assert (found.bytes_total, found.waits_total, found.wait_seconds_total) == (200, 2, 15.0)
    assert found.run_seconds_total == 4.0


def test_the_time_since_the_last_success_counts_from_the_start_until_there_is_one():
    time = [0.0]
    numbers = WatchMetrics(clock=lambda: time[0], wall=lambda: 1000.0 + time[0])
    time[0] = 50.0
    assert (numbers.snapshot().since_success, numbers.snapshot().last_success) == (50.0, None)
    numbers.listen(ended())
    time[0] = 80.0
    numbers.listen(ended(WatchResult.FAILED, error=ServerFailed("x")))
    found = numbers.snapshot()
    assert (found.since_success, found.last_success, found.failures_total) == (30.0, 1050.0, 1)


def test_it_is_ready_after_a_success_and_not_while_runs_fail():
    numbers = WatchMetrics()
    assert not numbers.snapshot().is_ready
    for result, is_ready in (
        (WatchResult.REFUSED, False),
        (WatchResult.SUCCEEDED, True),
        (WatchResult.REFUSED, True),
        (WatchResult.INVALID_MANIFEST, False),
        (WatchResult.SUCCEEDED, True),
        (WatchResult.FAILED, False),
    ):
        numbers.listen(ended(result))
        assert numbers.snapshot().is_ready is is_ready
