"""copy_project: the outputs of one project are copied whole, proved, and named in the receipt of the target."""

from __future__ import annotations

import json

import pytest

from mhsync.errors import CopyNotProved, Interrupted, PathOccupied
from mhsync.reconcile.context import Stop
from mhsync.reconcile.copy_project import CopyContext, Target, copy_project
from mhsync.reconcile.ownership import Owners
from mhsync.settings import Settings
from mhsync.storage.local import LocalStorage
from mhsync.storage.receipts import read_receipt, receipt_path
from tests.reconcile.fixture import QUICK, complete

LIMIT = Settings().run.receipt_max


class Copying:
    """A project with two outputs that is stored in one folder, and another folder to copy it to."""

    def __init__(self, fixture, folder):
        self.fixture = fixture
        self.source = LocalStorage(fixture.folder)
        self.folder = folder
        self.target = LocalStorage(folder)
        self.remarks = []
        self.stop = Stop()

    def copy(self, id="a", target=None):
        storage = target or self.target
        files = {info.path: info.size for info in storage.list("")}
        receipt = read_receipt(self.source, id, limit=LIMIT)
        run = CopyContext("https://any.example", QUICK, self.stop)
        return copy_project(
            run,
            self.source,
            Target(storage, files, Owners(storage, QUICK.run)),
            receipt,
            lambda *r: self.remarks.append(r),
        )

    def receipt(self, id="a"):
        return json.loads((self.folder / receipt_path(id)).read_text())

    def files(self):
        found = (p for p in self.folder.rglob("*") if p.is_file() and ".mhsync" not in p.parts)
        return {p.relative_to(self.folder).as_posix(): p.read_bytes() for p in found}

    def originals(self):
        return {path: (self.fixture.folder / path).read_bytes() for path in self.fixture.files()}


@pytest.fixture
def copying(reconcile_fixture, tmp_path):
    fixture = reconcile_fixture(complete("a", 2))
    fixture.apply({"a": "archived"})
    return Copying(fixture, tmp_path / "copy")


def test_outputs_and_receipt_are_copied_and_a_repetition_does_nothing(copying):
    before = copying.fixture.receipt("a")
    done = copying.copy()
    assert [o.path for o in done.written] == ["a/output.wav", "a/output-2.wav"]
    assert copying.files() == copying.originals()
    assert copying.receipt() == before == copying.fixture.receipt("a")
    assert copying.copy().is_unchanged


def test_the_target_is_settled_without_the_api(copying):
    copying.copy()
    copying.fixture.folder = copying.folder
    copying.fixture.sandbox.requests.clear()
    assert copying.fixture.plan({"a": "archived"}).changes == ()
    assert len(copying.fixture.sandbox.requests) == 0


def test_records_of_several_apis_are_copied(copying, reconcile_fixture):
    other = reconcile_fixture(complete("a", 2))
    other.folder = copying.fixture.folder
    other.apply({"a": ("downloaded", "other/{filename}")})
    done = copying.copy()
    assert len(done.written) == 4
    assert copying.receipt() == copying.fixture.receipt("a")
    assert copying.copy().is_unchanged


def test_a_damaged_output_is_not_copied_and_the_others_are(copying):
    path = copying.fixture.folder / "a/output.wav"
    path.write_bytes(b"x" * path.stat().st_size)
    done = copying.copy()
    assert [(o.path, why) for o, why in done.damaged] == [
        ("a/output.wav", "its bytes in the source do not match its receipt")
    ]
    assert list(copying.files()) == ["a/output-2.wav"]
    assert [o.get("suspect", False) for o in copying.receipt()["outputs"]] == [True, False]
    assert copying.receipt()["deletion"] == "deleted"


@pytest.mark.parametrize("change", ["missing", "short", "long"])
def test_a_missing_or_truncated_output_is_damaged_too(copying, change):
    path = copying.fixture.folder / "a/output-2.wav"
    data = path.read_bytes()
    path.unlink()
    if change != "missing":
        path.write_bytes(data[:-1] if change == "short" else data + b"x")
    done = copying.copy()
    assert [o.path for o, _ in done.damaged] == ["a/output-2.wav"]
    path.write_bytes(data)
    again = copying.copy()
    assert [o.path for o in again.written] == ["a/output-2.wav"]
    assert copying.receipt() == copying.fixture.receipt("a")


def test_the_same_bytes_are_adopted_and_others_are_not_replaced(copying):
    copying.target.folder.mkdir()
    (copying.folder / "a").mkdir()
    (copying.folder / "a/output.wav").write_bytes(copying.originals()["a/output.wav"])
    (copying.folder / "a/output-2.wav").write_bytes(b"mine")
    with pytest.raises(PathOccupied, match=r"a/output-2\.wav"):
        copying.copy()
    assert copying.files()["a/output-2.wav"] == b"mine"
    (copying.folder / "a/output-2.wav").unlink()
    copying.copy()
    assert copying.files() == copying.originals()


def test_a_damaged_output_of_the_target_is_set_aside_and_copied_again(copying):
    copying.copy()
    path = copying.folder / "a/output.wav"
    path.write_bytes(b"edited")
    done = copying.copy()
    assert [o.path for o in done.written] == ["a/output.wav"]
    assert copying.files()["a/output.changed-1.wav"] == b"edited"
    assert path.read_bytes() == copying.originals()["a/output.wav"]
    assert copying.remarks


def test_a_path_that_another_receipt_of_the_target_names_is_not_written(copying):
    copying.copy()
    name = copying.folder / receipt_path("a")
    other = json.loads(name.read_text()) | {"id": "b"}
    (copying.folder / receipt_path("b")).write_text(json.dumps(other))
    name.unlink()
    (copying.folder / "a/output.wav").unlink()
    with pytest.raises(PathOccupied, match="the receipt of b"):
        copying.copy()


class Corrupting(LocalStorage):
    """A storage that changes a byte of what it is given."""

    def open(self, path):
        if not path.startswith(".mhsync"):
            file = self.folder / path
            file.write_bytes(b"?" + file.read_bytes()[1:])
        return super().open(path)


def test_a_target_that_returns_other_bytes_is_reported_and_nothing_is_named_as_stored(copying):
    with pytest.raises(CopyNotProved, match="other bytes"):
        copying.copy(target=Corrupting(copying.folder))
    assert copying.receipt()["outputs"] == []
    assert copying.files() == {}


def test_a_stop_request_leaves_no_partial_file(copying):
    copying.stop.request()
    with pytest.raises(Interrupted):
        copying.copy()
    assert copying.files() == {}
