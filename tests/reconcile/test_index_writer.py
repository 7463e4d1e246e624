"""The receipt index: settled projects cost one file, and it can neither hide a drift nor cause a delete."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from mhsync.core.layout import INDEX
from mhsync.errors import StorageError
from mhsync.settings import RunSettings, Settings
from mhsync.storage.base import FileInfo
from mhsync.storage.index_file import read_index, write_index
from mhsync.storage.local import LocalStorage
from mhsync.storage.receipts import receipt_path
from tests.reconcile.fixture import QUICK, ReconcileFixture, complete, outcomes

IDS = tuple(f"project-{number}" for number in range(8))
DOWNLOADED = dict.fromkeys(IDS, "downloaded")


@pytest.fixture
def stored(reconcile_fixture) -> ReconcileFixture:
    """Eight projects that are stored, and the index that the apply wrote."""
    fixture = reconcile_fixture(*map(complete, IDS))
    fixture.apply(DOWNLOADED)
    assert (fixture.folder / INDEX).exists()
    return fixture


def plan_json(fixture: ReconcileFixture, states=DOWNLOADED) -> dict:
    return fixture.plan(states).to_json()


@contextmanager
def without_index(fixture: ReconcileFixture) -> Iterator[None]:
    path = fixture.folder / INDEX
    data = path.read_bytes() if path.exists() else None
    path.unlink(missing_ok=True)
    yield
    if data is not None:
        path.write_bytes(data)


def check_same_plan(fixture: ReconcileFixture, states=DOWNLOADED) -> dict:
    """Plan with the index and without it: both must be the same."""
    found = plan_json(fixture, states)
    with without_index(fixture):
        assert plan_json(fixture, states) == found
    return found


def forge(fixture: ReconcileFixture, change: Callable[[list], list | None]) -> None:
    """Write the index again with changed rows and a digest that fits, as a forger would."""
    storage = LocalStorage(fixture.folder)
    api = fixture.sandbox.api_url
    rows = [row for batch in read_index(storage, api, size_max=10**9, row_max=10**6) for _, row in batch]
    lines = {row[0]: json.dumps(row).encode() for row in map(change, rows) if row is not None}
    write_index(storage, api, lines)


@pytest.fixture
def opened(monkeypatch) -> list[str]:
    """The paths of the files that are opened from now on, in order."""
    paths: list[str] = []
    real = LocalStorage.open

    def counting(self: LocalStorage, path: str):
        paths.append(path)
        return real(self, path)

    monkeypatch.setattr(LocalStorage, "open", counting)
    return paths


class TestWhatItCosts:
    @pytest.mark.parametrize("state", ["downloaded", "archived", "deleted"])
    def test_a_settled_plan_opens_one_file(self, reconcile_fixture, opened, state: str) -> None:
        fixture = reconcile_fixture(*map(complete, IDS))
        states = dict.fromkeys(IDS, state)
        fixture.apply(states)
        opened.clear()
        fixture.sandbox.requests.clear()
        assert fixture.plan(states).summary["unchanged"] == len(IDS)
        assert opened == [INDEX]
        assert fixture.sandbox.requests.all() == ()

    def test_of_a_storage_with_one_new_project_only_the_index_is_opened(self, stored, opened) -> None:
        stored.sandbox.account.put(complete("new"))
        opened.clear()
        plan = stored.plan({**DOWNLOADED, "new": "downloaded"})
        assert opened == [INDEX]
        assert plan.summary["download"] == 1
        assert [project.id for project in plan.judged] == ["new"]

    def test_a_settled_apply_opens_one_file_and_writes_nothing(self, stored, opened) -> None:
        before = (stored.folder / INDEX).stat()
        opened.clear()
        assert set(outcomes(stored.apply(DOWNLOADED)).values()) == {"unchanged"}
        assert opened == [INDEX]
        after = (stored.folder / INDEX).stat()
        assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)

    def test_with_only_the_other_rows_are_kept(self, stored, opened) -> None:
        (stored.folder / IDS[0] / "output.wav").unlink()
        stored.apply(DOWNLOADED, only=frozenset({IDS[0]}))
        opened.clear()
        assert stored.plan(DOWNLOADED).summary["unchanged"] == len(IDS)
        assert opened == [INDEX]

    def test_the_index_is_written_again_where_it_was_removed(self, stored, opened) -> None:
        (stored.folder / INDEX).unlink()
        check_same_plan(stored)
        assert not (stored.folder / INDEX).exists(), "plan writes nothing"
        stored.apply(DOWNLOADED)
        opened.clear()
        assert stored.plan(DOWNLOADED).summary["unchanged"] == len(IDS)
        assert opened == [INDEX]

    def test_an_interrupted_run_writes_it_unless_it_is_long(self, reconcile_fixture, opened) -> None:
        fixture = reconcile_fixture(*map(complete, IDS))
        for most, is_written in ((0, False), (100, True)):
            fixture.settings = replace(QUICK, run=RunSettings(index_rows_when_stopped=most))
            fixture.apply(DOWNLOADED, before_execute=lambda _: fixture.stop.request())
            fixture.stop._event.clear()
            (fixture.folder / INDEX).unlink(missing_ok=True)
            fixture.settings = QUICK
            fixture.apply(DOWNLOADED)
            (fixture.folder / INDEX).unlink()
            fixture.settings = replace(QUICK, run=RunSettings(index_rows_when_stopped=most))
            fixture.apply(DOWNLOADED, before_execute=lambda _: fixture.stop.request())
            fixture.stop._event.clear()
            assert (fixture.folder / INDEX).exists() is is_written

    def test_a_storage_without_versions_is_read_as_before(self, reconcile_fixture, opened, monkeypatch) -> None:
        real = LocalStorage.list
        monkeypatch.setattr(
            LocalStorage, "list", lambda self, prefix="": (FileInfo(i.path, i.size) for i in real(self, prefix))
        )
        monkeypatch.setattr("mhsync.storage.files.version_of", lambda info: None)
        fixture = reconcile_fixture(*map(complete, IDS))
        fixture.apply(DOWNLOADED)
        assert not (fixture.folder / INDEX).exists()
        opened.clear()
        assert fixture.plan(DOWNLOADED).summary["unchanged"] == len(IDS)
        assert sorted(opened) == sorted(map(receipt_path, IDS))

    def test_a_listing_is_enough_where_single_files_are_not_looked_at(self, stored, opened, monkeypatch) -> None:
        monkeypatch.setattr(LocalStorage, "sizes", lambda self, paths: None)
        opened.clear()
        assert check_same_plan(stored)["summary"]["unchanged"] == len(IDS)
        assert opened[0] == INDEX
        (stored.folder / IDS[3] / "output.wav").unlink()
        assert check_same_plan(stored)["summary"]["download"] == 1

    def test_a_plan_writes_nothing_and_a_failure_to_write_it_fails_no_apply(self, stored, monkeypatch) -> None:
        (stored.folder / INDEX).unlink()
        real = LocalStorage.write

        def read_only(self: LocalStorage, path: str):
            if path == INDEX:
                raise StorageError("the file system is read-only")
            return real(self, path)

        monkeypatch.setattr(LocalStorage, "write", read_only)
        assert set(outcomes(stored.apply(DOWNLOADED)).values()) == {"unchanged"}
        assert stored.plan(DOWNLOADED).summary["unchanged"] == len(IDS)


class TestDriftIsSeen:
    """With the index and without it."""

    def test_an_output_that_is_removed(self, stored) -> None:
        (stored.folder / IDS[2] / "output.wav").unlink()
        found = check_same_plan(stored)
        assert found["summary"]["download"] == 1
        assert found["projects"][2]["reason_code"] == "drift"

    def test_an_output_of_another_size(self, stored) -> None:
        with (stored.folder / IDS[2] / "output.wav").open("ab") as file:
            file.write(b"x")
        assert check_same_plan(stored)["projects"][2]["reason_code"] == "drift"

    def test_an_output_that_is_a_link_now(self, stored, tmp_path) -> None:
        folder = stored.folder / IDS[2]
        folder.rename(tmp_path / "elsewhere")
        folder.symlink_to(tmp_path / "elsewhere")
        with pytest.raises(AssertionError):
            assert stored.plan(DOWNLOADED).summary["unchanged"] == len(IDS)
        check_same_plan(stored)

    def test_a_receipt_that_is_removed(self, stored) -> None:
        (stored.folder / receipt_path(IDS[2])).unlink()
        found = check_same_plan(stored)
        assert found["projects"][2]["verdict"] != "unchanged" or found["projects"][2]["reason_code"] != "stored"

    def test_a_receipt_that_is_edited_in_place_right_after_the_apply(self, reconcile_fixture) -> None:
        """The edit may fall into the tick of the clock in which the receipt was written."""
        fixture = reconcile_fixture(*map(complete, IDS))
        for _ in range(10):
            fixture.apply(DOWNLOADED)
            path = fixture.folder / receipt_path(IDS[5])
            data = path.read_bytes()
            size = json.loads(data)["outputs"][0]["size"]
            with path.open("r+b") as file:
                file.write(data.replace(b'"size": %d' % size, b'"size": %d' % (size - 1)))
            assert plan_json(fixture)["projects"][5]["reason_code"] == "drift"
            check_same_plan(fixture)
            path.unlink()
            (fixture.folder / IDS[5] / "output.wav").unlink()

    def test_a_receipt_that_is_no_receipt(self, stored) -> None:
        (stored.folder / receipt_path(IDS[2])).write_bytes(b"{")
        assert check_same_plan(stored)["projects"][2]["verdict"] == "failed"

    def test_a_receipt_that_verify_has_marked(self, stored) -> None:
        from mhsync.reconcile.context import Stop
        from mhsync.reconcile.verify import verify

        path = stored.folder / IDS[2] / "output.wav"
        path.write_bytes(b"x" * path.stat().st_size)
        assert check_same_plan(stored)["summary"]["unchanged"] == len(IDS)
        manifest = stored.manifest(DOWNLOADED)
        verify(stored.hooks, manifest, settings=Settings(), stop=Stop())
        assert check_same_plan(stored)["projects"][2]["reason_code"] == "drift"

    def test_an_index_of_an_earlier_time(self, stored) -> None:
        """As a second writer without a lock leaves it: rows of receipts that were written since do not count."""
        index = stored.folder / INDEX
        earlier = index.read_bytes()
        stored.apply(dict.fromkeys(IDS, "archived"))
        index.write_bytes(earlier)
        states = dict.fromkeys(IDS, "archived")
        assert check_same_plan(stored, states)["summary"]["unchanged"] == len(IDS)
        assert check_same_plan(stored, dict.fromkeys(IDS, ("archived", "x/{id}{ext}")))["summary"]["move"] == len(
            IDS
        )

    def test_receipts_of_another_api(self, stored, reconcile_fixture) -> None:
        other = reconcile_fixture(*map(complete, IDS))
        assert other.folder == stored.folder
        assert check_same_plan(other)["summary"]["download"] == len(IDS)
        other.apply({IDS[0]: "downloaded"})
        for fixture in (stored, other):
            check_same_plan(fixture)


HOSTILE = {
    "empty": b"",
    "text": b"this is no index\n" * 1000,
    "deep": b"[" * 3_000_000,
    "zeros": b"\0" * 3_000_000,
    "one line": b'"' + b"x" * 3_000_000,
    "numbers": b"9" * 3_000_000 + b"\n",
}


class TestHostileIndexes:
    @pytest.mark.parametrize("kind", HOSTILE)
    def test_what_is_no_index_is_ignored_and_replaced(self, stored, opened, kind: str) -> None:
        (stored.folder / INDEX).write_bytes(HOSTILE[kind])
        assert plan_json(stored)["summary"]["unchanged"] == len(IDS)
        assert (stored.folder / INDEX).read_bytes() == HOSTILE[kind], "plan writes nothing"
        assert set(outcomes(stored.apply(DOWNLOADED)).values()) == {"unchanged"}
        opened.clear()
        stored.plan(DOWNLOADED)
        assert opened == [INDEX]

    def test_an_edit_that_would_hide_a_drift_is_seen(self, stored) -> None:
        (stored.folder / IDS[1] / "output.wav").write_bytes(b"x")
        index = stored.folder / INDEX
        text = index.read_text()
        index.write_text(text.replace(f'"{IDS[1]}/output.wav",2000', f'"{IDS[1]}/output.wav",1'))
        assert index.read_text() != text
        assert check_same_plan(stored)["projects"][1]["reason_code"] == "drift"

    def test_a_folder_or_a_link_in_its_place_is_ignored(self, stored, tmp_path) -> None:
        index = stored.folder / INDEX
        data = index.read_bytes()
        index.unlink()
        index.mkdir()
        assert plan_json(stored)["summary"]["unchanged"] == len(IDS)
        index.rmdir()
        (tmp_path / "index").write_bytes(data)
        index.symlink_to(tmp_path / "index")
        assert plan_json(stored)["summary"]["unchanged"] == len(IDS)
        assert set(outcomes(stored.apply(DOWNLOADED)).values()) == {"unchanged"}
        assert (tmp_path / "index").read_bytes() == data

    @pytest.mark.parametrize(
        "path", ["../outside.wav", "/etc/passwd", ".mhsync/lock", "a//b", "a\0b", "\ud800", "a\\b", "."]
    )
    def test_a_forged_path_leads_nowhere(self, stored, path: str) -> None:
        forge(stored, lambda row: [*row[:7], path, *row[8:]])
        assert plan_json(stored)["summary"]["unchanged"] == len(IDS)
        forge(stored, lambda row: [*row[:7], f"{row[0]}/{path}", *row[8:11], path])
        assert plan_json(stored)["summary"]["unchanged"] == len(IDS)

    def test_a_forged_row_causes_no_delete_that_the_receipt_does_not_allow(self, stored) -> None:
        """A forger may call a project settled. He cannot make mhsync delete or replace anything."""
        states = dict.fromkeys(IDS, "archived")
        for number, deletion in enumerate((None, "deleting", "deleted")):
            for refresh in (False, True):
                id_ = IDS[2 * number + refresh]
                path = stored.folder / id_ / "output.wav"
                path.write_bytes(b"x" * path.stat().st_size)
                forge(stored, lambda row, deletion=deletion: [*row[:6], deletion, *row[7:]])
                stored.apply(states, only=frozenset({id_}), refresh=refresh)
        assert stored.sent("DELETE") == []

    def test_a_forged_deleting_is_not_recorded_as_our_delete(self, stored) -> None:
        forge(stored, lambda row: [*row[:6], "deleting", *row[7:]])
        stored.sandbox.account.delete(IDS[0])
        stored.apply(DOWNLOADED, refresh=True)
        assert stored.receipt(IDS[0])["deletion"] is None


def test_a_kill_while_the_index_is_written_harms_nothing(stored, opened) -> None:
    (stored.folder / INDEX).unlink()
    code = """
import os, signal, sys
from mhsync.storage.files import TemporaryFile
from mhsync.storage.local import LocalStorage
from mhsync.storage.index_file import write_index
step = sys.argv[2]
def kill(*_, **__): os.kill(os.getpid(), signal.SIGKILL)
if step == "write": TemporaryFile.write = kill
if step == "sync": TemporaryFile.sync = kill
if step == "rename": os.replace = kill
write_index(LocalStorage(sys.argv[1]), sys.argv[3], {})
"""
    for step in ("write", "sync", "rename"):
        done = subprocess.run(
            [sys.executable, "-c", code, str(stored.folder), step, stored.sandbox.api_url], check=False, timeout=60
        )
        assert done.returncode == -signal.SIGKILL
        assert not (stored.folder / INDEX).exists()
        assert plan_json(stored)["summary"]["unchanged"] == len(IDS)
    stored.apply(DOWNLOADED)
    assert stored.leftovers() == []
    opened.clear()
    stored.plan(DOWNLOADED)
    assert opened == [INDEX]


class Changes:
    """Changes to a storage and to a manifest, chosen at random."""

    def __init__(self, fixture: ReconcileFixture, seed: int) -> None:
        self.fixture = fixture
        self.random = random.Random(seed)
        self.states: dict[str, str | tuple[str, str]] = dict(DOWNLOADED)
        self.index = fixture.folder / INDEX
        self.indexes: list[bytes] = []
        self.all = (
            self.apply, self.change_state, self.edit_receipt, self.remove_receipt, self.restore_index,
            self.damage_index, self.remove_output, self.write_output, self.remove_index,
        )  # fmt: skip

    def output(self) -> Path:
        return self.fixture.folder / self.random.choice(IDS) / "output.wav"

    def receipt(self) -> Path:
        return self.fixture.folder / receipt_path(self.random.choice(IDS))

    def apply(self) -> None:
        self.fixture.apply(self.states)

    def change_state(self) -> None:
        state = self.random.choice(("downloaded", "archived", "deleted"))
        self.states[self.random.choice(IDS)] = self.random.choice((state, (state, "x/{name}-{index}{ext}")))

    def edit_receipt(self) -> None:
        path = self.receipt()
        if path.exists():
            data = path.read_bytes()
            with path.open("r+b") as file:
                file.write(data.replace(b'"size": 2', b'"size": 3', 1))

    def remove_receipt(self) -> None:
        self.receipt().unlink(missing_ok=True)

    def restore_index(self) -> None:
        if self.index.exists():
            self.indexes.append(self.index.read_bytes())
        if self.indexes:
            self.index.write_bytes(self.random.choice(self.indexes))

    def damage_index(self) -> None:
        if self.index.exists():
            data = bytearray(self.index.read_bytes())
            data[self.random.randrange(len(data))] ^= 1 << self.random.randrange(8)
            self.index.write_bytes(data)

    def remove_index(self) -> None:
        self.index.unlink(missing_ok=True)

    def remove_output(self) -> None:
        self.output().unlink(missing_ok=True)

    def write_output(self) -> None:
        path = self.output()
        if path.parent.exists():
            path.write_bytes(b"x" * self.random.choice((2000, 10)))


@pytest.mark.parametrize("seed", range(6))
def test_any_sequence_of_changes_gives_the_same_plan_with_the_index_and_without(
    reconcile_fixture, seed: int
) -> None:
    fixture = reconcile_fixture(*(complete(id_, outputs=1 + number % 2) for number, id_ in enumerate(IDS)))
    changes = Changes(fixture, seed)
    changes.apply()
    for _ in range(40):
        changes.random.choice(changes.all)()
        check_same_plan(fixture, changes.states)
