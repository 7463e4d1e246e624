"""copy_storage: between storages of any plugin, resumable, and never deleting at the source."""

from __future__ import annotations

import importlib
import json
import shutil
from pathlib import Path

import pytest

from mhsync import LockTimeout, MhsyncError, Settings, Stop, StorageUnavailable, copy_storage
from mhsync.hooks.manager import Hooks
from mhsync.settings import RunSettings
from mhsync.storage.local import LocalStorage
from tests.reconcile.fixture import QUICK, complete

EXAMPLE = Path(__file__).parents[2] / "examples/mhsync-example-storage"
STATES = {"a": "archived", "b": "downloaded", "c": "deleted"}


@pytest.fixture
def stored(reconcile_fixture):
    fixture = reconcile_fixture(complete("a", 2), complete("b"), complete("c"))
    fixture.apply(STATES)
    return fixture


@pytest.fixture
def sqlite(monkeypatch, tmp_path):
    """Hooks with a storage that keeps all files in one SQLite file, and its URL."""
    monkeypatch.syspath_prepend(str(EXAMPLE))
    return Hooks.of(example=importlib.import_module("mhsync_example_storage.plugin")), f"sqlite://{tmp_path}/s.db"


def copy(source, target, hooks=None, **more):
    return copy_storage(str(source), str(target), hooks=hooks or Hooks.of(), settings=QUICK, **more)


def outcomes(report):
    return {project.id: project.outcome.value for project in report.projects}


def state(folder):
    """All files of a folder, without the lock and the index."""
    found = (p for p in folder.rglob("*") if p.is_file() and p.name not in ("lock", "receipts-index.jsonl"))
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in found}


def test_to_a_plugin_and_back_gives_the_same_files_and_receipts(stored, sqlite, tmp_path):
    hooks, url = sqlite
    before = state(stored.folder)
    assert set(outcomes(copy(stored.folder, url, hooks)).values()) == {"copied"}
    assert set(outcomes(copy(url, tmp_path / "back", hooks)).values()) == {"copied"}
    assert state(tmp_path / "back") == before == state(stored.folder)
    assert copy(stored.folder, url, hooks, check=True).exit_code == 0
    assert set(outcomes(copy(stored.folder, url, hooks)).values()) == {"unchanged"}


def test_a_changed_storage_of_the_manifest_is_settled(stored, sqlite):
    hooks, url = sqlite
    copy(stored.folder, url, hooks)
    stored.hooks = hooks
    stored.sandbox.requests.clear()
    assert stored.plan(stored.manifest(STATES, storage=url)).changes == ()
    assert len(stored.sandbox.requests) == 0


def test_the_record_of_a_delete_is_copied_and_kept(stored, tmp_path):
    copy(stored.folder, tmp_path / "copy")
    path = stored.folder / ".mhsync/receipts/c.json"
    receipt = json.loads(path.read_text())
    assert receipt["deletion"] == "deleted"
    path.write_text(json.dumps(receipt | {"deletion": None, "deleted_at": None, "deleting_at": None}))
    copy(stored.folder, tmp_path / "copy")
    assert json.loads((tmp_path / "copy/.mhsync/receipts/c.json").read_text())["deletion"] == "deleted"
    copy(tmp_path / "copy", stored.folder)
    assert json.loads(path.read_text())["deletion"] == "deleted"


def test_a_check_reads_every_byte_and_writes_nothing(stored, tmp_path):
    target = tmp_path / "copy"
    assert outcomes(copy(stored.folder, target, check=True)) == dict.fromkeys("abc", "missing")
    assert not target.exists()
    copy(stored.folder, target)
    flipped = target / "a/output.wav"
    flipped.write_bytes(b"?" + flipped.read_bytes()[1:])
    before = state(target)
    report = copy(stored.folder, target, check=True)
    assert outcomes(report) == {"a": "differs", "b": "unchanged", "c": "unchanged"}
    assert report.exit_code == 1
    assert state(target) == before


def test_the_failure_of_one_project_stops_no_other(stored, tmp_path):
    (stored.folder / ".mhsync/receipts/b.json").write_text("{")
    report = copy(stored.folder, tmp_path / "copy")
    assert outcomes(report) == {"a": "copied", "b": "failed", "c": "copied"}
    assert report.exit_code == 1


class Full(LocalStorage):
    """A storage without space for outputs."""

    def write(self, path):
        if path.endswith(".wav"):
            raise MhsyncError("no space left")
        return super().write(path)


class Gone(LocalStorage):
    def list(self, prefix=""):
        raise StorageUnavailable("the server is gone")


def hooks_with(storage):
    class Plugin:
        from mhsync import hookimpl

        @hookimpl
        def mhsync_storage_schemes(self):
            return {"test": lambda url, options: storage}

    return Hooks.of(test=Plugin())


def test_a_full_target_fails_each_project_and_names_nothing_as_stored(stored, tmp_path):
    report = copy(stored.folder, "test://x/y", hooks_with(Full(tmp_path / "full")))
    assert outcomes(report) == {"a": "failed", "b": "failed", "c": "copied"}
    assert set(outcomes(copy(stored.folder, tmp_path / "full")).values()) == {"copied", "unchanged"}


@pytest.mark.parametrize("is_source", [True, False])
def test_a_storage_that_cannot_be_listed_is_an_error(stored, tmp_path, is_source):
    hooks = hooks_with(Gone(tmp_path / "gone"))
    places = ("test://x/y", stored.folder) if is_source else (stored.folder, "test://x/y")
    with pytest.raises(StorageUnavailable):
        copy(*places, hooks)


def test_a_target_that_another_run_holds_is_not_written(stored, tmp_path):
    target = tmp_path / "copy"
    quick = Settings(run=RunSettings(lock_timeout=0))
    with LocalStorage(target).lock(), pytest.raises(LockTimeout):
        copy_storage(stored.folder, target, hooks=Hooks.of(), settings=quick)
    assert state(target) == {}


def test_two_projects_that_name_one_path_in_the_source_are_not_mixed(stored, tmp_path):
    receipts = stored.folder / ".mhsync/receipts"
    forged = json.loads((receipts / "a.json").read_text()) | {"id": "d"}
    (receipts / "d.json").write_text(json.dumps(forged))
    found = outcomes(copy(stored.folder, tmp_path / "copy"))
    assert sorted((found["a"], found["d"])) == ["copied", "failed"]


def test_temporary_files_of_killed_runs_are_cleared(stored, tmp_path):
    old = tmp_path / "copy/.mhsync/tmp/999999-abc.wav"
    old.parent.mkdir(parents=True)
    old.write_bytes(b"half")
    copy(stored.folder, tmp_path / "copy")
    assert not old.exists()


def test_a_stop_request_leaves_the_rest_for_the_next_copy(stored, tmp_path):
    stop = Stop()
    stop.request()
    report = copy(stored.folder, tmp_path / "copy", stop=stop)
    assert (set(outcomes(report).values()), report.exit_code) == ({"not_attempted"}, 130)
    assert set(outcomes(copy(stored.folder, tmp_path / "copy")).values()) == {"copied"}


def test_what_was_stored_meanwhile_is_copied_by_the_next_copy(stored, tmp_path):
    target = tmp_path / "copy"
    copy(stored.folder, target)
    shutil.rmtree(stored.folder / "b")
    stored.apply(STATES | {"b": ("downloaded", "elsewhere/{filename}")})
    report = copy(stored.folder, target)
    assert outcomes(report)["b"] == "unchanged", "the target has the same bytes under its own path"
    assert (target / "b/output.wav").exists()
