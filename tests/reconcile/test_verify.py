"""verify: every stored byte is read back, and every difference from the receipts is reported."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

from mhsync.core.checks import read_checks
from mhsync.core.layout import CHECKS
from mhsync.core.manifest import Limit, Manifest, StorageCopy
from mhsync.core.verification import Finding
from mhsync.errors import StorageError
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


class TestSample:
    """`sample` reads the oldest check first, and keeps the time of each check in the storage."""

    ALL = dict.fromkeys("abcde", "downloaded")

    def stored(self, reconcile_fixture):
        fixture = reconcile_fixture(*(complete(id_) for id_ in self.ALL))
        fixture.apply(self.ALL)
        return fixture

    def read(self, fixture, **more):
        return {file.id for file in verified(fixture, self.ALL, **more).files}

    def test_repeated_samples_read_everything_and_then_the_oldest_again(self, reconcile_fixture):
        fixture = self.stored(reconcile_fixture)
        times = iter(datetime(2026, 11, day, tzinfo=UTC) for day in range(1, 9))
        nights = [self.read(fixture, sample=Limit.parse("40%"), now=lambda: next(times)) for _ in range(4)]
        assert [len(night) for night in nights] == [2, 2, 2, 2]
        assert set.union(*nights[:3]) == set(self.ALL)
        assert nights[3] & nights[0] != set()

    def test_a_whole_verify_counts_once_a_sample_was_read(self, reconcile_fixture):
        fixture = self.stored(reconcile_fixture)
        path = fixture.folder / CHECKS
        verified(fixture, self.ALL)
        assert not path.exists(), "without samples nothing is written"
        assert self.read(fixture, sample=Limit(1)) == {"a"}
        verified(fixture, self.ALL)
        assert set(read_checks(path.read_bytes())) == set(self.ALL)

    def test_a_sample_finds_what_it_reads_and_looks_for_no_other_file(self, reconcile_fixture):
        fixture = self.stored(reconcile_fixture)
        (fixture.folder / "stray.txt").write_text("x")
        (fixture.folder / "a/output.wav").write_bytes(b"changed")
        found = verified(fixture, self.ALL, sample=Limit(1))
        assert findings(found) == {"a/output.wav": Finding.CHANGED}
        assert findings(verified(fixture, self.ALL, sample=Limit(1))) == {}

    def test_a_damaged_file_of_checks_is_begun_again(self, reconcile_fixture):
        fixture = self.stored(reconcile_fixture)
        self.read(fixture, sample=Limit(1))
        (fixture.folder / CHECKS).write_bytes(b"{")
        assert self.read(fixture, sample=Limit(1)) == {"a"}
        assert set(read_checks((fixture.folder / CHECKS).read_bytes())) == {"a"}

    def test_a_storage_that_cannot_keep_the_time_is_verified_all_the_same(self, reconcile_fixture, monkeypatch):
        fixture = self.stored(reconcile_fixture)
        real = LocalStorage.write

        def write(self, path):
            if path == CHECKS:
                raise StorageError("read only")
            return real(self, path)

        monkeypatch.setattr(LocalStorage, "write", write)
        assert self.read(fixture, sample=Limit(2)) == {"a", "b"}
