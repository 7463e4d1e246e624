"""gc: nothing is removed that is not proved to be unused."""

from __future__ import annotations

import json

import pytest

from mhsync import LockTimeout, Settings, Stop, collect_garbage
from mhsync.hooks.manager import Hooks
from mhsync.settings import RunSettings
from mhsync.storage.local import LocalStorage
from tests.reconcile.fixture import QUICK, complete

STATES = {"a": "downloaded", "b": "downloaded"}


class Storage:
    """A storage with two projects, and a file of each kind that `gc` lists."""

    def __init__(self, fixture):
        self.fixture = fixture
        self.folder = fixture.folder
        whole = (self.folder / "a/output.wav").read_bytes()
        self.record = {key: fixture.receipt("a")["outputs"][0][key] for key in ("size", "sha256")}
        self.write("old/a.wav", whole)
        self.write(".mhsync/moving/a-0", whole)
        self.write("mine.txt", b"mine")
        self.write("aside.wav", b"edited")
        self.change(
            "a", storing=[{"path": "old/a.wav", **self.record}], set_aside=[{"path": "aside.wav", **self.record}]
        )

    def write(self, path, data):
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / path).write_bytes(data)

    def change(self, id, **fields):
        path = self.folder / f".mhsync/receipts/{id}.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | fields))

    def gc(self, **more):
        manifest = self.fixture.manifest(STATES)
        return collect_garbage(manifest, hooks=Hooks.of(), **{"settings": QUICK, **more})

    def files(self):
        found = (p for p in self.folder.rglob("*") if p.is_file() and p.name != "lock")
        return {p.relative_to(self.folder).as_posix(): p.read_bytes() for p in found}


@pytest.fixture
def storage(reconcile_fixture):
    fixture = reconcile_fixture(complete("a"), complete("b"))
    fixture.apply(STATES)
    fixture.sandbox.requests.clear()
    return Storage(fixture)


def outcomes(report):
    return {file.path: file.outcome.value for file in report.files}


def test_without_remove_nothing_is_changed_and_no_lock_is_needed(storage):
    before = storage.files()
    with LocalStorage(storage.folder).lock():
        found = outcomes(storage.gc())
    assert found == {
        ".mhsync/moving/a-0": "unused",
        "aside.wav": "kept",
        "mine.txt": "kept",
        "old/a.wav": "unused",
    }
    assert storage.files() == before


def test_only_what_is_proved_to_be_unused_is_removed(storage):
    before = storage.files()
    report = storage.gc(remove=True)
    assert (report.summary, report.exit_code) == ({"unused": 0, "removed": 2, "kept": 2}, 0)
    removed = {".mhsync/moving/a-0", "old/a.wav"}
    assert {path for path in before if path not in storage.files()} == removed
    assert "storing" not in storage.fixture.receipt("a")
    assert not (storage.folder / "old").exists()
    assert set(outcomes(storage.gc(remove=True)).values()) == {"kept"}
    assert storage.fixture.plan(STATES).changes == ()
    assert len(storage.fixture.sandbox.requests) == 0


def test_a_superseded_file_with_other_bytes_is_kept(storage):
    storage.write("old/a.wav", b"edited")
    assert outcomes(storage.gc(remove=True))["old/a.wav"] == "kept"
    assert storage.files()["old/a.wav"] == b"edited"


@pytest.mark.parametrize("damage", [b"", None])
def test_nothing_of_a_project_is_removed_whose_outputs_are_not_whole(storage, damage):
    output = storage.folder / "a/output.wav"
    output.unlink() if damage is None else output.write_bytes(damage)
    report = storage.gc(remove=True)
    assert outcomes(report)["old/a.wav"] == "kept"
    assert report.exit_code == 1
    assert (storage.folder / "old/a.wav").exists()


@pytest.mark.parametrize("remove", [False, True])
def test_a_receipt_that_cannot_be_read_keeps_everything(storage, remove):
    (storage.folder / ".mhsync/receipts/b.json").write_text("{")
    before = storage.files()
    report = storage.gc(remove=remove)
    assert set(outcomes(report).values()) == {"kept"}
    assert report.exit_code == 1
    assert storage.files() == before


def test_a_file_that_a_record_of_another_api_names_is_kept(storage):
    receipt = storage.fixture.receipt("a")
    other = {**receipt, "api": "https://other.example", "storing": [], "set_aside": []}
    other["outputs"] = [{**receipt["outputs"][0], "path": "old/a.wav"}]
    storage.change("a", others=[other])
    storage.gc(remove=True)
    assert (storage.folder / "old/a.wav").exists()


def test_files_of_a_download_that_was_killed_are_kept(storage):
    storage.change("a", outputs=[], stored_at=None)
    assert outcomes(storage.gc(remove=True))["old/a.wav"] == "kept"
    assert (storage.folder / "old/a.wav").exists()


def test_the_lock_of_the_storage_is_held(storage):
    with LocalStorage(storage.folder).lock(), pytest.raises(LockTimeout):
        storage.gc(remove=True, settings=Settings(run=RunSettings(lock_timeout=0)))


def test_a_stop_request_removes_nothing(storage):
    stop = Stop()
    stop.request()
    before = storage.files()
    assert storage.gc(remove=True, stop=stop).exit_code == 130
    assert storage.files() == before
