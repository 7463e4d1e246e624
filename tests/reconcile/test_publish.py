"""An output becomes visible only at a free path; a file with the same bytes is adopted, others are kept."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from mhsync.sandbox.account import Account
from mhsync.sandbox.server import Sandbox
from tests.reconcile.fixture import complete, outcomes, result_of


def test_an_untracked_file_is_never_overwritten(reconcile_fixture):
    fixture = reconcile_fixture(complete("one"))
    (fixture.folder / "one").mkdir(parents=True)
    (fixture.folder / "one/output.wav").write_text("mine")
    report = fixture.apply({"one": "archived"})
    assert outcomes(report) == {"one": "blocked"}
    assert result_of(report, "one").error.code == "path_occupied"
    assert (fixture.folder / "one/output.wav").read_text() == "mine"
    assert fixture.sent("DELETE") == []
    assert fixture.receipt("one") is None


def test_the_same_bytes_under_a_path_are_adopted(reconcile_fixture):
    fixture = reconcile_fixture(complete("one"))
    fixture.apply({"one": "downloaded"})
    (fixture.folder / ".mhsync/receipts/one.json").unlink()
    before = (fixture.folder / "one/output.wav").stat().st_mtime_ns
    assert outcomes(fixture.apply({"one": "downloaded"})) == {"one": "downloaded"}
    assert (fixture.folder / "one/output.wav").stat().st_mtime_ns == before
    fixture.check_receipts_are_true()


def test_an_adopted_file_is_flushed_to_disk_before_its_receipt_and_its_delete(reconcile_fixture, monkeypatch):
    fixture = reconcile_fixture(complete("one"))
    fixture.apply({"one": "downloaded"})
    (fixture.folder / ".mhsync/receipts/one.json").unlink()
    stored, receipts = fixture.folder / "one/output.wav", fixture.folder / ".mhsync/receipts"
    flushed: list[tuple[str, bool]] = []
    fsync = os.fsync

    def seen(descriptor: int) -> None:
        fsync(descriptor)
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        flushed.append((path.as_posix(), (receipts / "one.json").exists()))

    monkeypatch.setattr(os, "fsync", seen)
    assert outcomes(fixture.apply({"one": "archived"})) == {"one": "archived"}
    for path in (stored, stored.parent, fixture.folder):
        assert (path.resolve().as_posix(), False) in flushed, f"{path} is flushed before the receipt is written"


def test_a_file_that_another_receipt_names_is_not_adopted(reconcile_fixture):
    twin = replace(complete("b"), outputs=complete("a").outputs)
    fixture = reconcile_fixture(complete("a"), twin)
    fixture.apply({"a": ("downloaded", "one{ext}")})
    report = fixture.apply({"b": ("archived", "one{ext}")})
    assert outcomes(report) == {"b": "blocked"}
    assert "the receipt of a names one.wav too" in result_of(report, "b").error.message
    assert fixture.sent("DELETE") == []


def test_a_file_of_another_api_is_named_as_such(reconcile_fixture):
    fixture = reconcile_fixture(complete("one"))
    fixture.apply({"one": "downloaded"})
    first = fixture.sandbox.api_url
    with Sandbox(Account([replace(complete("one"), outputs=complete("two").outputs)])) as other:
        fixture.sandbox = other
        report = fixture.apply({"one": "downloaded"})
    problem = result_of(report, "one").error
    assert (outcomes(report), problem.code) == ({"one": "blocked"}, "path_occupied")
    assert (
        problem.message
        == f"the file at one/output.wav was stored from another API ({first}), and its bytes differ"
    )
