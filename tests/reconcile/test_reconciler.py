"""Reconciler: a program plans, applies and verifies without the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from mhsync import (
    ApplyOptions,
    ChecksProgressed,
    ConfirmationMissing,
    GuardRefused,
    Limit,
    ManifestError,
    PlanRefused,
    ProjectFinished,
    Reconciler,
    RetryDelayed,
    Stop,
    UsageError,
    hookimpl,
    load_manifests,
)
from mhsync.errors import Interrupted
from mhsync.hooks.manager import Hooks
from mhsync.reconcile.progress import ignore_progress
from mhsync.sandbox import faults as f
from tests.reconcile.fixture import complete, outcomes

TWO = "version: 1\nprojects: [{id: a}, {id: b, state: deleted}]\n"


@pytest.fixture
def reconciler(reconcile_fixture, tmp_path: Path):
    """A reconciler of an account with the projects a and b, and the fixture that it belongs to."""
    fixture = reconcile_fixture(complete("a"), complete("b"))
    with open_reconciler(fixture) as one:
        yield one, fixture


def open_reconciler(fixture, environ=(), **arguments) -> Reconciler:
    variables = {
        "MHSYNC_API_URL": fixture.sandbox.api_url,
        "MAGIC_HOUR_API_KEY": fixture.sandbox.key,
        **dict(environ),
    }
    return Reconciler.from_environment(variables, plugins=(), **arguments)


def manifest_of(folder: Path, text: str = TWO):
    (folder / "m.yaml").write_text(text)
    return load_manifests(folder / "m.yaml")


def test_plan_gives_the_decision_and_changes_nothing(reconciler, tmp_path):
    one, fixture = reconciler
    decision = one.plan(manifest_of(tmp_path), ApplyOptions(max_deletes=Limit(0)))
    assert decision.plan.summary["download"] == decision.plan.summary["delete"] == 1
    assert [problem.code for problem in decision.refusals] == ["max_deletes"]
    assert [project.id for project in decision.deletes_to_confirm] == ["b"]
    assert not fixture.folder.exists()
    assert fixture.sent("DELETE") == []


def test_execute_applies_what_was_confirmed(reconciler, tmp_path):
    one, _ = reconciler
    with one.prepare(manifest_of(tmp_path)) as prepared:
        report = prepared.execute(confirmed=True)
    assert outcomes(report) == {"a": "downloaded", "b": "deleted"}
    assert one.verify(manifest_of(tmp_path)).summary["ok"] == 1
    assert one.plan(manifest_of(tmp_path)).plan.changes == ()


def test_without_confirmation_nothing_is_changed(reconciler, tmp_path):
    one, fixture = reconciler
    with one.prepare(manifest_of(tmp_path)) as prepared, pytest.raises(ConfirmationMissing, match="1 project"):
        prepared.execute()
    assert fixture.files() == {}
    assert fixture.sent("DELETE") == []
    with one.prepare(manifest_of(tmp_path), ApplyOptions(no_deletes=True)) as prepared:
        assert outcomes(prepared.execute()) == {"a": "downloaded", "b": "unchanged"}


def test_a_refused_plan_changes_nothing_even_when_it_is_confirmed(reconciler, tmp_path):
    one, fixture = reconciler
    with one.prepare(manifest_of(tmp_path), ApplyOptions(max_deletes=Limit(0))) as prepared:
        assert [problem.code for problem in prepared.refusals] == ["max_deletes"]
        with pytest.raises(GuardRefused):
            prepared.execute(confirmed=True)
    assert fixture.files() == {}
    assert fixture.sent("DELETE") == []


def test_the_veto_of_a_plugin_is_a_refusal_and_changes_nothing(reconciler, tmp_path):
    class Veto:
        @hookimpl
        def mhsync_review_plan(self, plan):
            raise PlanRefused("not on a Friday", hint="apply on Monday")

    one, fixture = reconciler
    one.hooks = Hooks.of(veto=Veto())
    with one.prepare(manifest_of(tmp_path)) as prepared:
        (problem,) = prepared.refusals
        assert (problem.code, problem.hint) == ("plan_refused", "apply on Monday")
        with pytest.raises(PlanRefused, match="not on a Friday"):
            prepared.execute(confirmed=True)
    assert fixture.files() == {}
    assert fixture.sent("DELETE") == []


def test_a_plan_is_executed_once_and_only_inside_its_block(reconciler, tmp_path):
    one, fixture = reconciler
    with one.prepare(manifest_of(tmp_path)) as prepared:
        prepared.execute(confirmed=True)
        with pytest.raises(UsageError, match="executed once"):
            prepared.execute(confirmed=True)
    with one.prepare(manifest_of(tmp_path)) as prepared:
        pass
    with pytest.raises(UsageError, match="inside its block"):
        prepared.execute(confirmed=True)
    assert fixture.sent("DELETE") == ["b"]


def test_the_storage_is_locked_until_the_block_ends(reconciler, tmp_path):
    one, _ = reconciler
    with one.prepare(manifest_of(tmp_path)):
        assert (tmp_path / "outputs/.mhsync").exists()
        other = Reconciler(one.client, one.hooks, stop=Stop())
        other.stop.request()
        with pytest.raises(Interrupted), other.prepare(manifest_of(tmp_path)):
            pass


def test_only_looks_at_the_ids_and_refuses_unknown_ones(reconciler, tmp_path):
    one, fixture = reconciler
    manifest = manifest_of(tmp_path)
    assert [project.id for project in one.plan(manifest, only=["a"]).plan.projects] == ["a"]
    for call in (one.plan, one.verify):
        with pytest.raises(UsageError, match="'c'"):
            call(manifest, only=["c"])
    assert fixture.sent("GET") == ["a"]


def test_the_environment_gives_the_ci_detection_and_the_notify_variables(reconciler, tmp_path):
    _, fixture = reconciler
    manifest = manifest_of(tmp_path, "version: 1\nprojects: [{id: a, state: archived}]\n")
    with open_reconciler(fixture, {"CI": "true"}) as one:
        assert [problem.code for problem in one.plan(manifest).refusals] == ["storage_not_durable"]
        assert one.environ["CI"] == "true"
    with open_reconciler(fixture, {"CI": "false"}) as one:
        assert one.plan(manifest).refusals == ()


def test_the_observer_receives_every_event_also_those_of_the_client(reconciler, tmp_path):
    _, fixture = reconciler
    fixture.fault(f.Status(503, retry_after=3), nth=1, host="api")
    events = []
    with open_reconciler(fixture, observer=events.append) as one, one.prepare(manifest_of(tmp_path)) as prepared:
        prepared.execute(confirmed=True)
    kinds = {type(event) for event in events}
    assert {ChecksProgressed, RetryDelayed, ProjectFinished} <= kinds
    assert {event.result.id for event in events if isinstance(event, ProjectFinished)} == {"a", "b"}


def test_stop_ends_a_run_without_further_work(reconciler, tmp_path):
    one, fixture = reconciler
    with one.prepare(manifest_of(tmp_path)) as prepared:
        one.stop.request()
        report = prepared.execute(confirmed=True)
    assert set(outcomes(report).values()) == {"not_attempted"}
    assert report.exit_code == 130
    assert fixture.sent("DELETE") == []


def test_manifests_with_problems_list_all_of_them(tmp_path):
    (tmp_path / "m.yaml").write_text("version: 1\nprojects: [{id: a, stat: deleted}, {id: a}]\n")
    with pytest.raises(ManifestError) as caught:
        load_manifests(tmp_path / "m.yaml")
    assert {problem.code for problem in caught.value.problems} == {"unknown_key", "duplicate_id"}
    with pytest.raises(UsageError, match="no manifest"):
        load_manifests()


def test_an_observer_is_optional(reconciler):
    assert reconciler[0].observer is ignore_progress
