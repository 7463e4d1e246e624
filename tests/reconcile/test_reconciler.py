"""Reconciler: a program plans, applies and verifies without the command line."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mhsync import (
    ApplyOptions,
    ChecksProgressed,
    Limit,
    ManifestError,
    ProjectFinished,
    RetryDelayed,
    TransferEnded,
    TransferProgressed,
    UsageError,
    load_manifests,
)
from mhsync.reconcile.progress import ignore_progress
from mhsync.sandbox import faults as f
from tests.reconcile.conftest import manifest_of, open_reconciler
from tests.reconcile.fixture import outcomes


def test_plan_gives_the_decision_and_changes_nothing(reconciler, tmp_path):
    one, fixture = reconciler
    decision = one.plan(manifest_of(tmp_path), ApplyOptions(max_deletes=Limit(0)))
    assert decision.plan.summary["download"] == decision.plan.summary["delete"] == 1
    assert [problem.code for problem in decision.refusals] == ["max_deletes"]
    assert [project.id for project in decision.deletes_to_confirm] == ["b"]
    assert not fixture.folder.exists()
    assert fixture.sent("DELETE") == []


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
    (end,) = [event for event in events if isinstance(event, TransferEnded)]
    assert (end.id, end.path, end.size) == ("a", "a/output.wav", output_size(fixture))


def output_size(fixture):
    (output,) = fixture.sandbox.account.project("a").outputs
    return len(b"".join(output.audio.read()))


def test_the_observer_receives_the_bytes_of_a_slow_download(reconciler, tmp_path):
    _, fixture = reconciler
    size = output_size(fixture)
    settings = replace(fixture.settings, download=replace(fixture.settings.download, bandwidth=size * 2))
    events = []
    with (
        open_reconciler(fixture, observer=events.append, settings=settings) as one,
        one.prepare(manifest_of(tmp_path)) as prepared,
    ):
        prepared.execute(confirmed=True)
    progress = [event for event in events if isinstance(event, TransferProgressed)]
    assert {(event.id, event.path, event.size) for event in progress} == {("a", "a/output.wav", size)}
    assert all(0 < event.received <= size for event in progress)


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
