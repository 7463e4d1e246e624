"""An interrupted run reports its running downloads; the next run resumes them and verifies the complete files."""

from __future__ import annotations

import os
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from mhsync.core.run_report import ActionOutcome, Report
from mhsync.reconcile.context import Stop
from mhsync.reconcile.verify import verify
from mhsync.sandbox import faults as f
from mhsync.settings import Settings
from mhsync.storage.local import LocalStorage
from tests.reconcile.fixture import ReconcileFixture, complete, outcomes, result_of

SIZE, HALF = 60_000, 24_000


@pytest.fixture
def one(reconcile_fixture) -> ReconcileFixture:
    return reconcile_fixture(complete("a", size=SIZE), complete("b", size=SIZE))


def halt(one: ReconcileFixture, states: dict[str, str]) -> Report:
    """Apply, and ask the run to stop once the host sends no more of "a"."""
    one.fault(f.Stall(bytes=HALF), nth=1, host="files")
    one.settings = _patient(one)
    one.stop = Stop()
    thread = threading.Thread(target=lambda: (_await_silence(one.folder / ".mhsync" / "tmp"), one.stop.request()))
    thread.start()
    report = one.apply(states)
    thread.join()
    one.stop = Stop()
    one.no_faults()
    one.sandbox.requests.clear()
    return report


def _patient(one: ReconcileFixture) -> Settings:
    settings = one.settings
    return replace(
        settings,
        download=replace(settings.download, read_timeout=30),
        run=replace(settings.run, transfers=1),
    )


def _await_silence(folder: Path) -> None:
    until, before = time.monotonic() + 8, 0
    while time.monotonic() < until:
        now = sum(path.stat().st_size for path in folder.glob("*") if path.exists()) if folder.exists() else 0
        if now and now == before:
            return
        before = now
        time.sleep(0.3)


def kept(one: ReconcileFixture) -> list[str]:
    return sorted(path.name for path in (one.folder / ".mhsync" / "partial").glob("*"))


def asked(one: ReconcileFixture) -> list[str | None]:
    return [entry.range for entry in one.sandbox.requests.of("files")]


@pytest.mark.parametrize("state", ["downloaded", "archived"])
def test_the_report_says_what_was_kept_and_the_next_run_goes_on_with_it(one: ReconcileFixture, state: str):
    report = halt(one, {"a": state, "b": state})

    result, untried = result_of(report, "a"), result_of(report, "b")
    size = (one.folder / ".mhsync" / "partial" / "a-1.part").stat().st_size
    assert result.outcome == "failed"
    assert result.error.code == "interrupted"
    assert result.error.message.startswith("interrupted while downloading ")
    assert result.error.message.endswith(f"output.wav; {size:,} bytes were kept for the next run")
    assert result.actions[0].outcome is ActionOutcome.FAILED
    assert (untried.outcome, untried.error.message) == ("not_attempted", "interrupted before this was tried")
    assert report.exit_code == 130
    assert kept(one) == ["a-1.json", "a-1.part"]
    assert one.files() == {}
    assert one.leftovers() == []

    assert set(outcomes(one.apply({"a": state, "b": state})).values()) == {state}

    assert asked(one) == [f"bytes={size}-", None]
    one.check_receipts_are_true()
    assert one.receipt("a")["outputs"][0]["proof"] == "content-length"
    assert kept(one) == []
    for id_ in ("a", "b"):
        (output,) = one.sandbox.account.project(id_).outputs
        assert (one.folder / id_ / "output.wav").read_bytes() == b"".join(output.audio.read())


def test_a_kept_download_is_hidden_from_the_listing_and_from_verify(one: ReconcileFixture):
    halt(one, {"a": "downloaded"})
    assert len(kept(one)) == 2
    storage = LocalStorage(one.folder)
    assert [info.path for info in storage.list("") if "partial" in info.path] == []
    assert list(storage.list(".mhsync/partial/")) == []
    found = verify(one.hooks, one.manifest({"a": "downloaded"}), settings=one.settings, stop=Stop())
    assert found.files == ()


@pytest.mark.parametrize("spoil", ["bytes", "size", "note", "link"])
def test_a_kept_download_that_does_not_match_is_fetched_again_with_the_same_proofs(
    one: ReconcileFixture, spoil: str, tmp_path: Path
):
    halt(one, {"a": "archived"})
    part, note = (one.folder / ".mhsync" / "partial" / name for name in ("a-1.part", "a-1.json"))
    theirs = tmp_path / "theirs"
    if spoil == "bytes":
        part.write_bytes(b"x" * part.stat().st_size)
    elif spoil == "size":
        part.write_bytes(part.read_bytes() + b"more")
    elif spoil == "note":
        note.write_text("{")
    else:
        theirs.write_bytes(part.read_bytes())
        part.unlink()
        os.link(theirs, part)

    assert outcomes(one.apply({"a": "archived"})) == {"a": "archived"}

    assert asked(one) == [None]
    one.check_receipts_are_true()
    assert kept(one) == []
    (output,) = one.sandbox.account.project("a").outputs
    assert (one.folder / "a" / "output.wav").read_bytes() == b"".join(output.audio.read())
    assert not theirs.exists() or theirs.stat().st_size <= HALF


def test_a_file_that_changed_since_is_fetched_again(one: ReconcileFixture):
    halt(one, {"a": "downloaded"})
    one.sandbox.account.rewrite("a", "output.wav")
    assert outcomes(one.apply({"a": "downloaded"})) == {"a": "downloaded"}
    (output,) = one.sandbox.account.project("a").outputs
    assert (one.folder / "a" / "output.wav").read_bytes() == b"".join(output.audio.read())


def test_a_kept_download_that_is_not_resumed_is_cleared_once_it_is_old(one: ReconcileFixture):
    halt(one, {"a": "downloaded"})
    one.apply({"b": "downloaded"})
    assert len(kept(one)) == 2
    for path in (one.folder / ".mhsync" / "partial").iterdir():
        os.utime(path, (time.time() - 8 * 86400,) * 2)
    one.apply({"b": "downloaded"})
    assert kept(one) == []


def test_an_interrupt_before_the_first_byte_is_not_a_failed_download(one: ReconcileFixture):
    """The host has not answered yet."""
    one.fault(f.Stall(), host="files")
    one.settings = _patient(one)
    timer = threading.Timer(1.0, one.stop.request)
    timer.start()
    report = one.apply({"a": "downloaded"})
    timer.join()
    message = result_of(report, "a").error.message
    assert message.startswith("interrupted before the first byte of ")
    assert one.files() == {}
    assert kept(one) == []


def test_spools_of_killed_runs_are_cleared_by_the_next_one(one: ReconcileFixture, tmp_path: Path, monkeypatch):
    spools = tmp_path / "tmpdir"
    spools.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(spools))
    (spools / "mhsync-spool-0123456789abcdef.wav").write_bytes(b"its lock is free")
    (spools / "notes.txt").write_text("another program's")
    one.apply({"a": "downloaded"})
    assert [path.name for path in spools.iterdir()] == ["notes.txt"]
