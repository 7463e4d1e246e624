"""The rows and sums of `status`, made of a plan, details and inventories."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mhsync.core.manifest import Entry, ManifestFile, State
from mhsync.core.observed import Gone, Inventory, Live
from mhsync.core.plan import Plan, ProjectPlan, Verdict
from mhsync.core.project import Project, Status
from mhsync.core.receipt import Receipt, StoredOutput
from mhsync.core.status import StatusReport, project_status

NOW = datetime(2026, 3, 1, tzinfo=UTC)
FILE = ManifestFile("m.yaml", "/folder", "0" * 64)
SHA = "ab" * 32


def stored(path, size=10, **fields):
    return StoredOutput(path, size, SHA, "https://files.example/a", "a.wav", **fields)


def receipt(*outputs, **fields):
    return replace(
        Receipt("a", "https://api.example", "Old name", "TTS", NOW - timedelta(days=3), 7, outputs), **fields
    )


def planned(id="a", state=State.DOWNLOADED, verdict=Verdict.UNCHANGED, status=None):
    return ProjectPlan(Entry(id, state), verdict, "code", "reason", status=status)


def row(found=None, *, details=None, files=None, durations=None, plan=None):
    receipts = {} if found is None else {"a": found}
    inventory = Inventory("/folder", files or {}, receipts)
    return project_status(FILE, plan or planned(), details, inventory, durations or {})


def test_the_facts_of_a_settled_project_are_those_of_its_receipt():
    one = row(receipt(stored("a.wav")), files={"a.wav": 10})
    assert (one.name, one.type, one.credits, one.is_stored, one.size) == ("Old name", "TTS", 7, True, 10)
    assert one.age(NOW) == 3 * 86400


def test_what_the_api_returns_has_precedence_over_the_receipt():
    live = Live(Project("a", Status.COMPLETE, "complete", "NEW", "New name", NOW, credits_charged=9))
    one = row(receipt(stored("a.wav")), details=live)
    assert (one.name, one.type, one.credits, one.created_at) == ("New name", "NEW", 9, NOW)
    assert row(receipt(), details=Gone(not_found=True)).name == "Old name"


def test_only_outputs_in_place_count():
    one = row(
        receipt(stored("a.wav"), stored("b.wav"), stored("c.wav", suspect=True)),
        files={"a.wav": 10, "b.wav": 11, "c.wav": 10},
    )
    assert [output.path for output in one.in_place] == ["a.wav"]
    assert (one.is_stored, one.size) == (False, 10)


def test_a_project_without_a_receipt_has_no_facts():
    one = row()
    assert (one.name, one.created_at, one.outputs, one.is_stored, one.duration) == (None, None, (), False, None)
    assert one.age(NOW) is None


def test_the_duration_of_a_plugin_has_precedence_over_that_of_the_file():
    files = {"a.wav": 10, "b.wav": 10}
    one = row(
        receipt(stored("a.wav", facts={"duration_seconds": 2.5}), stored("b.wav")),
        files=files,
        durations={"a.wav": 9.0, "b.wav": 4.0},
    )
    assert one.duration == 6.5
    assert row(receipt(stored("a.wav"), stored("b.wav")), files=files, durations={"a.wav": 9.0}).duration is None


@pytest.mark.parametrize("fact", ["3", True, -1, float("nan"), float("inf"), None, [1]])
def test_an_invalid_fact_is_ignored(fact):
    one = row(receipt(stored("a.wav", facts={"duration_seconds": fact})), files={"a.wav": 10})
    assert one.duration is None


def test_a_creation_date_in_the_future_gives_the_age_0():
    assert row(receipt(created_at=NOW + timedelta(days=1))).age(NOW) == 0


def test_the_sums_by_state():
    one = row(receipt(stored("a.wav")), files={"a.wav": 10}, durations={"a.wav": 1.5})
    rows = (one, replace(one, plan=planned(state=State.ARCHIVED)), replace(one, outputs=(), credits=None))
    report = StatusReport(Plan("https://api.example"), NOW, rows)
    total = report.total
    assert (total.projects, total.stored, total.files, total.size, total.duration, total.credits) == (
        3, 2, 2, 20, 3.0, 14,
    )  # fmt: skip
    assert report.by_state[State.DOWNLOADED].projects == 2
    assert report.by_state[State.ARCHIVED].credits == 7
    assert report.by_state[State.DELETED].projects == 0
    assert not report.has_blocked
    blocked = replace(one, plan=planned(verdict=Verdict.BLOCKED))
    assert replace(report, projects=(*rows, blocked)).has_blocked
