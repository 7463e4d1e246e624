"""A receipt may name any path. A file that is not proved to belong to one project only is not changed."""

from __future__ import annotations

import hashlib
import json
import threading

import pytest

from mhsync.core.receipt import Receipt
from mhsync.reconcile.ownership import named_paths
from mhsync.settings import RunSettings
from mhsync.storage.local import LocalStorage
from mhsync.storage.receipts import receipt_path, to_bytes
from tests.reconcile.fixture import complete, outcomes, result_of


def forge(fixture, id: str, path: str, source: str) -> None:
    """A receipt of `id` whose only output is a file that is there already."""
    body = (fixture.folder / path).read_bytes()
    receipt = fixture.receipt(id)
    receipt["outputs"] = [
        receipt["outputs"][0]
        | {"path": path, "size": len(body), "sha256": hashlib.sha256(body).hexdigest(), "source": source}
    ]
    (fixture.folder / receipt_path(id)).write_text(json.dumps(receipt))


@pytest.mark.parametrize("path", [".mhsync/receipts/q.json", ".mhsync/lock"])
@pytest.mark.parametrize("state", ["downloaded", "archived"])
def test_a_receipt_that_names_a_file_of_mhsync_itself_is_invalid(reconcile_fixture, path, state):
    fixture = reconcile_fixture(complete("p"), complete("q"))
    fixture.apply({"p": "downloaded", "q": "downloaded"})
    before = (fixture.folder / path).read_bytes()
    forge(fixture, "p", path, "https://files.example/p/output.wav")
    report = fixture.apply({"p": (state, "new/{filename}")})
    assert outcomes(report) == {"p": "failed"}
    assert result_of(report, "p").error.code == "receipt_invalid"
    assert (fixture.folder / path).read_bytes() == before
    assert fixture.sent("DELETE") == []


def test_two_outputs_with_one_path_make_a_receipt_invalid(reconcile_fixture):
    fixture = reconcile_fixture(complete("p", 2))
    fixture.apply({"p": "downloaded"})
    receipt = fixture.receipt("p")
    receipt["outputs"][1]["path"] = receipt["outputs"][0]["path"]
    (fixture.folder / receipt_path("p")).write_text(json.dumps(receipt))
    before = fixture.files()
    report = fixture.apply({"p": ("downloaded", "new/{filename}")})
    assert outcomes(report) == {"p": "failed"}
    assert fixture.files() == before


SOURCE = "https://files.example/p/output.wav"


def test_a_file_that_several_receipts_name_is_not_moved(reconcile_fixture):
    fixture = reconcile_fixture(complete("p"), complete("q"))
    fixture.apply({"p": "downloaded", "q": "downloaded"})
    (fixture.folder / "mine").mkdir()
    (fixture.folder / "mine/thesis.txt").write_text("years of work")
    forge(fixture, "p", "mine/thesis.txt", SOURCE)
    forge(fixture, "q", "mine/thesis.txt", SOURCE)
    states = {"p": ("downloaded", "new/p{ext}"), "q": ("downloaded", "new/q{ext}")}
    report = fixture.apply(states)
    assert outcomes(report) == {"p": "blocked", "q": "blocked"}
    assert "the receipt of q names mine/thesis.txt too" in result_of(report, "p").error.message
    assert (fixture.folder / "mine/thesis.txt").read_text() == "years of work"
    assert not (fixture.folder / "new").exists()


def test_a_receipt_that_cannot_be_read_may_name_anything(reconcile_fixture):
    fixture = reconcile_fixture(complete("p"), complete("q"))
    fixture.apply({"p": "downloaded", "q": "downloaded"})
    (fixture.folder / receipt_path("q")).write_text("{")
    report = fixture.apply({"p": ("downloaded", "new/{filename}")})
    assert outcomes(report) == {"p": "blocked"}
    assert "the receipt of q, which cannot be read, names p/output.wav too" in result_of(report, "p").error.message
    assert set(fixture.files()) == {"p/output.wav", "q/output.wav"}


def test_a_changed_file_that_another_receipt_names_too_is_not_replaced(reconcile_fixture):
    fixture = reconcile_fixture(complete("p"), complete("q"))
    fixture.apply({"p": "downloaded", "q": "downloaded"})
    forge(fixture, "q", "p/output.wav", SOURCE)
    (fixture.folder / "p/output.wav").write_bytes(b"an edit")
    report = fixture.apply({"p": "downloaded"})
    assert outcomes(report) == {"p": "blocked"}
    assert (fixture.folder / "p/output.wav").read_bytes() == b"an edit"


def test_a_copy_that_a_record_of_another_api_names_stays_when_it_is_moved(reconcile_fixture):
    fixture = reconcile_fixture(complete("p"))
    fixture.apply({"p": "downloaded"})
    receipt = fixture.receipt("p")
    receipt["others"] = [{**receipt, "api": "https://api.example.com"}]
    (fixture.folder / receipt_path("p")).write_text(json.dumps(receipt))
    assert outcomes(fixture.apply({"p": ("downloaded", "new/{filename}")})) == {"p": "moved"}
    assert set(fixture.files()) == {"p/output.wav", "new/output.wav"}
    assert fixture.unnamed() == []


def test_outputs_of_one_project_never_get_one_path(reconcile_fixture):
    """The second output is lost, so its place is not to be taken by the first."""
    fixture = reconcile_fixture(complete("p", 2))
    fixture.apply({"p": ("downloaded", "{index}{ext}")})
    receipt = fixture.receipt("p")
    receipt["outputs"][0]["superseded"] = "2.wav"
    (fixture.folder / receipt_path("p")).write_text(json.dumps(receipt))
    second = (fixture.folder / "2.wav").read_bytes()
    fixture.apply({"p": ("downloaded", "{index}{ext}")})
    assert (fixture.folder / "2.wav").read_bytes() == second
    fixture.check_receipts_are_true()


class TestSetAside:
    """A file whose bytes do not match its receipt may have been edited by the user."""

    @pytest.mark.parametrize(
        "edit", [b"shorter", b"x" * 2000, b"x" * 5000], ids=["shorter", "same size", "longer"]
    )
    def test_a_changed_file_is_kept_under_a_name_of_its_own(self, reconcile_fixture, edit):
        fixture = reconcile_fixture(complete("one", 2))
        fixture.apply({"one": "downloaded"})
        (fixture.folder / "one/output.wav").write_bytes(edit)
        if len(edit) == 2000:
            receipt = fixture.receipt("one")
            receipt["outputs"][0]["suspect"] = True
            (fixture.folder / receipt_path("one")).write_text(json.dumps(receipt))
        report = fixture.apply({"one": "downloaded"})
        assert outcomes(report) == {"one": "downloaded"}
        assert "kept as one/output.changed-1.wav" in result_of(report, "one").note
        assert (fixture.folder / "one/output.changed-1.wav").read_bytes() == edit
        assert [record["path"] for record in fixture.receipt("one")["set_aside"]] == ["one/output.changed-1.wav"]
        assert "storing" not in fixture.receipt("one")
        fixture.check_receipts_are_true()
        assert fixture.unnamed() == []
        assert outcomes(fixture.apply({"one": "downloaded"})) == {"one": "unchanged"}

    def test_no_name_is_taken_twice(self, reconcile_fixture):
        fixture = reconcile_fixture(complete("one"))
        fixture.apply({"one": "downloaded"})
        (fixture.folder / "one/output.changed-1.wav").write_text("untracked")
        for edit in (b"first", b"second"):
            (fixture.folder / "one/output.wav").write_bytes(edit)
            fixture.apply({"one": "downloaded"})
        assert (fixture.folder / "one/output.changed-1.wav").read_text() == "untracked"
        assert (fixture.folder / "one/output.changed-2.wav").read_bytes() == b"first"
        assert (fixture.folder / "one/output.changed-3.wav").read_bytes() == b"second"

    def test_a_missing_file_leaves_nothing_to_set_aside(self, reconcile_fixture):
        fixture = reconcile_fixture(complete("one"))
        fixture.apply({"one": "downloaded"})
        (fixture.folder / "one/output.wav").unlink()
        report = fixture.apply({"one": "downloaded"})
        assert set(fixture.files()) == {"one/output.wav"}
        assert "set_aside" not in fixture.receipt("one")
        assert result_of(report, "one").note == ""

    def test_the_name_of_a_removed_file_is_dropped_and_used_again(self, reconcile_fixture):
        fixture = reconcile_fixture(complete("one"))
        fixture.apply({"one": "downloaded"})
        for _ in range(2):
            (fixture.folder / "one/output.wav").write_bytes(b"an edit")
            fixture.apply({"one": "downloaded"})
            (fixture.folder / "one/output.changed-1.wav").unlink()
        (fixture.folder / "one/output.wav").unlink()
        fixture.apply({"one": "downloaded"})
        assert "set_aside" not in fixture.receipt("one")

    def test_a_changed_file_is_not_moved_when_the_output_gets_another_path(self, reconcile_fixture):
        fixture = reconcile_fixture(complete("one"))
        fixture.apply({"one": "downloaded"})
        (fixture.folder / "one/output.wav").write_bytes(b"an edit")
        assert outcomes(fixture.apply({"one": ("downloaded", "new/{filename}")})) == {"one": "downloaded"}
        assert (fixture.folder / "one/output.wav").read_bytes() == b"an edit"
        assert fixture.unnamed() == []

    def test_an_archived_original_is_deleted_and_the_edited_file_is_kept(self, reconcile_fixture):
        fixture = reconcile_fixture(complete("one"))
        fixture.apply({"one": "downloaded"})
        (fixture.folder / "one/output.wav").write_bytes(b"an edit")
        report = fixture.apply({"one": "archived"})
        assert outcomes(report) == {"one": "archived"}
        assert "kept as one/output.changed-1.wav" in result_of(report, "one").note
        assert (fixture.folder / "one/output.changed-1.wav").read_bytes() == b"an edit"

    def test_an_edited_old_file_of_an_interrupted_move_is_kept(self, reconcile_fixture):
        fixture = reconcile_fixture(complete("one"))
        fixture.apply({"one": ("downloaded", "new{ext}")})
        receipt = fixture.receipt("one")
        receipt["outputs"][0]["superseded"] = "old.wav"
        (fixture.folder / receipt_path("one")).write_text(json.dumps(receipt))
        (fixture.folder / "old.wav").write_bytes(b"an edit")
        report = fixture.apply({"one": ("downloaded", "new{ext}")})
        assert "old.wav was changed" in result_of(report, "one").note
        assert (fixture.folder / "old.wav").read_bytes() == b"an edit"
        assert fixture.unnamed() == []
        assert outcomes(fixture.apply({"one": ("downloaded", "new{ext}")})) == {"one": "unchanged"}


def test_all_receipts_are_read_several_at_a_time(tmp_path):
    """In an object storage each of them costs a round trip."""
    together = threading.Barrier(4)

    class Slow(LocalStorage):
        def open(self, path):
            together.wait(10)
            return super().open(path)

    storage = Slow(tmp_path)
    ids = [f"p{number}" for number in range(64)]
    for id in ids:
        with storage.write(receipt_path(id)) as writer:
            writer.write(to_bytes(Receipt.start(id, "https://api.example")))
    found = dict(named_paths(storage, RunSettings(transfers=4)))
    assert found == {id: {"https://api.example": frozenset()} for id in ids}
