"""Every file that an interrupted run leaves is named by a receipt. The next runs adopt or remove it."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from itertools import count

import pytest

from mhsync.errors import StorageError
from mhsync.hooks.manager import Hooks
from mhsync.storage.local import LocalStorage
from tests.reconcile.fixture import complete, outcomes

OLD, NEW, THIRD = "old/{id}-{index}{ext}", "new/{id}/{filename}", "{index}/{id}{ext}"
STRIDE = 1 if os.environ.get("MHSYNC_LONG") else 4
"""A run is killed at one of its changes; the tests try many of them."""


class Dead(StorageError):
    """Everything after this fails too, as for a process that is gone."""


class Dying(LocalStorage):
    """A folder of a run that is killed right before or after one of its changes."""

    changes = 0
    dies_at = 0

    def _count(self):
        Dying.changes += 1
        if Dying.changes >= Dying.dies_at:
            raise Dead("the run was killed")

    @contextmanager
    def write(self, path):
        self._count()
        with super().write(path) as writer:
            yield writer
            self._count()
        self._count()

    def remove(self, path):
        self._count()
        super().remove(path)
        self._count()


def killed(fixture, monkeypatch, states, dies_at: int) -> bool:
    """Apply, and die at one change; whether the run came that far."""
    Dying.changes, Dying.dies_at = 0, dies_at
    with monkeypatch.context() as patch:
        patch.setattr(Hooks, "open_storage", lambda self, file: Dying(fixture.folder))
        fixture.apply(states)
    return Dying.changes >= dies_at


def converge(fixture, states) -> None:
    for _ in range(4):
        last = set(outcomes(fixture.apply(states)).values())
        if last == {"unchanged"}:
            break
    assert last == {"unchanged"}
    assert fixture.unnamed() == []
    assert fixture.leftovers() == []
    for id_ in states:
        assert "storing" not in fixture.receipt(id_)
    fixture.check_receipts_are_true()


def every_kill(fixture, monkeypatch, before, run, after) -> None:
    """Kill a run at each of its changes in turn, from the same start each time, and change the templates after it."""
    for dies_at in count(1, STRIDE):
        shutil.rmtree(fixture.folder, ignore_errors=True)
        fixture.apply(before)
        if not killed(fixture, monkeypatch, run, dies_at):
            assert dies_at > 5, "the run makes changes"
            return
        assert [found for found in fixture.unnamed() if not found.endswith("/")] == [], dies_at
        fixture.check_receipts_are_true()
        converge(fixture, after)


def test_a_download_that_is_killed_before_the_template_changes_leaves_nothing_unnamed(
    reconcile_fixture, monkeypatch
):
    fixture = reconcile_fixture(complete("a", 2))
    every_kill(fixture, monkeypatch, {}, {"a": ("downloaded", OLD)}, {"a": ("downloaded", NEW)})


def test_a_download_that_is_killed_is_adopted_where_the_template_stays(reconcile_fixture, monkeypatch):
    fixture = reconcile_fixture(complete("a", 2))
    every_kill(fixture, monkeypatch, {}, {"a": ("downloaded", OLD)}, {"a": ("downloaded", OLD)})


@pytest.mark.parametrize("after", [OLD, NEW, THIRD])
def test_a_move_that_is_killed_before_the_template_changes_leaves_nothing_unnamed(
    reconcile_fixture, monkeypatch, after
):
    fixture = reconcile_fixture(complete("a", 2), complete("b"))
    ids = ("a", "b")
    every_kill(
        fixture,
        monkeypatch,
        dict.fromkeys(ids, ("downloaded", OLD)),
        dict.fromkeys(ids, ("downloaded", NEW)),
        dict.fromkeys(ids, ("downloaded", after)),
    )


@pytest.mark.parametrize("after", [("a", "b"), ("b", "a"), ("c", "a"), ("b", "c")], ids="".join)
def test_a_swap_that_is_killed_before_the_template_changes_blocks_no_project(
    reconcile_fixture, monkeypatch, after
):
    fixture = reconcile_fixture(complete("a", size=1000), complete("b", size=3000))

    def at(one, other):
        return {"a": ("downloaded", f"{one}{{ext}}"), "b": ("downloaded", f"{other}{{ext}}")}

    every_kill(fixture, monkeypatch, at("a", "b"), at("b", "a"), at(*after))


def test_a_second_version_that_is_killed_is_known_and_not_set_aside(reconcile_fixture, monkeypatch):
    """The new bytes are visible and the receipt names the old ones, although no user changed the file."""
    fixture = reconcile_fixture()
    for dies_at in count(1, STRIDE):
        shutil.rmtree(fixture.folder, ignore_errors=True)
        fixture.sandbox.account.put(complete("a", 1))
        fixture.apply({"a": ("downloaded", "{index}{ext}")})
        fixture.sandbox.account.put(complete("a", 2, size=3000))
        if not killed(fixture, monkeypatch, {"a": ("archived", "{index}{ext}")}, dies_at):
            break
        fixture.apply({"a": ("archived", "{index}{ext}")})
        assert fixture.files() == {"1.wav": 3000, "2.wav": 3000}
        assert fixture.unnamed() == []


def test_an_edit_is_set_aside_once_wherever_the_run_is_killed(reconcile_fixture, monkeypatch):
    fixture = reconcile_fixture(complete("a"))
    for dies_at in count(1, STRIDE):
        shutil.rmtree(fixture.folder, ignore_errors=True)
        fixture.apply({"a": ("downloaded", OLD)})
        (fixture.folder / "old/a-1.wav").write_bytes(b"an edit")
        if not killed(fixture, monkeypatch, {"a": ("downloaded", OLD)}, dies_at):
            break
        fixture.apply({"a": ("downloaded", OLD)})
        assert {path: (fixture.folder / path).read_bytes() for path in fixture.files() if "changed" in path} == {
            "old/a-1.changed-1.wav": b"an edit"
        }
        assert fixture.unnamed() == []
        fixture.check_receipts_are_true()


def test_a_parked_copy_that_no_receipt_names_is_cleared(reconcile_fixture):
    fixture = reconcile_fixture(complete("a"))
    moving = fixture.folder / ".mhsync/moving"
    moving.mkdir(parents=True)
    (moving / "a-0").write_bytes(b"a copy")
    (moving / "gone-0").write_bytes(b"a copy")
    fixture.apply({"a": "downloaded"})
    assert fixture.leftovers() == []


def test_complete_recorded_files_stay_until_the_outputs_are_stored(reconcile_fixture, monkeypatch):
    """They may be the only copy: nothing is removed while the download fails."""
    fixture = reconcile_fixture(complete("a"))
    for dies_at in count(1):
        assert killed(fixture, monkeypatch, {"a": ("downloaded", OLD)}, dies_at)
        if fixture.files():
            break
    fixture.sandbox.account.delete("a")
    for path in (OLD, NEW):
        assert outcomes(fixture.apply({"a": ("downloaded", path)})) == {"a": "blocked"}
    assert set(fixture.files()) == {"old/a-1.wav"}
    assert fixture.unnamed() == []


def places(one: str, other: str):
    return {"a": ("downloaded", f"{one}/{{index}}{{ext}}"), "b": ("downloaded", f"{other}/{{index}}{{ext}}")}


@pytest.mark.parametrize("lost", ["p/1.wav", "p/2.wav"])
@pytest.mark.parametrize("both", [False, True], ids=["one is downloaded again", "both are"])
def test_projects_that_swap_paths_do_not_wait_for_each_other(reconcile_fixture, lost, both):
    """One is downloaded again, so its other files stay until it is stored; the other project is to go there."""
    fixture = reconcile_fixture(complete("a", 2, size=1000), complete("b", 2, size=3000))
    fixture.apply(places("p", "q"))
    (fixture.folder / lost).unlink()
    if both:
        (fixture.folder / "q/1.wav").unlink()
    report = fixture.apply(places("q", "p"))
    assert outcomes(report) == {"a": "downloaded", "b": "downloaded" if both else "moved"}
    assert fixture.files() == {"q/1.wav": 1000, "q/2.wav": 1000, "p/1.wav": 3000, "p/2.wav": 3000}
    assert fixture.leftovers() == []
    assert fixture.unnamed() == []
    fixture.check_receipts_are_true()


def test_an_edited_file_at_a_path_of_another_project_stays_and_blocks_it(reconcile_fixture):
    fixture = reconcile_fixture(complete("a", 2, size=1000), complete("b", 2, size=3000))
    fixture.apply(places("p", "q"))
    (fixture.folder / "p/1.wav").write_bytes(b"an edit")
    report = fixture.apply(places("q", "p"))
    assert outcomes(report)["b"] == "blocked"
    assert (fixture.folder / "p/1.wav").read_bytes() == b"an edit"
    assert fixture.unnamed() == []
    fixture.apply(places("q", "p"))
    (fixture.folder / "p/1.wav").unlink()
    for _ in range(2):
        report = fixture.apply(places("q", "p"))
    assert set(outcomes(fixture.apply(places("q", "p"))).values()) == {"unchanged"}


@pytest.mark.parametrize("after", [("q", "p"), ("r", "p"), ("p", "q")], ids="".join)
def test_a_swap_of_paths_with_a_killed_download_is_completed(reconcile_fixture, monkeypatch, after):
    fixture = reconcile_fixture(complete("a", 2, size=1000), complete("b", 2, size=3000))
    for dies_at in count(1, STRIDE):
        shutil.rmtree(fixture.folder, ignore_errors=True)
        fixture.apply(places("p", "q"))
        (fixture.folder / "p/2.wav").unlink()
        if not killed(fixture, monkeypatch, places("q", "p"), dies_at):
            break
        assert [found for found in fixture.unnamed() if not found.endswith("/")] == [], dies_at
        converge(fixture, places(*after))
