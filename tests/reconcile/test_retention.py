"""Retention against a real account: what becomes due is archived, with every guard and proof of a delete."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from mhsync.api.client import Client
from mhsync.core.layout import INDEX
from mhsync.core.manifest import Deletes, Limit, Manifest, Policy
from mhsync.core.retention import parse_retention
from mhsync.core.saved_plan import SavedPlan
from mhsync.errors import ConfirmationMissing, GuardRefused, PlanStale
from mhsync.reconcile.context import ApplyOptions
from mhsync.reconcile.plan import plan
from mhsync.reconcile.prepare import prepare
from mhsync.sandbox.account import SandboxProject
from tests.reconcile.fixture import ALLOW, ReconcileFixture, complete, outcomes

CREATED = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)
BEFORE = CREATED + timedelta(days=30, seconds=-1)
DUE = CREATED + timedelta(days=30)


def retained(fixture: ReconcileFixture, *ids: str, policy: Policy = ALLOW) -> Manifest:
    (file,) = fixture.manifest(dict.fromkeys(ids or ("a",), "downloaded"), policy=policy).files
    month = parse_retention("30d")
    return Manifest((replace(file, entries=tuple(replace(entry, retain=month) for entry in file.entries)),))


@pytest.fixture
def stored(reconcile_fixture) -> ReconcileFixture:
    """The projects a and b, stored before their retention is over."""
    fixture = reconcile_fixture(complete("a"), complete("b"))
    assert set(outcomes(fixture.apply(retained(fixture, "a", "b"), now=lambda: BEFORE)).values()) == {"downloaded"}
    fixture.sandbox.requests.clear()
    return fixture


def test_a_project_is_archived_when_its_time_is_over_and_needs_no_request_before_and_after(stored):
    desired = retained(stored, "a", "b")
    for now in (BEFORE, DUE, DUE + timedelta(days=900)):
        report = stored.apply(desired, now=lambda now=now: now)
        assert set(outcomes(report).values()) == {"archived" if now == DUE else "unchanged"}
        assert sorted(stored.sent("DELETE")) == (["a", "b"] if now == DUE else [])
        assert (stored.sent("GET") == []) is (now != DUE)
        stored.sandbox.requests.clear()
    stored.check_receipts_are_true()


def test_the_index_does_not_hide_what_has_become_due(stored):
    desired = retained(stored, "a", "b")
    for now, number in ((BEFORE, 0), (DUE, 2)):
        found = stored.plan(desired, now=lambda now=now: now)
        assert found.summary["delete"] == number
        data = (stored.folder / INDEX).read_bytes()
        (stored.folder / INDEX).unlink()
        assert stored.plan(desired, now=lambda now=now: now).to_json() == found.to_json()
        (stored.folder / INDEX).write_bytes(data)


def test_a_plan_of_another_day_is_shown_and_an_apply_ignores_it(stored):
    desired = retained(stored)
    assert stored.plan(desired, now=lambda: BEFORE, at=DUE).summary["delete"] == 1
    assert stored.plan(desired, now=lambda: DUE, at=BEFORE).summary["delete"] == 0
    assert outcomes(stored.apply(desired, now=lambda: BEFORE, at=DUE)) == {"a": "unchanged"}


def test_retention_passes_every_guard(stored):
    for policy, is_ci, error in (
        (replace(ALLOW, deletes=Deletes.FORBID), False, GuardRefused),
        (replace(ALLOW, max_deletes=Limit(1)), False, GuardRefused),
        (replace(ALLOW, durable_storage=False), True, GuardRefused),
        (replace(ALLOW, deletes=Deletes.CONFIRM), False, ConfirmationMissing),
    ):
        with pytest.raises(error):
            stored.apply(retained(stored, "a", "b", policy=policy), now=lambda: DUE, is_ci=is_ci)
    (stored.folder / "a" / "output.wav").write_bytes(b"RIFF" + b"x" * 1996)
    report = stored.apply(retained(stored, "a"), now=lambda: DUE)
    assert outcomes(report) == {"a": "failed"}, "the copy does not match its receipt"
    assert stored.sent("DELETE") == []
    options = ApplyOptions(no_deletes=True)
    assert outcomes(stored.apply(retained(stored, "b"), options, now=lambda: DUE)) == {"b": "unchanged"}


@contextmanager
def run_with_clock(fixture: ReconcileFixture, offset: float, now: datetime) -> Iterator[object]:
    """A run whose client has a clock that is ahead by `offset` seconds."""
    clock = SimpleNamespace(offset=offset)
    client = Client(
        fixture.sandbox.key,
        base_url=fixture.sandbox.api_url,
        settings=fixture.settings,
        wall=lambda: datetime.now(UTC).timestamp() + clock.offset,
    )
    with client:
        yield fixture.with_run(lambda run: replace(run, client=client, now=lambda: now)), clock


@pytest.mark.parametrize("offset", [86400.0 * 300, -3600.0])
def test_a_clock_that_differs_from_the_apis_deletes_nothing(stored, offset):
    with run_with_clock(stored, offset, DUE) as (run, clock):
        desired = retained(stored)
        found = plan(run, desired).plan
        assert [project.reason_code for project in found.projects] == ["clock_differs"]
        with prepare(run, desired, ApplyOptions()) as prepared:
            report = prepared.execute()
        assert outcomes(report) == {"a": "blocked"}
        clock.offset = 0.0
        with prepare(run, desired, ApplyOptions()) as prepared:
            clock.offset = offset
            report = prepared.execute()
    assert outcomes(report) == {"a": "failed"}, "the clock was set after the plan"
    assert report.results[0].error.code == "retention_not_due"
    assert stored.sent("DELETE") == []


def test_the_age_is_checked_again_before_the_delete(stored):
    moments = iter(())

    def younger(_: object) -> None:
        project = replace(complete("a"), created_at="2026-02-01T00:00:00Z")
        stored.sandbox.account.put(project)

    report = stored.apply(retained(stored), before_execute=younger, now=lambda: next(moments, DUE))
    assert outcomes(report) == {"a": "failed"}
    assert report.results[0].error.code == "retention_not_due"
    assert stored.sent("DELETE") == []


@pytest.mark.parametrize("created_at", ["1970-01-01T00:00:00", "2026-12-24T00:00:00Z"])
def test_a_creation_time_that_is_no_creation_time_deletes_nothing(reconcile_fixture, created_at):
    fixture = reconcile_fixture(replace(complete("a"), created_at=created_at))
    for _ in range(2):
        fixture.apply(retained(fixture), now=lambda: DUE)
    assert fixture.sent("DELETE") == []
    assert len(fixture.sent("GET")) == 1, "the second run needs no request"


def test_a_render_that_ends_with_another_creation_time_is_not_deleted_by_the_run_that_waited(reconcile_fixture):
    """Its delete was not counted and not confirmed before."""
    late = SandboxProject("a", status="rendering", created_at="2026-02-01T00:00:00Z")
    fixture = reconcile_fixture(late)

    def ended(_: object) -> None:
        fixture.sandbox.account.put(complete("a"))

    report = fixture.apply(retained(fixture), ApplyOptions(wait=30), before_execute=ended, now=lambda: DUE)
    assert fixture.sent("DELETE") == []
    assert (fixture.folder / "a" / "output.wav").exists()
    assert "deleted" not in outcomes(report).values()


def test_a_saved_plan_is_judged_at_the_time_of_its_apply(stored):
    desired = retained(stored)
    saved = SavedPlan.from_json(stored.plan(desired, now=lambda: BEFORE).to_json())
    report = stored.apply(desired, ApplyOptions(saved=saved), now=lambda: DUE)
    assert stored.sent("DELETE") == [], "the saved plan has no delete"
    assert report.results[0].reason_code == "not_in_saved_plan"
    saved = SavedPlan.from_json(stored.plan(desired, now=lambda: DUE).to_json())
    assert outcomes(stored.apply(desired, ApplyOptions(saved=saved), now=lambda: BEFORE)) == {"a": "unchanged"}
    assert outcomes(stored.apply(desired, ApplyOptions(saved=saved), now=lambda: DUE)) == {"a": "archived"}


def test_a_saved_download_of_a_project_that_has_become_due_since_is_refused(reconcile_fixture):
    fixture = reconcile_fixture(complete("a"))
    saved = SavedPlan.from_json(fixture.plan(retained(fixture), now=lambda: BEFORE).to_json())
    with pytest.raises(PlanStale):
        fixture.apply(retained(fixture), ApplyOptions(saved=saved), now=lambda: DUE)
