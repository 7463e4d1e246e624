"""The decision table: one test for each row, in the order of the table, then rules for all rows."""

from __future__ import annotations

import pytest

from mhsync.core.manifest import State
from mhsync.core.observed import Inventory, Live, details_of, needs_details
from mhsync.core.plan import Action, Verdict
from mhsync.core.project import ProjectError
from mhsync.core.receipt import Deletion
from mhsync.errors import Problem
from tests.core.builders import (
    DISABLED,
    GET_FAILED,
    NOT_FOUND,
    entry,
    inventory,
    live,
    manifest,
    plan_of,
    plan_one,
    project,
    receipt,
)

DOWNLOADED, ARCHIVED, DELETED = State.DOWNLOADED, State.ARCHIVED, State.DELETED
STATES = pytest.mark.parametrize("state", [DOWNLOADED, ARCHIVED, DELETED], ids=str)
KEPT = pytest.mark.parametrize("state", [DOWNLOADED, ARCHIVED], ids=str)
GONE = pytest.mark.parametrize("gone", [NOT_FOUND, DISABLED], ids=["404", "enabled-false"])
UNREADY = pytest.mark.parametrize("status", ["draft", "queued", "rendering"])
NOTHING = inventory()
STORED = inventory(receipt())
STORED_AND_DELETED = inventory(receipt(deletion=Deletion.DELETED))
DRIFTED = inventory(receipt(), missing=("one/output.wav",))


def check(plan, verdict, *actions):
    assert (plan.verdict, plan.actions) == (verdict, actions), plan


@STATES
def test_an_unreadable_listing_is_failed_and_never_an_action(state):
    stock = Inventory("/storage", problem=Problem("storage_unreadable", "no listing"))
    plan = plan_one(entry(state=state), stock, live())
    check(plan, Verdict.FAILED)
    assert plan.reason_code == "storage_unreadable"


@STATES
def test_an_invalid_receipt_is_failed_and_never_an_action(state):
    stock = Inventory("/storage", invalid={"one": Problem("receipt_invalid", "not a receipt")})
    check(plan_one(entry(state=state), stock, live()), Verdict.FAILED)


@STATES
@pytest.mark.parametrize("stock", [NOTHING, DRIFTED], ids=["not-stored", "drift"])
def test_a_failed_get_is_failed_and_never_an_action(state, stock):
    plan = plan_one(entry(state=state), stock, GET_FAILED)
    check(plan, Verdict.FAILED)
    assert (plan.reason_code, plan.status) == ("server_failed", "unknown")


@STATES
def test_an_unknown_status_is_failed_and_never_an_action(state):
    details = details_of(project(status="transmogrified"))
    plan = plan_one(entry(state=state), NOTHING, details)
    check(plan, Verdict.FAILED)
    assert "transmogrified" in plan.reason


def test_an_unsettled_project_that_was_not_requested_is_failed():
    check(plan_one(entry(state=DELETED), NOTHING, None), Verdict.FAILED)


def test_a_failed_get_does_not_affect_a_settled_project():
    check(plan_one(entry(), STORED, GET_FAILED), Verdict.UNCHANGED)
    check(plan_one(entry(state=ARCHIVED), STORED_AND_DELETED, GET_FAILED), Verdict.UNCHANGED)
    check(plan_one(entry(state=DELETED), STORED_AND_DELETED, GET_FAILED), Verdict.UNCHANGED)


def test_stored_under_another_path_moves():
    plan = plan_one(entry(path="new/{id}{ext}"), STORED, None)
    check(plan, Verdict.CHANGE, Action.MOVE)
    assert [o.path for o in plan.outputs] == ["new/one.wav"]


def test_an_archived_project_under_another_path_moves_and_is_then_deleted():
    plan = plan_one(entry(state=ARCHIVED, path="new/{id}{ext}"), STORED, live())
    check(plan, Verdict.CHANGE, Action.MOVE, Action.DELETE)


def test_an_archived_project_deleted_by_us_still_moves():
    check(
        plan_one(entry(state=ARCHIVED, path="new/{id}{ext}"), STORED_AND_DELETED, None),
        Verdict.CHANGE,
        Action.MOVE,
    )


@KEPT
@GONE
def test_a_gone_project_does_not_move(state, gone):
    check(plan_one(entry(state=state, path="new/{id}{ext}"), STORED, gone), Verdict.UNCHANGED)


@GONE
def test_a_gone_project_with_an_interrupted_delete_moves(gone):
    stock = inventory(receipt(deletion=Deletion.DELETING))
    check(plan_one(entry(state=ARCHIVED, path="new/{id}{ext}"), stock, gone), Verdict.CHANGE, Action.MOVE)
    check(plan_one(entry(state=ARCHIVED), stock, gone), Verdict.UNCHANGED)


def test_an_interrupted_move_is_completed():
    stock = inventory(receipt(superseded="old/output.wav"))
    check(plan_one(entry(), stock, None), Verdict.CHANGE, Action.MOVE)


def test_a_renamed_project_does_not_move_by_itself():
    stock = inventory(receipt(paths=("First/output.wav",), name="First"))
    plan = plan_one(entry(path="{name}/{filename}"), stock, live(name="Second"))
    check(plan, Verdict.UNCHANGED)


@pytest.mark.parametrize("details", [None, NOT_FOUND, DISABLED, live(), live(status="error")], ids=str)
def test_downloaded_and_stored_is_unchanged_whatever_the_api_says(details):
    check(plan_one(entry(), STORED, details), Verdict.UNCHANGED)


@KEPT
@UNREADY
@pytest.mark.parametrize("stock", [NOTHING, DRIFTED], ids=["not-stored", "drift"])
def test_what_is_not_rendered_yet_is_pending(state, status, stock):
    check(plan_one(entry(state=state), stock, live(status=status)), Verdict.PENDING)


def test_downloaded_and_complete_is_downloaded():
    plan = plan_one(entry(), NOTHING, live(outputs=2))
    check(plan, Verdict.CHANGE, Action.DOWNLOAD)
    assert [o.path for o in plan.outputs] == ["one/output.wav", "one/output-2.wav"]


@pytest.mark.parametrize(
    ("stock", "expected"),
    [
        (DRIFTED, "is missing"),
        (inventory(receipt(), sizes={"one/output.wav": 9}), "has 9 bytes, not 10"),
        (inventory(receipt(suspect=True)), "does not match its receipt"),
    ],
    ids=["missing", "size", "suspect"],
)
def test_drift_is_downloaded_again_and_says_what_drifted(stock, expected):
    plan = plan_one(entry(), stock, live())
    check(plan, Verdict.CHANGE, Action.DOWNLOAD)
    assert plan.reason_code == "drift"
    assert expected in plan.reason


@KEPT
@pytest.mark.parametrize("status", ["error", "canceled"])
def test_a_failed_render_is_blocked_with_the_apis_words(state, status):
    error = ProjectError("no_face", "no face was seen")
    plan = plan_one(entry(state=state), NOTHING, Live(project(status=status, error=error)))
    check(plan, Verdict.BLOCKED)
    assert "no_face: no face was seen" in plan.reason


@KEPT
def test_complete_without_outputs_is_blocked(state):
    check(plan_one(entry(state=state), NOTHING, live(outputs=0)), Verdict.BLOCKED)


@GONE
def test_downloaded_but_gone_is_blocked_and_a_damaged_copy_is_called_lost(gone):
    assert plan_one(entry(), NOTHING, gone).reason_code == "gone"
    assert "this storage has no receipt of it" in plan_one(entry(), NOTHING, gone).reason
    lost = plan_one(entry(), DRIFTED, gone)
    check(lost, Verdict.BLOCKED)
    assert lost.reason_code == "copy_lost"
    assert "the copy is lost" in lost.reason
    assert lost.hint == "restore the file from a backup, or set 'state: lost'"


@GONE
def test_archived_gone_and_stored_is_unchanged(gone):
    check(plan_one(entry(state=ARCHIVED), STORED, gone), Verdict.UNCHANGED)


def test_archived_and_deleted_by_us_is_unchanged_without_a_request():
    check(plan_one(entry(state=ARCHIVED), STORED_AND_DELETED, None), Verdict.UNCHANGED)


@GONE
def test_archived_gone_and_damaged_is_a_lost_copy(gone):
    plan = plan_one(entry(state=ARCHIVED), DRIFTED, gone)
    check(plan, Verdict.BLOCKED)
    assert plan.reason_code == "copy_lost"


@GONE
def test_archived_gone_and_without_a_receipt_is_not_called_lost(gone):
    """The copy may be in another storage, or the id may be mistyped: only what is known is reported."""
    plan = plan_one(entry(state=ARCHIVED), NOTHING, gone)
    check(plan, Verdict.BLOCKED)
    assert plan.reason_code == "no_copy"
    assert "this storage has no receipt of it" in plan.reason
    assert "lost" not in plan.reason.lower()
    assert "if the storage was changed, copy the old storage's files" in (plan.hint or "")
    assert ("check the id and the API key" in (plan.hint or "")) is (gone is NOT_FOUND)


@KEPT
@GONE
def test_gone_with_a_receipt_that_names_no_output_was_never_stored(gone, state):
    plan = plan_one(entry(state=state), inventory(receipt(outputs=0)), gone)
    check(plan, Verdict.BLOCKED)
    assert plan.reason_code == ("no_copy" if state is ARCHIVED else "gone")
    assert "its receipt names no output" in plan.reason


@KEPT
def test_a_receipt_of_another_api_is_named_as_the_reason(state):
    stock = inventory(receipt().for_api("https://other.example"))
    other = "the receipt is of another API (https://api.example)"
    assert other in plan_one(entry(state=state), stock, live()).reason
    missing = plan_one(entry(state=state), stock, NOT_FOUND)
    check(missing, Verdict.BLOCKED)
    assert other in missing.reason
    assert missing.reason_code == ("no_copy" if state is ARCHIVED else "gone")


def test_archived_complete_and_stored_is_deleted():
    plan = plan_one(entry(state=ARCHIVED), STORED, live())
    check(plan, Verdict.CHANGE, Action.DELETE)
    assert not plan.never_stored


@pytest.mark.parametrize("stock", [NOTHING, DRIFTED], ids=["not-stored", "drift"])
def test_archived_complete_and_not_stored_is_downloaded_first(stock):
    plan = plan_one(entry(state=ARCHIVED), stock, live())
    check(plan, Verdict.CHANGE, Action.DOWNLOAD, Action.DELETE)
    assert not plan.never_stored


def test_archived_with_other_outputs_than_those_stored_is_downloaded_first():
    plan = plan_one(entry(state=ARCHIVED), STORED, live(outputs=2))
    check(plan, Verdict.CHANGE, Action.DOWNLOAD, Action.DELETE)
    assert plan.reason_code == "outputs_changed"


@pytest.mark.parametrize("details", [None, NOT_FOUND, DISABLED, live()], ids=str)
def test_deleted_by_us_is_unchanged(details):
    stock = inventory(receipt(outputs=0, deletion=Deletion.DELETED))
    check(plan_one(entry(state=DELETED), stock, details), Verdict.UNCHANGED)


@GONE
def test_deleted_and_gone_is_unchanged_and_a_404_is_reported_as_not_found(gone):
    plan = plan_one(entry(state=DELETED), NOTHING, gone)
    check(plan, Verdict.UNCHANGED)
    assert plan.not_found is gone.not_found
    assert plan.status == "gone"


@pytest.mark.parametrize("status", ["queued", "rendering"])
def test_deleted_while_it_renders_is_pending(status):
    check(plan_one(entry(state=DELETED), NOTHING, live(status=status)), Verdict.PENDING)


@pytest.mark.parametrize("status", ["draft", "complete", "error", "canceled"])
def test_deleted_is_deleted_and_says_when_no_copy_is_kept(status):
    never = plan_one(entry(state=DELETED), NOTHING, live(status=status))
    check(never, Verdict.CHANGE, Action.DELETE)
    assert never.never_stored
    kept = plan_one(entry(state=DELETED), STORED, live(status=status))
    check(kept, Verdict.CHANGE, Action.DELETE)
    assert not kept.never_stored


def test_deleting_in_the_receipt_is_not_deleted():
    stock = inventory(receipt(outputs=0, deletion=Deletion.DELETING))
    assert needs_details(entry(state=DELETED), stock)
    check(plan_one(entry(state=DELETED), stock, live()), Verdict.CHANGE, Action.DELETE)


@pytest.mark.parametrize(
    ("state", "stock", "asks"),
    [
        (DOWNLOADED, STORED, False),
        (DOWNLOADED, NOTHING, True),
        (DOWNLOADED, DRIFTED, True),
        (ARCHIVED, STORED, True),
        (ARCHIVED, STORED_AND_DELETED, False),
        (DELETED, STORED, True),
        (DELETED, STORED_AND_DELETED, False),
        (DELETED, inventory(receipt(outputs=0, deletion=Deletion.DELETED)), False),
    ],
)
def test_only_unsettled_projects_are_requested(state, stock, asks):
    assert needs_details(entry(state=state), stock) is asks


def test_two_outputs_with_one_path_are_blocked_and_the_hint_names_the_fields_to_add():
    plan = plan_one(entry(path="{name}{ext}"), NOTHING, live(outputs=2))
    check(plan, Verdict.BLOCKED)
    assert (plan.reason_code, plan.reason) == ("path_unusable", "the path '{name}{ext}' is the same for 2 outputs")
    assert plan.hint == "add {filename} or {index} to the path"


def test_names_from_the_api_cannot_leave_the_storage():
    plan = plan_one(entry(path="{name}/{filename}"), NOTHING, live(name="../../etc\x1b[2J"))
    assert [o.path for o in plan.outputs] == ["_._.._etc_[2J/output.wav"]


def test_only_plans_for_the_ids_that_were_named():
    desired = manifest(entry("a"), entry("b"))
    plan = plan_of(desired, NOTHING, {"a": live("a")}, only=("a",))
    assert [p.id for p in plan.projects] == ["a"]
