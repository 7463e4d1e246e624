"""Ledger: the result of each project, and when it is final."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from mhsync.core.manifest import Entry, State
from mhsync.core.plan import Action, ProjectPlan, Verdict
from mhsync.core.run_report import Outcome
from mhsync.errors import AuthenticationFailed, Interrupted, PathOccupied, Problem, StorageError
from mhsync.reconcile.ledger import Ledger
from tests.reconcile.fixture import result_of


@dataclass
class Run:
    """The two parts of a run context that the ledger uses."""

    events: list = field(default_factory=list)
    stop = staticmethod(lambda: False)

    def observer(self, event) -> None:
        self.events.append(event)


class Silent:
    """Notifications that go nowhere."""

    def project(self, result, receipt) -> None: ...

    def finish(self, report) -> None: ...


ARCHIVE = (Action.DOWNLOAD, Action.DELETE)


def plan_of(
    id: str = "one", actions=ARCHIVE, verdict: Verdict = Verdict.CHANGE, desired: State = State.ARCHIVED
) -> ProjectPlan:
    return ProjectPlan(Entry(id, desired), verdict, "code", "reason", actions, "complete")


def begun(*plans: ProjectPlan) -> Ledger:
    ledger = Ledger(Run(), Silent())
    ledger.begin(plans)
    return ledger


def result(ledger: Ledger, id: str = "one"):
    ledger.close_all()
    return result_of(ledger.report([id], wait_ran_out=False), id)


@pytest.mark.parametrize(
    ("actions", "desired", "outcome"),
    [
        (ARCHIVE, State.ARCHIVED, Outcome.ARCHIVED),
        ((Action.DELETE,), State.DELETED, Outcome.DELETED),
        ((Action.DOWNLOAD,), State.DOWNLOADED, Outcome.DOWNLOADED),
        ((Action.MOVE,), State.DOWNLOADED, Outcome.MOVED),
    ],
)
def test_a_project_is_final_once_all_of_its_actions_are_done(actions, desired, outcome):
    ledger = begun(plan_of(actions=actions, desired=desired))
    for action in actions:
        assert ledger.is_open("one")
        ledger.note("one", action, None)
    assert not ledger.is_open("one")
    assert result(ledger).outcome is outcome


@pytest.mark.parametrize(
    ("error", "outcome", "code"),
    [
        (StorageError("the disk is full"), Outcome.FAILED, "storage"),
        (PathOccupied("a file is there"), Outcome.BLOCKED, "path_occupied"),
        (Interrupted("interrupted"), Outcome.FAILED, "interrupted"),
    ],
)
def test_an_error_skips_the_other_actions_and_is_final(error, outcome, code):
    ledger = begun(plan_of())
    ledger.note("one", Action.DOWNLOAD, error)
    assert not ledger.is_open("one")
    found = result(ledger)
    assert (found.outcome, found.error.code) == (outcome, code)
    assert [action.outcome.value for action in found.actions] == ["failed", "skipped"]


def test_a_refused_key_halts_the_run_and_the_rest_is_not_attempted():
    ledger = begun(plan_of("one"), plan_of("two"))
    ledger.note("one", Action.DOWNLOAD, AuthenticationFailed("the key was refused"))
    assert ledger.halted is not None
    found = result(ledger, "two")
    assert (found.outcome, found.error.code) == (Outcome.NOT_ATTEMPTED, "authentication_failed")


def test_an_archive_that_ended_after_its_download_is_failed():
    ledger = begun(plan_of())
    ledger.note("one", Action.DOWNLOAD, None)
    found = result(ledger)
    assert found.outcome is Outcome.FAILED
    assert [action.outcome.value for action in found.actions] == ["done", "skipped"]


def test_a_pending_project_stays_pending_unless_the_run_was_halted():
    assert result(begun(plan_of(actions=(), verdict=Verdict.PENDING))).outcome is Outcome.PENDING
    halted = begun(plan_of(actions=(), verdict=Verdict.PENDING))
    halted.halt(Problem("deadline", "the time of the run was up"))
    assert result(halted).outcome is Outcome.NOT_ATTEMPTED
