"""The exit code and the totals of a report."""

from __future__ import annotations

import pytest

from mhsync.core.manifest import State
from mhsync.core.run_report import Outcome, ProjectResult, Report
from mhsync.errors import Problem


def results(*outcomes):
    return tuple(ProjectResult(f"id{n}", outcome) for n, outcome in enumerate(outcomes))


@pytest.mark.parametrize(
    ("report", "code"),
    [
        (Report(), 0),
        (Report(results(*set(Outcome) - {Outcome.BLOCKED, Outcome.FAILED, Outcome.NOT_ATTEMPTED})), 0),
        (Report(results(Outcome.BLOCKED)), 1),
        (Report(results(Outcome.FAILED), wait_ran_out=True), 1),
        (Report(results(Outcome.NOT_ATTEMPTED)), 1),
        (Report(results(Outcome.PENDING), wait_ran_out=True), 4),
        (Report(results(Outcome.FAILED), is_interrupted=True), 130),
    ],
)
def test_the_first_exit_code_that_applies(report, code):
    assert report.exit_code == code


def test_every_outcome_is_counted():
    sums = Report(results(Outcome.DOWNLOADED, Outcome.DOWNLOADED, Outcome.BLOCKED)).summary
    assert set(sums) == {*(outcome.value for outcome in Outcome), "acknowledged"}
    assert (sums["downloaded"], sums["blocked"], sums["failed"]) == (2, 1, 0)


def test_an_acknowledged_loss_is_counted_and_fails_no_run():
    report = Report((ProjectResult("a", Outcome.UNCHANGED, desired=State.LOST), *results(Outcome.DOWNLOADED)))
    assert (report.summary["acknowledged"], report.summary["unchanged"], report.exit_code) == (1, 1, 0)


def test_an_error_is_data():
    result = ProjectResult("a", Outcome.FAILED, error=Problem("storage", "disk full"))
    assert result.to_json()["error"] == {"code": "storage", "message": "disk full"}
