"""A row of the receipt index shows that nothing is to be done exactly where the decision table finds the same."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mhsync.core.diff import diff
from mhsync.core.index_row import IndexedReceipts, receipt_of_row, row_of, rows_of, shows_as_desired
from mhsync.core.manifest import Entry, State
from mhsync.core.observed import Inventory
from mhsync.core.plan import Verdict
from mhsync.core.receipt import Deletion, FileRecord
from mhsync.core.retention import EARLIEST, Clock, parse_retention
from mhsync.errors import Position, ReceiptInvalid
from tests.core.builders import API, NOW, SHA, live, manifest, receipt

TEMPLATES = (
    "{id}/{filename}",
    "{name}{ext}",
    "x/{id}-{index}{ext}",
    "all/{filename}",
    "{date}/{type}/{stem}{ext}",
)


def line_of(kept, version: str = "v1") -> bytes:
    line = row_of(kept, kept.id, version, API)
    assert line is not None
    return line


@st.composite
def stored(draw):
    """A receipt, an entry of the manifest, and the files of the storage."""
    template = draw(st.sampled_from(TEMPLATES))
    kept = receipt(
        "a",
        outputs=draw(st.integers(0, 3)),
        deletion=draw(st.sampled_from((None, *Deletion))),
        suspect=draw(st.sampled_from((False, False, False, True))),
    )
    if draw(st.booleans()):
        kept = replace(
            kept, name=draw(st.sampled_from(("A name", "a/b", None))), type=draw(st.sampled_from(("T", None)))
        )
    files = {}
    for output in kept.outputs:
        size = draw(st.sampled_from((10, 10, 10, 9, None)))
        if size is not None:
            files[output.path] = size
    if draw(st.booleans()):
        kept = replace(kept, created_at=draw(st.sampled_from((None, EARLIEST - timedelta(days=1), EARLIEST))))
    state = draw(st.sampled_from(list(State)))
    retain = draw(st.sampled_from((None, parse_retention("24h"), parse_retention("2d"))))
    is_kept = state is State.DOWNLOADED
    return kept, Entry("a", state, template, Position("m.yaml", 1, 1), retain=retain if is_kept else None), files


LATER = NOW + timedelta(hours=30)


def verdicts(entry: Entry, inventory: Inventory) -> list[dict]:
    plan = diff(manifest(entry), {"m.yaml": inventory}, {}, api=API, clock=Clock(LATER))
    return [project.to_json() for project in plan.projects]


@given(stored())
def test_what_a_row_shows_is_what_the_decision_table_finds(case):
    kept, entry, files = case
    line = row_of(kept, "a", "v1", API)
    table = verdicts(entry, Inventory("/storage", files, {"a": kept}))
    if line is None:
        return
    if not shows_as_desired(rows_of([line])[0], entry, files, LATER):
        has_drift = any(not output["stored"] for output in table[0]["outputs"])
        is_lost = entry.state is State.LOST
        assert is_lost or table[0]["verdict"] != "unchanged" or (entry.state is State.DELETED and has_drift)
        return
    indexed = Inventory("/storage", files, IndexedReceipts({}, {"a": line}, API), indexed={"a": line})
    assert verdicts(entry, indexed) == table
    assert table[0]["verdict"] == "unchanged"


@given(stored())
def test_the_receipt_of_a_row_gives_the_same_verdicts(case):
    kept, entry, files = case
    line = row_of(kept, "a", "v1", API)
    if line is not None:
        again = receipt_of_row(rows_of([line])[0], "a", API)
        assert verdicts(entry, Inventory("/storage", files, {"a": again})) == verdicts(
            entry, Inventory("/storage", files, {"a": kept})
        )


def test_receipts_that_need_more_than_a_row_have_none():
    kept = receipt("a")
    record = FileRecord("a/other.wav", 10, SHA)
    assert row_of(kept, "a", "v1", API) is not None
    moving = replace(kept, outputs=tuple(replace(o, superseded="old.wav") for o in kept.outputs))
    suspect = kept.with_suspects(kept.paths)
    for other in (replace(kept, storing=(record,)), replace(kept, set_aside=(record,)), moving, suspect):
        assert row_of(other, "a", "v1", API) is None
    assert row_of(kept, "a", "v1", "https://other.example") is None


@pytest.mark.parametrize(
    "line",
    [
        b"", b"{}", b"null", b"1", b"[]", b'["a"]', b'["a","v"]', b"[" * 100_000, b'["a","v"],["b","w"]', b"]",
        b'["a","v",1,null,null,null,null]', b'[1,"v",null,null,null,null,null]', b'["a",null,null,null,null,null,null]',
        b'["a","v",null,null,null,null,null,"p",true,"s","u","f"]', b'["a","v",null,null,null,null,null,"p",1.0,"s","u","f"]',
        b'["a","v",null,null,null,null,null,["p"],1,"s","u","f"]', b'["a","v",null,null,null,null,null,"p",1,"s","u"]',
        b'["a","v",null,null,null,null,null,"p",' + b"9" * 5000 + b',"s","u","f"]', b"\xff", b'["a","v",NaN]',
    ],
)  # fmt: skip
def test_a_line_that_is_not_a_row_is_refused(line):
    for lines in ([line], [line_of(receipt("a")), line], [line, line_of(receipt("a"))]):
        with pytest.raises((ValueError, RecursionError)):
            rows_of(lines)


@pytest.mark.parametrize(
    ("place", "value"),
    [(7, "../outside.wav"), (7, "/etc/passwd"), (7, ".mhsync/receipts/b.json"), (9, "no sha256"), (8, -1), (4, "never"),
     (6, "gone")],
)  # fmt: skip
def test_a_receipt_is_not_made_of_values_that_a_receipt_cannot_have(place, value):
    row = rows_of([line_of(receipt("a"))])[0]
    row[place] = value
    with pytest.raises(ReceiptInvalid):
        receipt_of_row(row, "a", API)


def test_receipts_of_lines_and_those_that_were_read_are_one_mapping():
    one, two = receipt("a"), receipt("b")
    receipts = IndexedReceipts({"b": two}, {"a": line_of(one)}, API)
    assert set(receipts) == {"a", "b"}
    assert len(receipts) == 2
    assert "a" in receipts
    assert "c" not in receipts
    assert receipts.get("c") is None
    assert receipts["b"] is two
    assert receipts["a"].outputs[0].path == one.outputs[0].path


def test_an_indexed_project_blocks_the_path_of_another_one():
    kept = receipt("a")
    line = line_of(kept)
    entry = Entry("a", State.DOWNLOADED, position=Position("m.yaml", 1, 1))
    files = {output.path: 10 for output in kept.outputs}
    assert shows_as_desired(json.loads(line), entry, files)
    inventory = Inventory("/storage", files, IndexedReceipts({}, {"a": line}, API), indexed={"a": line})
    assert inventory.tracked() == set(files)
    other = Entry("b", State.DOWNLOADED, "a/{filename}", Position("m.yaml", 2, 1))
    plan = diff(manifest(entry, other), {"m.yaml": inventory}, {"b": live("b", "complete", outputs=1)}, api=API)
    assert [p.verdict for p in plan.projects] == [Verdict.UNCHANGED, Verdict.BLOCKED]
    assert plan.projects[1].reason_code == "path_clash"
    assert len(plan.judged) == 1
    assert plan.summary["unchanged"] == 1
