"""verify: every stored byte is read back, and what is not as the receipts say is told."""

from __future__ import annotations

from mhsync.core.verification import Finding
from mhsync.reconcile.context import Stop
from mhsync.reconcile.verify import verify
from tests.reconcile.fixture import QUICK, complete, outcomes

STATES = {"a": "downloaded", "b": "archived", "c": "deleted"}


def stored(bench):
    b = bench(complete("a", 2), complete("b"), complete("c"), complete("later"))
    b.apply(STATES)
    return b


def verified(b, states=None, **more):
    return verify(b.hooks, b.manifest(states or STATES), settings=QUICK, stop=Stop(), **more)


def findings(verification):
    return {file.path: file.finding for file in verification.files if file.finding is not Finding.OK}


def test_what_is_whole_is_ok_and_exits_0(bench):
    found = verified(stored(bench))
    assert (found.summary["ok"], findings(found), found.exit_code) == (3, {}, 0)


def test_missing_changed_and_unknown_files_are_told_and_exit_1(bench):
    b = stored(bench)
    (b.folder / "a/output.wav").unlink()
    flipped = bytearray((b.folder / "b/output.wav").read_bytes())
    flipped[-1] ^= 1
    (b.folder / "b/output.wav").write_bytes(flipped)
    (b.folder / "stray.txt").write_text("x")
    found = verified(b)
    assert findings(found) == {
        "a/output.wav": Finding.MISSING,
        "b/output.wav": Finding.CHANGED,
        "stray.txt": Finding.UNKNOWN,
    }
    assert found.exit_code == 1


def test_a_byte_that_changed_is_seen_by_the_next_plan(bench):
    b = stored(bench)
    path = b.folder / "a/output.wav"
    good = path.read_bytes()
    path.write_bytes(b"x" + good[1:])
    assert b.plan(STATES).changes == (), "a listing alone cannot see it"
    verified(b)
    assert [p.reason_code for p in b.plan(STATES).changes] == ["drift"]
    assert outcomes(b.apply(STATES))["a"] == "downloaded"
    assert path.read_bytes() == good
    assert verified(b).exit_code == 0


def test_a_receipt_that_cannot_be_read_is_told(bench):
    b = stored(bench)
    (b.folder / ".mhsync/receipts/a.json").write_text("{")
    found = verified(b)
    assert findings(found)[".mhsync/receipts/a.json"] is Finding.UNREADABLE


def test_what_is_not_stored_yet_is_no_problem_but_told(bench):
    b = stored(bench)
    found = verified(b, STATES | {"later": "downloaded"})
    assert (found.not_stored, found.exit_code) == (("later",), 0)


def test_only_leaves_unknown_files_out(bench):
    b = stored(bench)
    (b.folder / "stray.txt").write_text("x")
    found = verified(b, only=frozenset({"a"}))
    assert ({file.id for file in found.files}, found.exit_code) == ({"a"}, 0)


def test_it_asks_nothing_of_the_api(bench):
    b = stored(bench)
    b.sandbox.requests.clear()
    verified(b)
    assert b.sandbox.requests.all() == ()
