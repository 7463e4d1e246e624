"""verify: every stored byte is read back, and every difference from the receipts is reported."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from mhsync.core.manifest import Manifest, StorageCopy
from mhsync.core.verification import Finding
from mhsync.reconcile.context import Stop
from mhsync.reconcile.verify import verify
from mhsync.storage.local import LocalStorage
from mhsync.storage.receipts import receipt_path
from tests.reconcile.fixture import QUICK, complete, outcomes

STATES = {"a": "downloaded", "b": "archived", "c": "deleted"}


def stored(reconcile_fixture):
    fixture = reconcile_fixture(complete("a", 2), complete("b"), complete("c"), complete("later"))
    fixture.apply(STATES)
    return fixture


def verified(fixture, states=None, **more):
    return verify(fixture.hooks, fixture.manifest(states or STATES), settings=QUICK, stop=Stop(), **more)


def findings(verification):
    return {file.path: file.finding for file in verification.files if file.finding is not Finding.OK}


def test_complete_files_are_ok_and_exit_0(reconcile_fixture):
    found = verified(stored(reconcile_fixture))
    assert (found.summary["ok"], findings(found), found.exit_code) == (3, {}, 0)


def test_missing_changed_and_unknown_files_are_reported_and_exit_1(reconcile_fixture):
    fixture = stored(reconcile_fixture)
    (fixture.folder / "a/output.wav").unlink()
    flipped = bytearray((fixture.folder / "b/output.wav").read_bytes())
    flipped[-1] ^= 1
    (fixture.folder / "b/output.wav").write_bytes(flipped)
    (fixture.folder / "stray.txt").write_text("x")
    found = verified(fixture)
    assert findings(found) == {
        "a/output.wav": Finding.MISSING,
        "b/output.wav": Finding.CHANGED,
        "stray.txt": Finding.UNKNOWN,
    }
    assert found.exit_code == 1


def test_every_storage_of_the_manifest_is_read(reconcile_fixture):
    fixture = stored(reconcile_fixture)
    second = fixture.folder.parent / "second"
    (file,) = fixture.manifest(STATES).files
    manifest = Manifest((replace(file, copies=(StorageCopy(str(second)),)),))
    fixture.apply(manifest)
    (second / "b" / "output.wav").write_bytes(b"x" * 2000)
    (second / "unknown.wav").write_bytes(b"x")
    (fixture.folder / receipt_path("a")).unlink()
    verification = verify(fixture.hooks, manifest, settings=QUICK, stop=Stop())
    found = {(f.storage, f.path): f.finding for f in verification.files if f.finding is not Finding.OK}
    assert found == {
        (str(second), "b/output.wav"): Finding.CHANGED,
        (str(second), "unknown.wav"): Finding.UNKNOWN,
        (str(fixture.folder), receipt_path("a")): Finding.MISSING,
        (str(fixture.folder), "a/output.wav"): Finding.UNKNOWN,
        (str(fixture.folder), "a/output-2.wav"): Finding.UNKNOWN,
    }


def test_what_is_left_of_an_acknowledged_loss_is_no_finding(reconcile_fixture):
    fixture = stored(reconcile_fixture)
    (fixture.folder / "a/output.wav").unlink()
    found = verified(fixture, STATES | {"a": "lost"})
    assert (findings(found), found.not_stored, found.exit_code) == ({}, (), 0)
    assert found.summary["ok"] == 1


def test_a_changed_byte_is_known_to_the_next_plan(reconcile_fixture):
    fixture = stored(reconcile_fixture)
    path = fixture.folder / "a/output.wav"
    good = path.read_bytes()
    path.write_bytes(b"x" + good[1:])
    assert fixture.plan(STATES).changes == (), "the listing does not show it"
    verified(fixture)
    assert [p.reason_code for p in fixture.plan(STATES).changes] == ["drift"]
    assert outcomes(fixture.apply(STATES))["a"] == "downloaded"
    assert path.read_bytes() == good
    assert verified(fixture).exit_code == 0


def test_a_receipt_that_cannot_be_read_is_reported(reconcile_fixture):
    fixture = stored(reconcile_fixture)
    (fixture.folder / ".mhsync/receipts/a.json").write_text("{")
    found = verified(fixture)
    assert findings(found)[".mhsync/receipts/a.json"] is Finding.UNREADABLE


def test_a_project_that_is_not_stored_yet_is_reported_and_is_no_problem(reconcile_fixture):
    fixture = stored(reconcile_fixture)
    found = verified(fixture, STATES | {"later": "downloaded"})
    assert (found.not_stored, found.exit_code) == (("later",), 0)


def test_only_leaves_unknown_files_out(reconcile_fixture):
    fixture = stored(reconcile_fixture)
    (fixture.folder / "stray.txt").write_text("x")
    found = verified(fixture, only=frozenset({"a"}))
    assert ({file.id for file in found.files}, found.exit_code) == ({"a"}, 0)


def test_verify_sends_no_request_to_the_api(reconcile_fixture):
    fixture = stored(reconcile_fixture)
    fixture.sandbox.requests.clear()
    verified(fixture)
    assert fixture.sandbox.requests.all() == ()


def test_each_receipt_is_read_once(reconcile_fixture, monkeypatch):
    """In an object storage each of them costs a round trip."""
    fixture = reconcile_fixture(complete("p"), complete("q"), complete("r"))
    fixture.apply({"p": "downloaded", "q": "downloaded", "r": "downloaded"})
    opened: Counter[str] = Counter()
    real = LocalStorage.open

    def counted(storage, path):
        opened[path] += 1
        return real(storage, path)

    monkeypatch.setattr(LocalStorage, "open", counted)
    # The receipt of r is not in this manifest, and still names a file.
    assert verified(fixture, {"p": "downloaded", "q": "downloaded"}).exit_code == 0
    assert {path: count for path, count in opened.items() if path.startswith(".mhsync/")} == {
        receipt_path(id): 1 for id in ("p", "q", "r")
    }
