"""What people know a project by comes from the API, or else from the receipt, and always with the labels."""

from __future__ import annotations

from dataclasses import replace

from mhsync.core.index_row import facts_of_line, row_of
from mhsync.core.manifest import Labels
from mhsync.core.project_info import ProjectInfo
from tests.core.builders import API, GET_FAILED, NOT_FOUND, NOW, entry, inventory, live, plan_one, receipt

LABELS = Labels("Intro", "see issue 42", ("podcast",))
LABELLED = replace(entry(), labels=LABELS)
KEPT = receipt(name="Old name", outputs=2)


def test_the_api_has_precedence_over_the_receipt():
    info = plan_one(LABELLED, inventory(KEPT), live(name="New name")).info
    assert info == ProjectInfo("New name", "VOICE_GENERATOR", NOW, 20, LABELS)


def test_without_details_the_receipt_is_used():
    for details in (None, NOT_FOUND, GET_FAILED):
        assert plan_one(LABELLED, inventory(KEPT), details).info.name == "Old name"
    assert plan_one(LABELLED, inventory(), NOT_FOUND).info == ProjectInfo(labels=LABELS)


def test_the_size_is_known_once_all_outputs_were_stored():
    assert plan_one(entry(), inventory(), live(outputs=2)).info.size is None


def test_a_row_of_the_index_has_what_its_receipt_has():
    line = row_of(KEPT, "one", "v1", API)
    assert line is not None
    info, outputs = facts_of_line(line, LABELS)
    assert info == ProjectInfo("Old name", "VOICE_GENERATOR", NOW, 20, LABELS)
    assert [output[0] for output in outputs] == [output.path for output in KEPT.outputs]
    assert facts_of_line(line.replace(b"2026-11-01", b"2026-99-01"))[0].created_at is None


def test_the_json_has_every_key():
    assert ProjectInfo("A", "T", NOW, 20, LABELS).to_json() == {
        "name": "A", "type": "T", "created_at": "2026-11-01T12:00:00Z", "size": 20, "label": "Intro",
        "note": "see issue 42", "tags": ["podcast"],
    }  # fmt: skip
