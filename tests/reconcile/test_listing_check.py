"""A listing may omit files: no original is deleted and no copy is called lost because of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from mhsync import hookimpl
from mhsync.core.plan import Verdict
from mhsync.core.run_report import Outcome
from mhsync.hooks.manager import Hooks
from mhsync.storage.base import FileInfo
from mhsync.storage.local import LocalStorage
from tests.reconcile.fixture import ReconcileFixture, complete, outcomes, result_of

Omits = Callable[[str], bool]


class OmittingStorage(LocalStorage):
    """A folder whose listing omits some paths; everything else sees them, as on nginx with `dav_ext`."""

    omits: Omits = staticmethod(lambda path: False)

    def list(self, prefix: str = "") -> Iterator[FileInfo]:
        return (info for info in super().list(prefix) if not self.omits(info.path))


class OmittingPlugin:
    def __init__(self, omits: Omits) -> None:
        self.omits = omits

    @hookimpl
    def mhsync_storage_schemes(self) -> Mapping[str, Any]:
        return {"omitting": self._open}

    def _open(self, url: str, options: Mapping[str, Any]) -> OmittingStorage:
        storage = OmittingStorage(url.removeprefix("omitting://"))
        storage.omits = self.omits
        return storage


def has_dot_name(path: str) -> bool:
    return path.startswith(".") or "/." in path


@pytest.fixture
def omitting(reconcile_fixture) -> Callable[..., ReconcileFixture]:
    def start(omits: Omits, *ids: str) -> ReconcileFixture:
        fixture = reconcile_fixture(*(complete(id_) for id_ in ids))
        fixture.hooks = Hooks.of(omitting=OmittingPlugin(omits))
        return fixture

    return start


def archived(fixture: ReconcileFixture, *ids: str):
    return fixture.manifest(dict.fromkeys(ids, "archived"), storage=f"omitting://{fixture.folder}")


def test_an_original_is_kept_if_the_listing_omits_its_receipt(omitting):
    fixture = omitting(has_dot_name, "one", "two")
    report = fixture.apply(archived(fixture, "one", "two"))
    assert fixture.sent("DELETE") == []
    assert set(outcomes(report).values()) == {"failed"}
    message = result_of(report, "one").error.message
    assert "does not list .mhsync/receipts/one.json" in message
    assert "was not deleted" in message


def test_an_original_is_kept_if_the_listing_omits_its_output(omitting):
    fixture = omitting(lambda path: path.startswith("one/"), "one", "two")
    report = fixture.apply(archived(fixture, "one", "two"))
    assert fixture.sent("DELETE") == ["two"]
    assert outcomes(report) == {"one": "failed", "two": "archived"}


def test_a_listing_that_fails_before_the_deletes_deletes_nothing(omitting, reconcile_fixture):
    calls: list[str] = []

    def fails_once_outputs_are_there(path: str) -> bool:
        calls.append(path)
        if path == "one/output.wav":
            raise OSError("the listing broke")
        return False

    fixture = omitting(fails_once_outputs_are_there, "one")
    report = fixture.apply(archived(fixture, "one"))
    assert fixture.sent("DELETE") == []
    assert result_of(report, "one").outcome is Outcome.FAILED


@pytest.mark.parametrize("state", ["archived", "downloaded"])
def test_a_copy_is_not_called_lost_before_its_receipt_was_read_by_its_path(omitting, state):
    fixture = omitting(lambda path: False, "one")
    assert outcomes(fixture.apply(archived(fixture, "one"))) == {"one": "archived"}
    fixture.hooks = Hooks.of(omitting=OmittingPlugin(has_dot_name))
    plan = fixture.plan(fixture.manifest({"one": state}, storage=f"omitting://{fixture.folder}"))
    assert plan.projects[0].verdict is Verdict.UNCHANGED


def test_a_copy_that_is_really_lost_is_still_called_lost(omitting):
    fixture = omitting(lambda path: False, "one")
    fixture.apply(archived(fixture, "one"))
    Path(fixture.folder, "one", "output.wav").unlink()
    fixture.hooks = Hooks.of(omitting=OmittingPlugin(has_dot_name))
    plan = fixture.plan(archived(fixture, "one"))
    assert plan.projects[0].reason_code == "copy_lost"
