"""An acknowledged loss is unchanged whatever is found, and what contradicts it is reported."""

from __future__ import annotations

import pytest

from mhsync.core.manifest import State
from mhsync.core.observed import Inventory, needs_details
from mhsync.core.plan import Verdict
from mhsync.core.receipt import Deletion
from mhsync.errors import Problem
from tests.core.builders import DISABLED, GET_FAILED, NOT_FOUND, entry, inventory, live, plan_one, receipt

LOST = State.LOST
NOTHING = inventory()
STORED = inventory(receipt())
STORED_AND_DELETED = inventory(receipt(deletion=Deletion.DELETED))
DRIFTED = inventory(receipt(), missing=("one/output.wav",))
BROKEN = Problem("receipt_invalid", "not a receipt")
ANYTHING = {
    "unreadable listing": Inventory("/storage", problem=BROKEN),
    "invalid receipt": Inventory("/storage", invalid={"one": BROKEN}),
    "not stored": NOTHING,
    "drift": DRIFTED,
    "deleting": inventory(receipt(deletion=Deletion.DELETING), missing=("one/output.wav",)),
    "deleted": inventory(receipt(deletion=Deletion.DELETED), missing=("one/output.wav",)),
}


@pytest.mark.parametrize("stock", ANYTHING.values(), ids=ANYTHING)
@pytest.mark.parametrize(
    "details",
    [NOT_FOUND, DISABLED, GET_FAILED, None, live(status="error"), live(status="canceled"), live(outputs=0)],
    ids=["404", "enabled-false", "get-failed", "not-asked", "error", "canceled", "no-outputs"],
)
def test_an_acknowledged_loss_is_unchanged_whatever_is_found(stock, details):
    plan = plan_one(entry(state=LOST), stock, details)
    assert (plan.verdict, plan.actions) == (Verdict.UNCHANGED, ())
    assert (plan.reason_code, plan.not_found, plan.never_stored) == ("acknowledged", False, False)


@pytest.mark.parametrize("status", ["draft", "queued", "rendering", "complete"])
@pytest.mark.parametrize("stock", [NOTHING, DRIFTED, STORED], ids=["not stored", "drift", "stored"])
def test_a_lost_project_that_is_live_is_reported_and_not_changed(stock, status):
    plan = plan_one(entry(state=LOST, path="new/{id}{ext}"), stock, live(status=status))
    assert (plan.verdict, plan.actions) == (Verdict.UNCHANGED, ())
    assert (plan.reason_code, plan.status) == ("lost_but_live", status)
    assert "'downloaded'" in plan.hint


def test_a_lost_project_whose_copy_is_stored_is_reported():
    plan = plan_one(entry(state=LOST), STORED_AND_DELETED, NOT_FOUND)
    assert (plan.verdict, plan.actions) == (Verdict.UNCHANGED, ())
    assert plan.reason_code == "lost_but_stored"


def test_a_lost_project_is_always_looked_at():
    for stock in (NOTHING, STORED, STORED_AND_DELETED, DRIFTED):
        assert needs_details(entry(state=LOST), stock)
