"""copying: which outputs are copied, and how two receipts are merged."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mhsync.core.copying import plan_record, records_of
from mhsync.core.receipt import Deletion, Receipt
from mhsync.errors import ReceiptInvalid
from tests.core.builders import API, NOW, receipt

OTHER = "https://other.example"


def files_of(*records: Receipt) -> dict[str, int]:
    return {output.path: output.size for record in records for output in record.outputs}


def changed(record: Receipt, *, days: int) -> Receipt:
    """Another version of the outputs, stored a number of days later."""
    outputs = tuple(replace(o, sha256="cd" * 32, size=o.size + 1) for o in record.outputs)
    return replace(record, outputs=outputs, stored_at=NOW + timedelta(days=days))


def merge(source: Receipt, target: Receipt | None, files=None, damaged=frozenset()) -> Receipt:
    plan = plan_record(source, target, files_of(target) if files is None and target else files or {})
    return plan.merged(target or Receipt.start(source.id, source.api), frozenset(damaged))


def test_a_target_without_a_record_gets_that_of_the_source():
    source = receipt(outputs=2)
    plan = plan_record(source, None, {})
    assert [copy.source for copy in plan.copies] == [o.path for o in source.outputs]
    assert merge(source, None) == source


def test_the_same_outputs_are_in_place_and_the_target_keeps_its_paths():
    source = receipt(outputs=2)
    paths = ("new/2.wav", "new/1.wav")
    target = replace(
        source, outputs=tuple(replace(o, path=p) for o, p in zip(reversed(source.outputs), paths, strict=True))
    )
    plan = plan_record(source, target, files_of(target))
    assert [(copy.output.path, copy.source, copy.is_in_place) for copy in plan.copies] == [
        ("new/2.wav", source.outputs[1].path, True),
        ("new/1.wav", source.outputs[0].path, True),
    ]
    assert plan.merged(target) == target


def test_a_missing_or_suspect_output_of_the_target_is_copied_to_the_path_of_the_target():
    source = receipt(outputs=2)
    target = replace(source, outputs=(source.outputs[0], replace(source.outputs[1], suspect=True)))
    plan = plan_record(source, target, {source.outputs[1].path: 10})
    assert [copy.is_in_place for copy in plan.copies] == [False, False]
    assert plan.merged(target) == source


@pytest.mark.parametrize(("days", "is_newer"), [(1, True), (0, False), (-1, False)])
def test_of_two_whole_records_the_newer_one_wins(days, is_newer):
    target = receipt()
    source = changed(target, days=days)
    assert merge(source, target).outputs == (source if is_newer else target).outputs


def test_a_newer_record_that_is_not_whole_does_not_win():
    source = receipt()
    target = changed(source, days=1)
    assert merge(source, target, files={}) == source


def test_damaged_outputs_replace_nothing_and_are_suspect_where_the_target_has_none():
    source = receipt(outputs=2)
    damaged = {source.outputs[1].path}
    assert [o.suspect for o in merge(source, None, damaged=damaged).outputs] == [False, True]
    older = changed(source, days=-1)
    assert merge(source, older, damaged=damaged) == older


@pytest.mark.parametrize("target", [None, Deletion.DELETING, Deletion.DELETED])
@pytest.mark.parametrize("source", [None, Deletion.DELETING, Deletion.DELETED])
def test_the_further_step_of_a_delete_is_kept(source, target):
    order = [None, Deletion.DELETING, Deletion.DELETED]
    found = merge(receipt(deletion=source), receipt(deletion=target))
    assert found.deletion is max(source, target, key=order.index)


def test_a_record_without_outputs_merges_its_delete_only():
    source = replace(receipt(deletion=Deletion.DELETED), outputs=(), stored_at=None)
    target = receipt()
    found = merge(source, target)
    assert (found.outputs, found.is_deleted) == (target.outputs, True)


def test_records_of_all_apis_are_found_and_the_current_one_is_last():
    mine = receipt()
    both = replace(mine, outputs=()).for_api(OTHER)
    assert [(r.api, r.others) for r in records_of(both)] == [(API, ()), (OTHER, ())]
    broken = replace(mine, others=({"api": OTHER, "version": 99},))
    with pytest.raises(ReceiptInvalid):
        list(records_of(broken))


DELETIONS = st.sampled_from([None, Deletion.DELETING, Deletion.DELETED])


@st.composite
def records(draw) -> Receipt:
    record = receipt(outputs=draw(st.integers(0, 2)), deletion=draw(DELETIONS))
    record = record if record.outputs else replace(record, stored_at=None)
    return changed(record, days=draw(st.integers(-1, 1))) if record.outputs and draw(st.booleans()) else record


@given(records(), st.none() | records(), st.booleans())
def test_a_merge_is_complete_and_repeating_it_changes_nothing(source, target, is_whole):
    files = files_of(target) if target and is_whole else {}
    first = merge(source, target, files=files)
    assert bool(first.outputs) == bool(source.outputs or (target and target.outputs))
    assert first.is_deleted == (source.is_deleted or bool(target and target.is_deleted))
    plan = plan_record(source, first, files_of(first))
    assert all(copy.is_in_place for copy in plan.copies)
    assert plan.merged(first) == first
