"""What a 404 proves: nothing of an account that this run's key was not seen to belong to."""

from __future__ import annotations

import json

import pytest

from mhsync.core.plan import Verdict
from mhsync.sandbox.faults import Status
from mhsync.sandbox.rules import Faults, Rule
from mhsync.storage.receipts import receipt_path
from tests.reconcile.fixture import complete, outcomes, result_of


def interrupted(b, state: str) -> None:
    """Leave `deleting` in the receipt, with the project alive."""
    b.fault(Status(500), method="DELETE")
    assert outcomes(b.apply({"one": state})) == {"one": "failed"}
    assert b.receipt("one")["deletion"] == "deleting"
    b.no_faults()


def as_another_account(b, *ids: str) -> None:
    """From now on the API does not find these: the key is another account's."""
    b.sandbox.faults = Faults(*(Rule(Status(404), host="api", id=id_) for id_ in ids))


@pytest.mark.parametrize("state", ["archived", "deleted"])
def test_a_404_of_another_account_is_not_recorded_as_our_delete(bench, state):
    b = bench(complete("one"))
    interrupted(b, state)
    as_another_account(b, "one")
    for _ in range(2):
        assert outcomes(b.apply({"one": state})) == {"one": "unchanged"}
        assert b.receipt("one")["deletion"] == "deleting"
    b.no_faults()
    assert outcomes(b.apply({"one": state})) == {"one": state}
    assert b.receipt("one")["deletion"] == "deleted"


@pytest.mark.parametrize("state", ["archived", "deleted"])
def test_gone_with_deleting_in_the_receipt_was_ours_where_the_key_sees_the_account(bench, state):
    b = bench(complete("one"), complete("two"))
    interrupted(b, state)
    b.sandbox.account.delete("one")
    assert outcomes(b.apply({"one": state})) == {"one": "unchanged"}
    assert b.receipt("one")["deletion"] == "deleting", "nothing shows that the key is the account's"
    assert outcomes(b.apply({"one": state, "two": "downloaded"}))["one"] == "unchanged"
    assert b.receipt("one")["deletion"] == "deleted"


def test_a_copy_that_drifted_is_not_declared_lost_while_the_original_may_be_there(bench):
    b = bench(complete("one"))
    interrupted(b, "archived")
    as_another_account(b, "one")
    (b.folder / "one" / "output.wav").unlink()
    (plan,) = b.plan({"one": "archived"}).projects
    assert (plan.verdict, plan.reason_code) == (Verdict.BLOCKED, "copy_damaged")
    assert "one/output.wav" in plan.reason
    assert "LOST" not in plan.reason
    b.no_faults()
    assert outcomes(b.apply({"one": "archived"})) == {"one": "archived"}
    assert set(b.files()) == {"one/output.wav"}


def test_a_wrong_deleted_costs_no_copy_while_the_api_has_the_project(bench):
    """Older versions recorded the 404 of another account as a delete."""
    b = bench(complete("one"))
    interrupted(b, "archived")
    receipt = b.receipt("one") | {"deletion": "deleted", "deleted_at": "2026-11-01T12:00:00Z"}
    (b.folder / receipt_path("one")).write_text(json.dumps(receipt))
    (b.folder / "one" / "output.wav").unlink()
    assert outcomes(b.apply({"one": "archived"})) == {"one": "archived"}
    assert set(b.files()) == {"one/output.wav"}
    assert b.sandbox.account.deleted_ids == {"one"}


def test_deleted_of_an_id_that_was_never_seen_is_reported_as_not_found(bench):
    b = bench(complete("two"))
    states = {"my-library": "deleted"}
    plan = b.plan(states)
    assert (plan.projects[0].verdict, plan.projects[0].reason_code) == (Verdict.UNCHANGED, "not_found")
    assert plan.all_not_found
    assert plan.to_json()["projects"][0]["reason_code"] == "not_found"
    result = result_of(b.apply(states), "my-library")
    assert (result.reason_code, result.note) == ("not_found", "not found: nothing was deleted")
    assert result.to_json()["reason_code"] == "not_found"
    assert b.receipt("my-library") is None
    assert not b.plan(states | {"two": "downloaded"}).all_not_found
