"""`Reconciler.status`: what is desired, live and stored; it changes nothing and requests no more than `plan`."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mhsync.core.plan import Verdict
from mhsync.errors import Interrupted, StorageError
from mhsync.hooks.manager import Hooks
from mhsync.reconcile.status import status
from mhsync.storage.local import LocalStorage
from tests.reconcile.fixture import complete

MANIFEST = {"a": "downloaded", "b": "archived", "c": "deleted", "d": "downloaded"}


@pytest.fixture
def fixture(reconcile_fixture):
    """Projects a, b and c as desired; d is not in the account."""
    found = reconcile_fixture(complete("a", 2), complete("b"), complete("c"))
    found.apply(MANIFEST)
    return found


def listed(fixture, **changes):
    return fixture.with_run(lambda run: status(run, fixture._manifest(MANIFEST)), changes)


def tree(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*")}


def test_every_project_is_listed_with_its_facts(fixture):
    report = listed(fixture)
    a, b, c, d = report.projects
    assert (a.credits, a.outputs[0].audio_format) == (2, "wav")
    assert (a.name, a.plan.status, len(a.in_place), a.is_stored) == ("Name of a", None, 2, True)
    assert (b.name, b.is_stored, b.deleted_at is not None) == ("Name of b", True, True)
    assert (c.is_stored, c.deleted_at is not None, c.verdict) == (False, True, Verdict.UNCHANGED)
    assert (d.name, d.plan.status, d.verdict) == (None, "gone", Verdict.BLOCKED)
    assert report.has_blocked
    assert report.total.files == 3
    assert (datetime.now(UTC) - report.observed_at).total_seconds() < 60


def test_only_projects_that_are_not_settled_are_requested_and_all_with_refresh(fixture):
    before = len(fixture.sandbox.requests)
    listed(fixture)
    assert [entry.id for entry in fixture.sandbox.requests][before:] == ["d"]
    listed(fixture, refresh=True)
    assert sorted(entry.id for entry in list(fixture.sandbox.requests)[before + 1 :]) == ["a", "b", "c", "d"]


def test_only_lists_no_other_project(fixture):
    assert [project.id for project in listed(fixture, only=frozenset({"b"})).projects] == ["b"]


def test_nothing_is_written_and_no_event_is_sent(fixture, monkeypatch):
    before, requests = tree(fixture.folder), len(fixture.sandbox.requests)
    sent = []
    monkeypatch.setattr(Hooks, "event", lambda self, event: sent.append(event))
    listed(fixture, refresh=True)
    assert sent == []
    assert tree(fixture.folder) == before
    assert {entry.method for entry in list(fixture.sandbox.requests)[requests:]} == {"GET"}


def test_durations_are_read_from_the_files(fixture):
    a = listed(fixture).projects[0]
    assert [output.duration for output in a.outputs] == pytest.approx([0.06, 0.06])
    assert a.duration == pytest.approx(0.12)


def test_a_file_that_cannot_be_read_has_no_duration(fixture, monkeypatch):
    def fail(*_):
        raise StorageError("cannot be read")

    monkeypatch.setattr(LocalStorage, "open", lambda self, path, real=LocalStorage.open: (
        fail() if path.endswith(".wav") else real(self, path)
    ))  # fmt: skip
    a = listed(fixture).projects[0]
    assert (a.is_stored, a.duration) == (True, None)


def test_files_of_remote_storages_are_not_opened(fixture, monkeypatch):
    monkeypatch.setattr(LocalStorage, "is_local", False)
    opened = []
    monkeypatch.setattr(LocalStorage, "open", lambda self, path, real=LocalStorage.open: (
        opened.append(path), real(self, path)
    )[1])  # fmt: skip
    assert listed(fixture).projects[0].duration is None
    assert [path for path in opened if path.endswith(".wav")] == []


def test_a_missing_file_is_not_counted(fixture):
    next(fixture.folder.glob("a/*.wav")).unlink()
    a = listed(fixture).projects[0]
    assert (len(a.in_place), len(a.outputs), a.is_stored) == (1, 2, False)


def test_a_stop_ends_it(fixture):
    fixture.stop.request()
    with pytest.raises(Interrupted):
        listed(fixture)
