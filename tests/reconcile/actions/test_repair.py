"""Several storages of one manifest: one download feeds all, each loss is repaired from another, no early delete."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from mhsync.core.manifest import StorageCopy
from mhsync.core.plan import Action, Verdict
from mhsync.errors import StorageError
from mhsync.reconcile.progress import Warned
from mhsync.storage.local import LocalStorage
from mhsync.storage.receipts import receipt_path
from tests.reconcile.fixture import complete, outcomes, result_of


@pytest.fixture
def three(reconcile_fixture):
    """A function that makes a fixture with projects, and its three folders."""

    def make(*projects, min_copies=None):
        fixture = reconcile_fixture(*projects)
        folders = [fixture.folder, fixture.folder.parent / "second", fixture.folder.parent / "third"]
        plain = fixture.manifest

        def manifest(states, **options):
            (file,) = plain(states, **options).files
            copies = tuple(StorageCopy(str(folder)) for folder in folders[1:])
            return replace(plain(states), files=(replace(file, copies=copies, min_copies=min_copies),))

        fixture.manifest = manifest
        return fixture, folders

    return make


def digests(folder: Path) -> dict[str, str]:
    """Every visible file below a folder, by its path, with its sha256."""
    found = (p for p in folder.rglob("*") if p.is_file() and ".mhsync" not in p.parts)
    return {p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in found}


def receipt_in(folder: Path, id: str) -> dict | None:
    path = folder / receipt_path(id)
    return json.loads(path.read_text()) if path.exists() else None


def check_alike(folders, number: int) -> None:
    assert len(digests(folders[0])) == number
    assert digests(folders[0]) == digests(folders[1]) == digests(folders[2])


def test_one_download_feeds_all_storages(three):
    fixture, folders = three(complete("one", 2))
    assert outcomes(fixture.apply({"one": "downloaded"})) == {"one": "downloaded"}
    check_alike(folders, 2)
    assert len(fixture.sandbox.requests.of(host="files")) == 2, "each output is fetched once"
    for folder in folders:
        assert sorted(o["path"] for o in receipt_in(folder, "one")["outputs"]) == sorted(digests(folder))
    assert fixture.plan({"one": "downloaded"}).projects[0].verdict is Verdict.UNCHANGED


def test_an_original_is_deleted_once_every_copy_was_read_back_and_the_delete_is_in_every_receipt(three):
    fixture, folders = three(complete("one"))
    assert outcomes(fixture.apply({"one": "archived"})) == {"one": "archived"}
    check_alike(folders, 1)
    assert [receipt_in(folder, "one")["deletion"] for folder in folders] == ["deleted"] * 3
    fixture.sandbox.requests.clear()
    assert outcomes(fixture.apply({"one": "archived"})) == {"one": "unchanged"}
    assert len(fixture.sandbox.requests) == 0


@pytest.mark.parametrize("lost", [(0,), (1,), (0, 1), (1, 2), (0, 2)], ids=str)
@pytest.mark.parametrize("state", ["downloaded", "archived"])
def test_storages_that_are_emptied_are_repaired_without_the_api(three, state, lost):
    fixture, folders = three(complete("one", 2), complete("two"))
    fixture.apply({"one": state, "two": state})
    before = digests(folders[0])
    for number in lost:
        shutil.rmtree(folders[number])
    fixture.sandbox.requests.clear()
    (plan, _) = fixture.plan({"one": state, "two": state}).projects
    assert (plan.verdict, plan.actions, plan.reason_code) == (Verdict.CHANGE, (Action.REPAIR,), "copy_missing")
    seen = []
    report = fixture.apply({"one": state, "two": state}, observer=seen.append)
    assert outcomes(report) == {"one": "repaired", "two": "repaired"}
    warned = [event.message for event in seen if isinstance(event, Warned)]
    assert len(warned) == len(lost), warned
    assert all("is empty" in message for message in warned)
    check_alike(folders, 3)
    assert digests(folders[0]) == before
    assert len(fixture.sandbox.requests) == 0
    if state == "archived":
        assert [receipt_in(folder, "one")["deletion"] for folder in folders] == ["deleted"] * 3
    assert set(outcomes(fixture.apply({"one": state, "two": state})).values()) == {"unchanged"}


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_copy_of_another_size_is_replaced_and_the_changed_file_is_kept(three, number):
    fixture, folders = three(complete("one"))
    fixture.apply({"one": "archived"})
    (path,) = digests(folders[0])
    (folders[number] / path).write_bytes(b"an edit")
    assert outcomes(fixture.apply({"one": "archived"})) == {"one": "repaired"}
    whole = digests(folders[(number + 1) % 3])[path]
    kept = digests(folders[number])
    assert kept[path] == whole
    assert sorted(kept.values()) == sorted([whole, hashlib.sha256(b"an edit").hexdigest()])


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_copy_that_changed_by_one_byte_stops_the_delete_and_is_repaired_by_the_next_run(three, number):
    fixture, folders = three(complete("one"))
    fixture.apply({"one": "downloaded"})
    (path,) = digests(folders[0])
    whole = digests(folders[0])[path]
    file = folders[number] / path
    data = bytearray(file.read_bytes())
    data[1000] ^= 1
    file.write_bytes(data)
    report = fixture.apply({"one": "archived"})
    assert outcomes(report) == {"one": "failed"}
    assert result_of(report, "one").error.code == "copy_not_proved"
    assert fixture.sent("DELETE") == []
    assert outcomes(fixture.apply({"one": "archived"})) == {"one": "archived"}
    assert [digests(folder)[path] for folder in folders] == [whole] * 3


def test_fewer_verified_copies_are_enough_where_min_copies_says_so(three):
    fixture, folders = three(complete("one"), min_copies=2)
    fixture.apply({"one": "downloaded"})
    (path,) = digests(folders[0])
    data = bytearray((folders[2] / path).read_bytes())
    data[1000] ^= 1
    (folders[2] / path).write_bytes(data)
    seen = []
    assert outcomes(fixture.apply({"one": "archived"}, observer=seen.append)) == {"one": "archived"}
    warned = [event.message for event in seen if isinstance(event, Warned)]
    assert len(warned) == 1, warned
    assert str(folders[2]) in warned[0], "the damaged storage is named"
    assert outcomes(fixture.apply({"one": "archived"})) == {"one": "repaired"}
    assert outcomes(fixture.apply({"one": "archived"})) == {"one": "unchanged"}
    assert digests(folders[2])[path] == digests(folders[0])[path]


def test_a_hard_link_is_not_a_second_copy(three):
    fixture, folders = three(complete("one"))
    fixture.apply({"one": "downloaded"})
    (path,) = digests(folders[0])
    for folder in folders[1:]:
        (folder / path).unlink()
        (folder / path).hardlink_to(folders[0] / path)
    report = fixture.apply({"one": "archived"})
    assert outcomes(report) == {"one": "failed"}
    assert "hard link" in result_of(report, "one").error.message
    assert fixture.sent("DELETE") == []


def failing_writes(monkeypatch, folder: Path) -> None:
    """Each output that is written into the folder ends in an error, as on a full disk."""
    whole = LocalStorage.write

    def write(self, path):
        if self.folder == folder and not path.startswith(".mhsync/"):
            raise StorageError("no space left on device")
        return whole(self, path)

    monkeypatch.setattr(LocalStorage, "write", write)


def test_a_full_storage_stops_the_delete(three, monkeypatch):
    fixture, folders = three(complete("one"))
    with monkeypatch.context() as patch:
        failing_writes(patch, folders[1])
        report = fixture.apply({"one": "archived"})
    assert outcomes(report) == {"one": "failed"}
    assert fixture.sent("DELETE") == []
    assert outcomes(fixture.apply({"one": "archived"})) == {"one": "archived"}
    check_alike(folders, 1)


def test_a_full_storage_is_a_warning_where_enough_others_hold_the_project(three, monkeypatch):
    fixture, folders = three(complete("one"), min_copies=2)
    seen = []
    with monkeypatch.context() as patch:
        failing_writes(patch, folders[1])
        report = fixture.apply({"one": "downloaded"}, observer=seen.append)
    assert result_of(report, "one").error is None
    assert outcomes(report) == {"one": "downloaded"}
    assert any(isinstance(event, Warned) and "second" in event.message for event in seen)
    assert outcomes(fixture.apply({"one": "downloaded"})) == {"one": "repaired"}
    check_alike(folders, 1)


def test_an_unreadable_storage_fails_its_projects_and_nothing_is_deleted(three):
    fixture, folders = three(complete("one"))
    fixture.apply({"one": "downloaded"})
    (folders[1] / ".mhsync" / "receipts").rename(folders[1] / "elsewhere")
    (folders[1] / ".mhsync" / "receipts").write_text("not a folder")
    fixture.sandbox.requests.clear()
    assert outcomes(fixture.apply({"one": "archived"})) == {"one": "failed"}
    assert fixture.sent("DELETE") == []


def test_the_copy_is_lost_only_where_no_storage_has_it(three):
    fixture, folders = three(complete("one"))
    fixture.apply({"one": "archived"})
    for folder in folders[:2]:
        (folder / "one" / "output.wav").unlink()
    assert fixture.plan({"one": "archived"}).projects[0].actions == (Action.REPAIR,)
    (folders[2] / "one" / "output.wav").unlink()
    (plan,) = fixture.plan({"one": "archived"}).projects
    assert (plan.verdict, plan.reason_code) == (Verdict.BLOCKED, "copy_lost")


def test_a_download_follows_only_where_no_storage_has_a_whole_copy(three):
    fixture, folders = three(complete("one"))
    fixture.apply({"one": "downloaded"})
    for folder in folders:
        (folder / "one" / "output.wav").unlink()
    assert fixture.plan({"one": "downloaded"}).projects[0].actions == (Action.DOWNLOAD,)
    assert outcomes(fixture.apply({"one": "downloaded"})) == {"one": "downloaded"}
    check_alike(folders, 1)


def test_a_move_is_made_in_every_storage(three):
    fixture, folders = three(complete("one", 2), complete("two"))
    fixture.apply({"one": "downloaded", "two": "downloaded"})
    moved = {"one": ("downloaded", "a/{index}{ext}"), "two": ("downloaded", "b/{index}{ext}")}
    assert outcomes(fixture.apply(moved)) == {"one": "moved", "two": "moved"}
    check_alike(folders, 3)
    assert sorted(digests(folders[2])) == ["a/1.wav", "a/2.wav", "b/1.wav"]
    swapped = {"one": ("downloaded", "b/{index}{ext}"), "two": ("downloaded", "a/{index}{ext}")}
    assert outcomes(fixture.apply(swapped)) == {"one": "moved", "two": "moved"}
    check_alike(folders, 3)


def test_a_copy_that_was_not_moved_is_moved_by_the_next_run(three):
    fixture, folders = three(complete("one"))
    fixture.apply({"one": "downloaded"})
    shutil.copytree(folders[2], folders[2].parent / "old")
    moved = {"one": ("downloaded", "a/{index}{ext}")}
    fixture.apply(moved)
    shutil.rmtree(folders[2])
    (folders[2].parent / "old").rename(folders[2])
    assert fixture.plan(moved).projects[0].actions == (Action.MOVE,)
    assert outcomes(fixture.apply(moved)) == {"one": "moved"}
    check_alike(folders, 1)


def test_a_storage_that_is_added_later_is_filled(three, reconcile_fixture):
    fixture, folders = three(complete("one"))
    several = fixture.manifest
    (file,) = several({"one": "archived"}).files
    single = replace(several({"one": "archived"}), files=(replace(file, copies=()),))
    assert outcomes(fixture.apply(single)) == {"one": "archived"}
    assert outcomes(fixture.apply({"one": "archived"})) == {"one": "repaired"}
    check_alike(folders, 1)


def test_an_untracked_file_in_the_way_of_a_repair_is_kept(three):
    fixture, folders = three(complete("one"))
    fixture.apply({"one": "downloaded"})
    shutil.rmtree(folders[1])
    (folders[1] / "one").mkdir(parents=True)
    (folders[1] / "one" / "output.wav").write_bytes(b"not ours")
    report = fixture.apply({"one": "downloaded"})
    assert outcomes(report) == {"one": "blocked"}
    assert (folders[1] / "one" / "output.wav").read_bytes() == b"not ours"


def test_the_newest_record_wins(three):
    fixture, folders = three(complete("one"))
    fixture.apply({"one": "downloaded"})
    shutil.copytree(folders[1], folders[1].parent / "old")
    account = fixture.sandbox.account
    account.put(complete("one", size=5000))
    (folders[0] / "one" / "output.wav").unlink()
    (folders[1] / "one" / "output.wav").unlink()
    (folders[2] / "one" / "output.wav").unlink()
    fixture.apply({"one": "downloaded"})
    new = digests(folders[0])["one/output.wav"]
    shutil.rmtree(folders[1])
    (folders[1].parent / "old").rename(folders[1])
    assert digests(folders[1])["one/output.wav"] != new
    assert outcomes(fixture.apply({"one": "downloaded"})) == {"one": "repaired"}
    assert digests(folders[1])["one/output.wav"] == new
