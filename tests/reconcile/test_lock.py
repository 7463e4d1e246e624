"""lock: what is stored is written to lock files, and what differs from them is refused."""

from __future__ import annotations

import json

import pytest

from mhsync import LockMismatch, UsageError, load_manifests, write_locks
from mhsync.hooks.manager import Hooks
from mhsync.reconcile.context import Stop
from mhsync.reconcile.copy_project import CopyContext
from mhsync.reconcile.lock import check_locked
from tests.reconcile.fixture import QUICK, complete


class Locked:
    def __init__(self, fixture):
        self.fixture = fixture
        self.api = fixture.sandbox.api_url
        self.manifest = self.write("[{id: a}, {id: b, path: 'new/{id}{ext}'}, {id: later}]")
        self.file = fixture.folder.parent / "m.lock.json"

    def write(self, projects):
        path = self.fixture.folder.parent / "m.yaml"
        path.write_text(f"version: 1\nstorage: ./outputs\nprojects: {projects}\n")
        return load_manifests(path)

    def lock(self):
        return write_locks(self.manifest, api=self.api, hooks=Hooks.of(), settings=QUICK)

    def check(self, **more):
        check_locked(CopyContext(self.api, QUICK, Stop()), Hooks.of(), self.manifest, **more)

    def forge(self, id="a"):
        """Change an output and its receipt, as someone with write access to the storage could."""
        path = self.fixture.folder / f".mhsync/receipts/{id}.json"
        receipt = json.loads(path.read_text())
        receipt["outputs"][0]["sha256"] = "00" * 32
        path.write_text(json.dumps(receipt))


@pytest.fixture
def locked(reconcile_fixture):
    fixture = reconcile_fixture(complete("a", 2), complete("b"), complete("later"))
    fixture.apply({"a": "downloaded", "b": ("downloaded", "new/{id}{ext}")})
    return Locked(fixture)


def test_the_lock_file_has_every_stored_output_and_does_not_change_by_itself(locked):
    (written,) = locked.lock()
    assert (written.path, written.outputs, written.not_stored) == (str(locked.file), 3, ("later",))
    assert [o["path"] for o in json.loads(locked.file.read_text())["outputs"]] == [
        "a/output-2.wav",
        "a/output.wav",
        "new/b.wav",
    ]
    before = locked.file.stat().st_mtime_ns
    locked.lock()
    assert locked.file.stat().st_mtime_ns == before
    locked.check()


def test_a_receipt_that_differs_is_refused(locked):
    locked.lock()
    locked.forge()
    with pytest.raises(LockMismatch) as caught:
        locked.check()
    assert [(p.id, p.code) for p in caught.value.problems] == [("a", "lock_mismatch")]
    locked.check(only=frozenset("b"))


def test_a_stored_project_that_the_lock_file_does_not_have_is_refused(locked):
    locked.lock()
    locked.fixture.apply({"later": "downloaded"})
    with pytest.raises(LockMismatch, match="does not have it"):
        locked.check()
    locked.lock()
    locked.check()


def test_a_damaged_or_unreadable_project_gives_no_lock_file(locked):
    (locked.fixture.folder / "a/output.wav").unlink()
    with pytest.raises(LockMismatch):
        locked.lock()
    assert not locked.file.exists()


def test_another_file_is_not_replaced(locked):
    locked.file.write_text("mine")
    with pytest.raises(UsageError):
        locked.lock()
    assert locked.file.read_text() == "mine"


@pytest.mark.parametrize("text", [None, "{", '{"format": "mhsync.lock/9", "outputs": []}'])
def test_a_lock_file_that_is_missing_or_invalid_is_an_error(locked, text):
    if text is not None:
        locked.file.write_text(text)
    with pytest.raises(UsageError, match=r"m\.lock\.json"):
        locked.check()


def test_a_folder_of_manifests_may_contain_lock_files(locked):
    locked.lock()
    assert load_manifests(locked.fixture.folder.parent).ids == {"a", "b", "later"}
