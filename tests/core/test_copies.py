"""One view of several storages: the newest whole record, what each storage lacks, and no verdict on a part of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mhsync.core.copies import Repair, combine, with_repairs
from mhsync.core.manifest import State
from mhsync.core.observed import Inventory
from mhsync.core.plan import Action, Verdict
from mhsync.core.receipt import Deletion
from mhsync.errors import Problem
from tests.core.builders import API, NOW, entry, inventory, live, plan_one, receipt

WHOLE = receipt()
EMPTY = inventory()
GONE_FILE = inventory(WHOLE, missing=("one/output.wav",))


def at(place: Inventory, location: str) -> Inventory:
    return replace(place, location=location)


def of(*places: Inventory, id: str = "one"):
    return combine([at(place, str(number)) for number, place in enumerate(places)], [entry(id)], API)


@pytest.mark.parametrize(
    ("places", "repair"),
    [
        ((inventory(WHOLE), inventory(WHOLE)), None),
        ((inventory(WHOLE), EMPTY), Repair(0, (1,))),
        ((EMPTY, inventory(WHOLE)), Repair(1, (0,))),
        ((GONE_FILE, inventory(WHOLE), EMPTY), Repair(1, (0, 2))),
        ((inventory(receipt(suspect=True)), inventory(WHOLE)), Repair(1, (0,))),
        ((GONE_FILE, GONE_FILE), None),
        ((EMPTY, EMPTY), None),
    ],
)
def test_the_storages_that_lack_a_project_are_repaired_from_a_whole_one(places, repair):
    assert of(*places).repairs.get("one") == repair


@pytest.mark.parametrize("deletion", [None, Deletion.DELETING, Deletion.DELETED])
def test_the_combined_inventory_shows_what_a_repair_will_have_stored(deletion):
    copies = of(GONE_FILE, inventory(receipt(deletion=deletion)))
    assert copies.combined.is_stored("one")
    assert copies.combined.receipt("one").deletion is deletion
    assert copies.combined.location == "0"


def test_the_newest_whole_record_wins():
    old = receipt()
    new = replace(
        old,
        stored_at=NOW + timedelta(days=1),
        outputs=tuple(replace(output, sha256="cd" * 32) for output in old.outputs),
    )
    for places, repair, sha256 in (
        ((inventory(old), inventory(new)), Repair(1, (0,)), "cd" * 32),
        ((inventory(new), inventory(old)), Repair(0, (1,)), "cd" * 32),
        ((inventory(old), inventory(new, missing=("one/output.wav",))), Repair(0, (1,)), "ab" * 32),
    ):
        copies = of(*places)
        assert copies.repairs["one"] == repair
        assert copies.combined.receipt("one").outputs[0].sha256 == sha256


def test_a_delete_that_one_storage_records_is_never_dropped():
    deleted = inventory(receipt(deletion=Deletion.DELETED), missing=("one/output.wav",))
    copies = of(inventory(WHOLE), deleted)
    assert copies.combined.receipt("one").is_deleted
    assert copies.repairs["one"] == Repair(0, (1,))


def test_a_receipt_that_does_not_record_the_delete_is_repaired():
    copies = of(inventory(WHOLE), inventory(receipt(deletion=Deletion.DELETED)))
    assert copies.repairs["one"] == Repair(1, (0,))


def test_outputs_of_another_storage_are_not_taken_for_those_of_the_primary_one():
    copies = of(Inventory("0", {"one/output.wav": 10}), GONE_FILE)
    assert not copies.combined.is_stored("one"), "the file in the primary storage is not named by a receipt there"


@pytest.mark.parametrize("number", [0, 1])
def test_an_unreadable_storage_makes_the_view_unreadable(number):
    places = [inventory(WHOLE), inventory(WHOLE)]
    places[number] = Inventory("/x", problem=Problem("storage_unreadable", "no listing"))
    assert of(*places).combined.problem is not None


@pytest.mark.parametrize("number", [0, 1])
def test_an_invalid_receipt_in_any_storage_fails_the_project(number):
    places = [inventory(WHOLE), inventory(WHOLE)]
    places[number] = Inventory("/x", invalid=MappingProxyType({"one": Problem("receipt_invalid", "no JSON")}))
    copies = of(*places)
    assert "one" in copies.combined.invalid
    assert "one" not in copies.repairs


def test_a_project_that_is_stored_under_another_path_in_one_storage_is_moved_there():
    copies = of(inventory(WHOLE), inventory(receipt(paths=("old/output.wav",))))
    plan = with_repairs(plan_one(entry(), copies.combined, None), copies, ["a", "b"])
    assert (plan.verdict, plan.actions) == (Verdict.CHANGE, (Action.MOVE,))


def test_a_repair_comes_before_a_delete_and_names_the_storages():
    copies = of(inventory(WHOLE), EMPTY)
    plan = with_repairs(plan_one(entry(state=State.ARCHIVED), copies.combined, live()), copies, ["./a", "s3://b"])
    assert plan.actions == (Action.REPAIR, Action.DELETE)
    assert plan.reason.startswith("not whole in s3://b; to be copied from ./a; then: ")


@pytest.mark.parametrize("state", [State.DELETED, State.LOST])
def test_stored_copies_of_a_deleted_or_lost_project_are_not_managed(state):
    copies = of(inventory(WHOLE), EMPTY)
    plan = with_repairs(plan_one(entry(state=state), copies.combined, live()), copies, ["a", "b"])
    assert Action.REPAIR not in plan.actions


PLACES = st.lists(
    st.sampled_from([EMPTY, GONE_FILE, inventory(WHOLE), inventory(receipt(suspect=True))]), min_size=2, max_size=4
)


@given(PLACES)
def test_a_project_is_stored_exactly_where_one_storage_has_it_whole(places):
    copies = of(*places)
    is_whole = any(place.is_stored("one") for place in places)
    assert copies.combined.is_stored("one") == is_whole
    repair = copies.repairs.get("one")
    if repair is not None:
        assert places[repair.source].is_stored("one")
        assert {n for n, place in enumerate(places) if not place.is_stored("one")} == set(repair.targets)
    else:
        assert not is_whole or all(place.is_stored("one") for place in places)
