"""A prepared plan is executed once, inside its block, confirmed and not refused; the storage is locked until then."""

from __future__ import annotations

import pytest

from mhsync import (
    ApplyOptions,
    ConfirmationMissing,
    GuardRefused,
    Limit,
    PlanRefused,
    Reconciler,
    Stop,
    UsageError,
    hookimpl,
)
from mhsync.errors import Interrupted
from mhsync.hooks.manager import Hooks
from tests.reconcile.conftest import manifest_of
from tests.reconcile.fixture import outcomes


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
