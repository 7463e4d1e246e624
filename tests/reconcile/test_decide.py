"""decide: one decision for plan and apply, with the guards, and without any change."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mhsync.core.manifest import Deletes, Limit, Policy
from mhsync.reconcile.context import ApplyOptions
from mhsync.reconcile.decide import decide
from mhsync.reconcile.storages import opened
from mhsync.sandbox.account import SandboxProject
from tests.reconcile.fixture import complete

STATES = {"a": "downloaded", "b": "archived", "c": "deleted"}
ASK = Policy(deletes=Deletes.CONFIRM)


def decision_of(fixture, manifest, options=None, **changes):
    def work(run):
        run = replace(run, **changes)
        with opened(run.hooks, manifest) as storages:
            return decide(run, manifest, storages, options or ApplyOptions())

    return fixture.with_run(work)


@pytest.fixture
def three(reconcile_fixture):
    return reconcile_fixture(complete("a"), complete("b"), complete("c"))


def test_a_decision_has_the_plan_and_the_deletes_to_confirm_and_changes_nothing(three):
    decision = decision_of(three, three.manifest(STATES, policy=ASK))
    assert decision.plan.summary["download"] == decision.plan.summary["delete"] == 2
    assert [project.id for project in decision.deletes_to_confirm] == ["b", "c"]
    assert decision.refusals == ()
    assert three.sent("DELETE") == []
    assert not three.folder.exists()


def test_a_policy_that_allows_deletes_needs_no_confirmation(three):
    assert decision_of(three, three.manifest(STATES)).deletes_to_confirm == ()


def test_guards_refuse_with_each_reason(three):
    manifest = three.manifest(STATES, policy=replace(ASK, deletes=Deletes.FORBID))
    decision = decision_of(three, manifest, ApplyOptions(max_deletes=Limit(1)), is_ci=True)
    assert {problem.code for problem in decision.refusals} == {
        "deletes_forbidden",
        "max_deletes",
        "storage_not_durable",
    }


def test_without_deletes_neither_guards_nor_confirmation_remain(three):
    manifest = three.manifest(STATES, policy=replace(ASK, deletes=Deletes.FORBID))
    decision = decision_of(three, manifest, ApplyOptions(no_deletes=True), is_ci=True)
    assert (decision.refusals, decision.deletes_to_confirm) == ((), ())
    assert decision.plan.summary["delete"] == 0
    assert decision.plan.summary["download"] == 2


@pytest.mark.parametrize(("wait", "ids"), [(None, []), (60.0, ["r"])], ids=["without wait", "with wait"])
def test_deletes_that_renders_may_lead_to_are_confirmed_only_with_wait(reconcile_fixture, wait, ids):
    fixture = reconcile_fixture(SandboxProject("r", status="rendering"))
    decision = decision_of(fixture, fixture.manifest({"r": "deleted"}, policy=ASK), ApplyOptions(wait=wait))
    assert [project.id for project in decision.deletes_to_confirm] == ids
    assert [project.id for project in decision.deletes] == ids


def test_a_decision_lists_also_the_deletes_that_the_policy_allows(three):
    decision = decision_of(three, three.manifest(STATES))
    assert decision.deletes_to_confirm == ()
    assert [project.id for project in decision.deletes] == ["b", "c"]


def test_the_json_has_the_refusals(three):
    document = decision_of(three, three.manifest(STATES), ApplyOptions(max_deletes=Limit(0))).to_json()
    assert document["format"] == "mhsync.plan/1"
    assert [refusal["code"] for refusal in document["refusals"]] == ["max_deletes"]
