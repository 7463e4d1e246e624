"""Details of projects and the inventory of a storage: when a project is stored, settled, or must be requested."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mhsync.core.manifest import State
from mhsync.core.observed import (
    Gone,
    Inventory,
    Live,
    Unreadable,
    details_of,
    is_settled,
    needs_details,
    sees_account,
)
from mhsync.core.receipt import Deletion
from mhsync.errors import Problem
from tests.core.builders import DISABLED, GET_FAILED, NOT_FOUND, entry, inventory, live, project, receipt

STORED = inventory(receipt())
DRIFTED = inventory(receipt(), missing=("one/output.wav",))
STORED_AND_DELETED = inventory(receipt(deletion=Deletion.DELETED))


def test_a_disabled_project_is_gone_and_not_the_result_of_a_404():
    assert details_of(replace(project(), enabled=False)) == Gone(not_found=False)


def test_an_unknown_status_is_unreadable_with_a_hint():
    details = details_of(project(status="transmogrified"))
    assert isinstance(details, Unreadable)
    assert (details.problem.code, details.problem.hint) == ("unknown_status", "upgrade mhsync")
    assert "'transmogrified'" in details.problem.message


def test_another_project_is_live():
    assert details_of(project(status="queued")) == Live(project(status="queued"))


@pytest.mark.parametrize(
    ("details", "expected"),
    [
        ({}, False),
        ({"a": NOT_FOUND, "b": GET_FAILED}, False),
        ({"a": NOT_FOUND, "b": live("b")}, True),
        ({"a": DISABLED}, True),
    ],
    ids=["no response", "404 and a failure", "one 200", "a disabled project"],
)
def test_only_a_200_response_shows_that_the_key_belongs_to_the_account(details, expected: bool):
    assert sees_account(details) is expected


@pytest.mark.parametrize(
    ("stock", "is_stored", "missing"),
    [
        (inventory(), False, []),
        (inventory(receipt(outputs=0)), False, []),
        (STORED, True, []),
        (DRIFTED, False, ["one/output.wav"]),
        (inventory(receipt(), sizes={"one/output.wav": 9}), False, ["one/output.wav"]),
        (inventory(receipt(suspect=True)), False, ["one/output.wav"]),
        (inventory(receipt(outputs=2), missing=("one/output-2.wav",)), False, ["one/output-2.wav"]),
    ],
    ids=["no receipt", "no output", "stored", "missing", "another size", "suspect", "one of two"],
)
def test_a_project_is_stored_if_every_output_of_its_receipt_is_in_place(
    stock: Inventory, is_stored: bool, missing: list[str]
):
    assert stock.is_stored("one") is is_stored
    assert [output.path for output in stock.missing("one")] == missing


@pytest.mark.parametrize(
    ("state", "stock", "expected"),
    [
        (State.DOWNLOADED, STORED, True),
        (State.DOWNLOADED, DRIFTED, False),
        (State.ARCHIVED, STORED, False),
        (State.ARCHIVED, STORED_AND_DELETED, True),
        (State.ARCHIVED, inventory(receipt(deletion=Deletion.DELETED), missing=("one/output.wav",)), False),
        (State.DELETED, STORED, False),
        (State.DELETED, STORED_AND_DELETED, True),
        (State.DELETED, inventory(receipt(outputs=0, deletion=Deletion.DELETED)), True),
        (State.DELETED, inventory(receipt(deletion=Deletion.DELETING)), False),
    ],
)
def test_a_project_is_settled_if_receipt_and_listing_prove_its_state(
    state: State, stock: Inventory, expected: bool
):
    assert is_settled(entry(state=state), stock) is expected
    assert needs_details(entry(state=state), stock) is not expected


@pytest.mark.parametrize(
    "stock",
    [
        Inventory("/storage", problem=Problem("storage_unreadable", "no listing")),
        Inventory("/storage", invalid={"one": Problem("receipt_invalid", "not a receipt")}),
    ],
    ids=["no listing", "invalid receipt"],
)
def test_no_get_is_sent_if_the_storage_or_the_receipt_cannot_be_read(stock: Inventory):
    assert not needs_details(entry(), stock)
