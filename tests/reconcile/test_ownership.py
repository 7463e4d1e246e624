"""A receipt may name anything; what is not proved to be one project's own file is left as it is."""

from __future__ import annotations

import hashlib
import json

import pytest

from mhsync.storage.receipts import receipt_path
from tests.reconcile.fixture import complete, outcomes, result_of


def forge(b, id: str, path: str, source: str) -> None:
    """A receipt of `id` whose only output is a file that is there already."""
    body = (b.folder / path).read_bytes()
    receipt = b.receipt(id)
    receipt["outputs"] = [
        receipt["outputs"][0]
        | {"path": path, "size": len(body), "sha256": hashlib.sha256(body).hexdigest(), "source": source}
    ]
    (b.folder / receipt_path(id)).write_text(json.dumps(receipt))


@pytest.mark.parametrize("path", [".mhsync/receipts/q.json", ".mhsync/lock"])
@pytest.mark.parametrize("state", ["downloaded", "archived"])
def test_a_receipt_that_names_a_file_of_mhsync_itself_is_invalid(bench, path, state):
    b = bench(complete("p"), complete("q"))
    b.apply({"p": "downloaded", "q": "downloaded"})
    before = (b.folder / path).read_bytes()
    forge(b, "p", path, "https://files.example/p/output.wav")
    report = b.apply({"p": (state, "new/{filename}")})
    assert outcomes(report) == {"p": "failed"}
    assert result_of(report, "p").error.code == "receipt_invalid"
    assert (b.folder / path).read_bytes() == before
    assert b.sent("DELETE") == []


def test_two_outputs_with_one_path_make_a_receipt_invalid(bench):
    b = bench(complete("p", 2))
    b.apply({"p": "downloaded"})
    receipt = b.receipt("p")
    receipt["outputs"][1]["path"] = receipt["outputs"][0]["path"]
    (b.folder / receipt_path("p")).write_text(json.dumps(receipt))
    before = b.files()
    report = b.apply({"p": ("downloaded", "new/{filename}")})
    assert outcomes(report) == {"p": "failed"}
    assert b.files() == before


SOURCE = "https://files.example/p/output.wav"


def test_what_several_receipts_name_is_moved_by_none(bench):
    b = bench(complete("p"), complete("q"))
    b.apply({"p": "downloaded", "q": "downloaded"})
    (b.folder / "mine").mkdir()
    (b.folder / "mine/thesis.txt").write_text("years of work")
    forge(b, "p", "mine/thesis.txt", SOURCE)
    forge(b, "q", "mine/thesis.txt", SOURCE)
    states = {"p": ("downloaded", "new/p{ext}"), "q": ("downloaded", "new/q{ext}")}
    report = b.apply(states)
    assert outcomes(report) == {"p": "blocked", "q": "blocked"}
    assert "the receipt of q names mine/thesis.txt too" in result_of(report, "p").error.message
    assert (b.folder / "mine/thesis.txt").read_text() == "years of work"
    assert not (b.folder / "new").exists()


def test_a_receipt_that_cannot_be_read_may_name_anything(bench):
    b = bench(complete("p"), complete("q"))
    b.apply({"p": "downloaded", "q": "downloaded"})
    (b.folder / receipt_path("q")).write_text("{")
    report = b.apply({"p": ("downloaded", "new/{filename}")})
    assert outcomes(report) == {"p": "blocked"}
    assert "the receipt of q, which cannot be read, names p/output.wav too" in result_of(report, "p").error.message
    assert set(b.files()) == {"p/output.wav", "q/output.wav"}


def test_a_changed_file_that_another_receipt_names_too_is_not_replaced(bench):
    b = bench(complete("p"), complete("q"))
    b.apply({"p": "downloaded", "q": "downloaded"})
    forge(b, "q", "p/output.wav", SOURCE)
    (b.folder / "p/output.wav").write_bytes(b"an edit")
    report = b.apply({"p": "downloaded"})
    assert outcomes(report) == {"p": "blocked"}
    assert (b.folder / "p/output.wav").read_bytes() == b"an edit"


def test_a_copy_that_a_record_of_another_api_names_stays_when_it_is_moved(bench):
    b = bench(complete("p"))
    b.apply({"p": "downloaded"})
    receipt = b.receipt("p")
    receipt["others"] = [{**receipt, "api": "https://api.example.com"}]
    (b.folder / receipt_path("p")).write_text(json.dumps(receipt))
    assert outcomes(b.apply({"p": ("downloaded", "new/{filename}")})) == {"p": "moved"}
    assert set(b.files()) == {"p/output.wav", "new/output.wav"}
    assert b.unnamed() == []


def test_outputs_of_one_project_never_get_one_path(bench):
    """The second output is lost, so its place is not to be taken by the first."""
    b = bench(complete("p", 2))
    b.apply({"p": ("downloaded", "{index}{ext}")})
    receipt = b.receipt("p")
    receipt["outputs"][0]["superseded"] = "2.wav"
    (b.folder / receipt_path("p")).write_text(json.dumps(receipt))
    second = (b.folder / "2.wav").read_bytes()
    b.apply({"p": ("downloaded", "{index}{ext}")})
    assert (b.folder / "2.wav").read_bytes() == second
    b.check_receipts_are_true()


class TestSetAside:
    """A file whose bytes do not match its receipt may be somebody's edit."""

    @pytest.mark.parametrize(
        "edit", [b"shorter", b"x" * 2000, b"x" * 5000], ids=["shorter", "same size", "longer"]
    )
    def test_a_changed_file_is_kept_under_a_name_of_its_own(self, bench, edit):
        b = bench(complete("one", 2))
        b.apply({"one": "downloaded"})
        (b.folder / "one/output.wav").write_bytes(edit)
        if len(edit) == 2000:
            receipt = b.receipt("one")
            receipt["outputs"][0]["suspect"] = True
            (b.folder / receipt_path("one")).write_text(json.dumps(receipt))
        report = b.apply({"one": "downloaded"})
        assert outcomes(report) == {"one": "downloaded"}
        assert "kept as one/output.changed-1.wav" in result_of(report, "one").note
        assert (b.folder / "one/output.changed-1.wav").read_bytes() == edit
        assert [record["path"] for record in b.receipt("one")["set_aside"]] == ["one/output.changed-1.wav"]
        assert "storing" not in b.receipt("one")
        b.check_receipts_are_true()
        assert b.unnamed() == []
        assert outcomes(b.apply({"one": "downloaded"})) == {"one": "unchanged"}

    def test_no_name_is_taken_twice(self, bench):
        b = bench(complete("one"))
        b.apply({"one": "downloaded"})
        (b.folder / "one/output.changed-1.wav").write_text("a stranger's")
        for edit in (b"first", b"second"):
            (b.folder / "one/output.wav").write_bytes(edit)
            b.apply({"one": "downloaded"})
        assert (b.folder / "one/output.changed-1.wav").read_text() == "a stranger's"
        assert (b.folder / "one/output.changed-2.wav").read_bytes() == b"first"
        assert (b.folder / "one/output.changed-3.wav").read_bytes() == b"second"

    def test_a_missing_file_leaves_nothing_to_set_aside(self, bench):
        b = bench(complete("one"))
        b.apply({"one": "downloaded"})
        (b.folder / "one/output.wav").unlink()
        report = b.apply({"one": "downloaded"})
        assert set(b.files()) == {"one/output.wav"}
        assert "set_aside" not in b.receipt("one")
        assert result_of(report, "one").note == ""

    def test_a_name_that_somebody_removed_is_forgotten_and_used_again(self, bench):
        b = bench(complete("one"))
        b.apply({"one": "downloaded"})
        for _ in range(2):
            (b.folder / "one/output.wav").write_bytes(b"an edit")
            b.apply({"one": "downloaded"})
            (b.folder / "one/output.changed-1.wav").unlink()
        (b.folder / "one/output.wav").unlink()
        b.apply({"one": "downloaded"})
        assert "set_aside" not in b.receipt("one")

    def test_a_changed_file_is_left_where_it_is_when_the_output_goes_elsewhere(self, bench):
        b = bench(complete("one"))
        b.apply({"one": "downloaded"})
        (b.folder / "one/output.wav").write_bytes(b"an edit")
        assert outcomes(b.apply({"one": ("downloaded", "new/{filename}")})) == {"one": "downloaded"}
        assert (b.folder / "one/output.wav").read_bytes() == b"an edit"
        assert b.unnamed() == []

    def test_an_archived_original_goes_and_the_edit_stays(self, bench):
        b = bench(complete("one"))
        b.apply({"one": "downloaded"})
        (b.folder / "one/output.wav").write_bytes(b"an edit")
        report = b.apply({"one": "archived"})
        assert outcomes(report) == {"one": "archived"}
        assert "kept as one/output.changed-1.wav" in result_of(report, "one").note
        assert (b.folder / "one/output.changed-1.wav").read_bytes() == b"an edit"

    def test_an_edit_of_the_old_file_of_a_move_that_was_cut_short_is_kept(self, bench):
        b = bench(complete("one"))
        b.apply({"one": ("downloaded", "new{ext}")})
        receipt = b.receipt("one")
        receipt["outputs"][0]["superseded"] = "old.wav"
        (b.folder / receipt_path("one")).write_text(json.dumps(receipt))
        (b.folder / "old.wav").write_bytes(b"an edit")
        report = b.apply({"one": ("downloaded", "new{ext}")})
        assert "old.wav was changed" in result_of(report, "one").note
        assert (b.folder / "old.wav").read_bytes() == b"an edit"
        assert b.unnamed() == []
        assert outcomes(b.apply({"one": ("downloaded", "new{ext}")})) == {"one": "unchanged"}
