"""move: stored outputs get the manifest's paths, and the receipt names a complete file at every moment."""

from __future__ import annotations

from contextlib import contextmanager

import pytest

from mhsync.errors import StorageError
from mhsync.hooks.manager import Hooks
from mhsync.storage.local import LocalStorage
from tests.reconcile.fixture import complete, outcomes, result_of


def test_a_changed_template_moves_without_a_download(reconcile_fixture):
    fixture = reconcile_fixture(complete("a"), complete("b", 2))
    fixture.apply({"a": "downloaded", "b": "downloaded"})
    fixture.sandbox.requests.clear()
    states = dict.fromkeys(("a", "b"), ("downloaded", "new/{id}-{index}{ext}"))
    assert outcomes(fixture.apply(states)) == {"a": "moved", "b": "moved"}
    assert set(fixture.files()) == {"new/a-1.wav", "new/b-1.wav", "new/b-2.wav"}
    assert fixture.sandbox.requests.all() == ()
    fixture.check_receipts_are_true()
    assert outcomes(fixture.apply(states)) == {"a": "unchanged", "b": "unchanged"}


def test_outputs_swap_paths(reconcile_fixture):
    fixture = reconcile_fixture(complete("a", size=1000), complete("b", size=3000), complete("c", size=5000))
    fixture.apply({i: ("downloaded", f"{i}{{ext}}") for i in "abc"})
    turned = {"a": ("downloaded", "b{ext}"), "b": ("downloaded", "c{ext}"), "c": ("downloaded", "a{ext}")}
    assert set(outcomes(fixture.apply(turned)).values()) == {"moved"}
    assert fixture.files() == {"b.wav": 1000, "c.wav": 3000, "a.wav": 5000}
    assert fixture.leftovers() == []
    fixture.check_receipts_are_true()


def test_a_case_only_change_goes_through_a_parked_name(reconcile_fixture):
    fixture = reconcile_fixture(complete("a"))
    fixture.apply({"a": ("downloaded", "song{ext}")})
    assert outcomes(fixture.apply({"a": ("downloaded", "Song{ext}")})) == {"a": "moved"}
    assert set(fixture.files()) == {"Song.wav"}
    assert fixture.leftovers() == []


@pytest.mark.parametrize(("old", "new"), [("song", "song/{filename}"), ("song/{filename}", "song")])
def test_a_file_becomes_a_folder_and_a_folder_a_file(reconcile_fixture, old, new):
    fixture = reconcile_fixture(complete("a"))
    fixture.apply({"a": ("downloaded", old)})
    assert outcomes(fixture.apply({"a": ("downloaded", new)})) == {"a": "moved"}
    assert list(fixture.files()) == [new.replace("{filename}", "output.wav")]
    assert fixture.leftovers() == []
    fixture.check_receipts_are_true()


def test_an_untracked_file_at_the_new_path_blocks_the_move_and_both_files_stay(reconcile_fixture):
    fixture = reconcile_fixture(complete("a"))
    fixture.apply({"a": "downloaded"})
    (fixture.folder / "new.wav").write_text("mine")
    report = fixture.apply({"a": ("downloaded", "new{ext}")})
    assert outcomes(report) == {"a": "blocked"}
    assert result_of(report, "a").error.code == "path_occupied"
    assert (fixture.folder / "new.wav").read_text() == "mine"
    assert (fixture.folder / "a/output.wav").exists()


def test_a_copy_that_does_not_match_is_not_moved_and_marked(reconcile_fixture):
    fixture = reconcile_fixture(complete("a"))
    fixture.apply({"a": "downloaded"})
    stored = fixture.folder / "a/output.wav"
    stored.write_bytes(b"x" * stored.stat().st_size)
    assert outcomes(fixture.apply({"a": ("downloaded", "new{ext}")})) == {"a": "failed"}
    assert fixture.receipt("a")["outputs"][0]["suspect"] is True
    assert outcomes(fixture.apply({"a": ("downloaded", "new{ext}")})) == {"a": "downloaded"}
    fixture.check_receipts_are_true()


class Dying(LocalStorage):
    """A folder whose nth change fails, as a machine that dies there."""

    changes = 0
    dies_at = 0

    def _count(self):
        Dying.changes += 1
        if Dying.changes == Dying.dies_at:
            raise StorageError("the machine died")

    @contextmanager
    def write(self, path):
        self._count()
        with super().write(path) as writer:
            yield writer
        self._count()

    def remove(self, path):
        self._count()
        super().remove(path)


@pytest.mark.parametrize("dies_at", range(1, 13))
def test_a_swap_that_is_interrupted_at_any_change_is_completed_by_the_next_run(
    reconcile_fixture, monkeypatch, dies_at
):
    fixture = reconcile_fixture(complete("a", size=1000), complete("b", size=3000))
    fixture.apply({"a": ("downloaded", "a{ext}"), "b": ("downloaded", "b{ext}")})
    swapped = {"a": ("downloaded", "b{ext}"), "b": ("downloaded", "a{ext}")}
    hooks = fixture.hooks
    monkeypatch.setattr(Hooks, "open_storage", lambda self, file: Dying(fixture.folder))
    Dying.changes, Dying.dies_at = 0, dies_at
    fixture.apply(swapped)
    assert Dying.changes >= dies_at, "the test must reach the change at which it dies"
    fixture.check_receipts_are_true()
    monkeypatch.undo()
    fixture.hooks = hooks
    for _ in range(2):
        report = fixture.apply(swapped)
    assert set(outcomes(report).values()) == {"unchanged"}
    assert fixture.files() == {"b.wav": 1000, "a.wav": 3000}
    assert fixture.leftovers() == []
    fixture.check_receipts_are_true()
