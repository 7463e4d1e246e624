"""A 404 proves nothing unless another response of the run shows that the key belongs to the account."""

from __future__ import annotations

import json

import pytest

from mhsync.core.plan import Verdict
from mhsync.sandbox.faults import Status
from mhsync.sandbox.rules import Faults, Rule
from mhsync.storage.receipts import receipt_path
from tests.reconcile.fixture import complete, outcomes, result_of


def interrupted(fixture, state: str | tuple[str, str]) -> None:
    """Leave `deleting` in the receipt, with the project alive."""
    fixture.fault(Status(500), method="DELETE")
    assert outcomes(fixture.apply({"one": state})) == {"one": "failed"}
    assert fixture.receipt("one")["deletion"] == "deleting"
    fixture.no_faults()


def as_another_account(fixture, *ids: str) -> None:
    """From now on the API does not find these: the key is another account's."""
    fixture.sandbox.faults = Faults(*(Rule(Status(404), host="api", id=id_) for id_ in ids))


@pytest.mark.parametrize("state", ["archived", "deleted"])
def test_a_404_of_another_account_is_not_recorded_as_our_delete(reconcile_fixture, state):
    fixture = reconcile_fixture(complete("one"))
    interrupted(fixture, state)
    as_another_account(fixture, "one")
    for _ in range(2):
        assert outcomes(fixture.apply({"one": state})) == {"one": "unchanged"}
        assert fixture.receipt("one")["deletion"] == "deleting"
    fixture.no_faults()
    assert outcomes(fixture.apply({"one": state})) == {"one": state}
    assert fixture.receipt("one")["deletion"] == "deleted"


@pytest.mark.parametrize("state", ["archived", "deleted"])
def test_gone_with_deleting_in_the_receipt_was_ours_where_the_key_sees_the_account(reconcile_fixture, state):
    fixture = reconcile_fixture(complete("one"), complete("two"))
    interrupted(fixture, state)
    fixture.sandbox.account.delete("one")
    assert outcomes(fixture.apply({"one": state})) == {"one": "unchanged"}
    assert fixture.receipt("one")["deletion"] == "deleting", "nothing shows that the key is the account's"
    assert outcomes(fixture.apply({"one": state, "two": "downloaded"}))["one"] == "unchanged"
    assert fixture.receipt("one")["deletion"] == "deleted"


def test_an_interrupted_delete_does_not_block_the_path_for_another_project(reconcile_fixture):
    fixture = reconcile_fixture(complete("one"), complete("two"))
    fixture.apply({"two": ("downloaded", "q/{index}{ext}")})
    interrupted(fixture, ("archived", "p/{index}{ext}"))
    fixture.sandbox.account.delete("one")
    report = fixture.apply({"one": ("archived", "r/{index}{ext}"), "two": ("downloaded", "p/{index}{ext}")})
    assert outcomes(report) == {"one": "moved", "two": "moved"}
    assert sorted(fixture.files()) == ["p/1.wav", "r/1.wav"]
    assert fixture.receipt("one")["deletion"] == "deleting"


def test_a_copy_that_drifted_is_not_declared_lost_while_the_original_may_be_there(reconcile_fixture):
    fixture = reconcile_fixture(complete("one"))
    interrupted(fixture, "archived")
    as_another_account(fixture, "one")
    (fixture.folder / "one" / "output.wav").unlink()
    (plan,) = fixture.plan({"one": "archived"}).projects
    assert (plan.verdict, plan.reason_code) == (Verdict.BLOCKED, "copy_damaged")
    assert "one/output.wav" in plan.reason
    assert "LOST" not in plan.reason
    fixture.no_faults()
    assert outcomes(fixture.apply({"one": "archived"})) == {"one": "archived"}
    assert set(fixture.files()) == {"one/output.wav"}


def test_a_false_deleted_record_loses_no_copy_while_the_api_has_the_project(reconcile_fixture):
    """Older versions recorded the 404 of another account as a delete."""
    fixture = reconcile_fixture(complete("one"))
    interrupted(fixture, "archived")
    receipt = fixture.receipt("one") | {"deletion": "deleted", "deleted_at": "2026-11-01T12:00:00Z"}
    (fixture.folder / receipt_path("one")).write_text(json.dumps(receipt))
    (fixture.folder / "one" / "output.wav").unlink()
    assert outcomes(fixture.apply({"one": "archived"})) == {"one": "archived"}
    assert set(fixture.files()) == {"one/output.wav"}
    assert fixture.sandbox.account.deleted_ids == {"one"}


def test_deleted_of_an_id_that_was_never_seen_is_reported_as_not_found(reconcile_fixture):
    fixture = reconcile_fixture(complete("two"))
    states = {"my-library": "deleted"}
    plan = fixture.plan(states)
    assert (plan.projects[0].verdict, plan.projects[0].reason_code) == (Verdict.UNCHANGED, "not_found")
    assert plan.all_not_found
    assert plan.to_json()["projects"][0]["reason_code"] == "not_found"
    result = result_of(fixture.apply(states), "my-library")
    assert (result.reason_code, result.note) == ("not_found", "not found: nothing was deleted")
    assert result.to_json()["reason_code"] == "not_found"
    assert fixture.receipt("my-library") is None
    assert not fixture.plan(states | {"two": "downloaded"}).all_not_found
