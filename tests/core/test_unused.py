"""unused: only superseded files and parked copies may be removed; everything else is kept, with a reason."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mhsync.core.receipt import FileRecord
from mhsync.core.unused import Reason, UnusedFile, UnusedOutcome, UnusedReport, find_unused, leftovers_of
from tests.core.builders import receipt

SHA = "ab" * 32
OLD = FileRecord("old.wav", 10, SHA)


def listing(*paths):
    return dict.fromkeys(paths, 10)


def test_outputs_and_what_mhsync_needs_are_not_listed():
    needed = [
        "one/output.wav",
        ".mhsync/receipts/one.json",
        ".mhsync/receipts-index.jsonl",
        ".mhsync/inbox/one.json",
        ".mhsync/checks.json",
        ".mhsync/lock",
        ".mhsync/tmp/x",
        ".mhsync/partial/x",
    ]
    assert list(find_unused("s", listing(*needed), [receipt()])) == []


@pytest.mark.parametrize(
    ("path", "reason", "outcome"),
    [
        ("old.wav", "superseded", "unused"),
        (".mhsync/moving/one-0", "parked", "unused"),
        ("mine.txt", "untracked", "kept"),
        (".mhsync/probe-1", "unknown", "kept"),
        (".mhsync/new-thing", "unknown", "kept"),
        ("aside.wav", "set_aside", "kept"),
    ],
)
def test_each_kind_of_file(path, reason, outcome):
    record = replace(receipt(), storing=(OLD,), set_aside=(FileRecord("aside.wav", 10, SHA),))
    (one,) = find_unused("s", listing(path), [record])
    assert (one.reason.value, one.outcome.value) == (reason, outcome)
    assert bool(one.message) == (outcome == "kept")


def test_files_of_a_project_that_is_not_stored_are_kept():
    record = replace(receipt(outputs=0), storing=(OLD,))
    assert leftovers_of(record) == ()
    (one,) = find_unused("s", listing("old.wav"), [record])
    assert (one.reason, one.outcome) == (Reason.INTERRUPTED, UnusedOutcome.KEPT)


def test_a_former_path_is_superseded_unless_another_receipt_names_it():
    record = receipt(superseded="old.wav")
    assert leftovers_of(record) == (OLD,)
    (one,) = find_unused("s", listing("old.wav"), [record])
    assert one.outcome is UnusedOutcome.UNUSED
    assert list(find_unused("s", listing("old.wav"), [record, receipt("b", paths=("old.wav",))])) == []
    (two,) = find_unused("s", listing("old.wav"), [record, receipt("b", superseded="old.wav")])
    assert two.outcome is UnusedOutcome.KEPT


def test_an_output_in_another_case_is_no_leftover():
    record = replace(receipt(), storing=(FileRecord("ONE/output.wav", 10, SHA),))
    assert leftovers_of(record) == ()


def test_problems_are_exit_1():
    one = UnusedFile("s", "a", 1, Reason.PARKED, UnusedOutcome.REMOVED)
    assert UnusedReport((one,)).exit_code == 0
    assert UnusedReport((one,)).summary == {"unused": 0, "removed": 1, "kept": 0}
    assert UnusedReport(problems=("x",)).exit_code == 1
