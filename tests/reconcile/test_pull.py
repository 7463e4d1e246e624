"""pull: a folder gets the stored files of a manifest; only files that are as a pull wrote them are replaced."""

from __future__ import annotations

import os

import pytest

from mhsync import LockTimeout, PullOptions, Settings, Stop, UsageError, pull
from mhsync.reconcile import pull as pull_module
from mhsync.settings import RunSettings
from mhsync.storage.local import LocalStorage
from tests.reconcile.fixture import QUICK, complete

STATES = {
    "a": ("archived", "audio/{id}/{index}{ext}"),
    "b": ("downloaded", "{id}/{filename}"),
    "c": ("deleted", "{id}/{filename}"),
}
PATHS = {"audio/a/1.wav", "audio/a/2.wav", "b/output.wav"}


class Build:
    """A storage with the outputs of some projects, and a folder to pull them to."""

    def __init__(self, fixture, folder):
        self.fixture = fixture
        self.folder = folder

    def pull(self, states=STATES, to=None, settings=QUICK, stop=None, api=None, **options):
        manifest = self.fixture.manifest(states)
        return pull(
            manifest,
            to or self.folder,
            PullOptions(**options),
            api=api or self.fixture.sandbox.api_url,
            hooks=self.fixture.hooks,
            settings=settings,
            stop=stop,
        )

    def files(self):
        found = (p for p in self.folder.rglob("*") if p.is_file() and ".mhsync" not in p.parts)
        return {p.relative_to(self.folder).as_posix(): p.read_bytes() for p in found}


@pytest.fixture
def build(reconcile_fixture, tmp_path):
    fixture = reconcile_fixture(complete("a", 2), complete("b"), complete("c"), complete("later"))
    fixture.apply(STATES)
    fixture.sandbox.requests.clear()
    return Build(fixture, tmp_path / "build")


def outcomes(report):
    return {project.id: project.outcome.value for project in report.projects}


def test_files_are_brought_by_the_paths_of_the_manifest_without_the_api(build):
    assert outcomes(build.pull()) == {"a": "pulled", "b": "pulled"}
    stored = {path: (build.fixture.folder / path).read_bytes() for path in PATHS}
    assert build.files() == stored
    moved = {"b": ("downloaded", "elsewhere/{id}{ext}")}
    build.pull(moved)
    assert build.files()["elsewhere/b.wav"] == stored["b/output.wav"]
    assert len(build.fixture.sandbox.requests) == 0


def test_a_second_pull_reads_and_writes_no_output(build, monkeypatch):
    build.pull()
    index = build.folder / ".mhsync/pulled.jsonl"
    before = index.stat().st_mtime_ns

    def fail(*_args, **_more):
        raise AssertionError("a file was read")

    monkeypatch.setattr(pull_module, "read_back", fail)
    assert set(outcomes(build.pull()).values()) == {"unchanged"}
    assert index.stat().st_mtime_ns == before


def test_only_what_is_missing_or_different_is_brought(build):
    build.pull()
    whole = build.files()
    (build.folder / "audio/a/1.wav").unlink()
    report = build.pull()
    assert {f.path: f.outcome.value for f in report.files} == {
        "audio/a/1.wav": "pulled",
        "audio/a/2.wav": "unchanged",
        "b/output.wav": "unchanged",
    }
    assert build.files() == whole


@pytest.mark.parametrize("how", ["edited", "replaced", "same size"])
def test_a_file_that_was_changed_since_it_was_pulled_is_kept(build, how):
    build.pull()
    path = build.folder / "b/output.wav"
    size = path.stat().st_size
    if how == "edited":
        with path.open("ab") as file:
            file.write(b"mine")
    else:
        path.unlink()
        path.write_bytes(b"?" * (size if how == "same size" else 4))
    mine = path.read_bytes()
    for link in (False, True):
        report = build.pull(link=link)
        assert (outcomes(report)["b"], report.exit_code) == ("failed", 1)
        error = report.projects[1].error
        assert (error.code, error.message) == ("path_occupied", "b/output.wav was changed since it was pulled")
        assert error.hint == "move it away or remove it, and pull again"
        assert path.read_bytes() == mine
    path.unlink()
    assert outcomes(build.pull())["b"] == "pulled"


def test_a_new_version_replaces_a_pulled_file_whose_times_changed(build):
    build.pull()
    os.utime(build.folder / "b/output.wav", (1, 1))
    fixture = build.fixture
    (fixture.folder / "b/output.wav").unlink()
    fixture.sandbox.account.put(complete("b", size=3000))
    fixture.apply({"b": "downloaded"})
    assert outcomes(build.pull())["b"] == "pulled", "its SHA-256 is the recorded one"
    assert build.files()["b/output.wav"] == (fixture.folder / "b/output.wav").read_bytes()


@pytest.mark.parametrize("damage", ["missing", "not an index"])
def test_without_an_index_files_are_compared_and_not_written(build, damage):
    build.pull()
    index = build.folder / ".mhsync/pulled.jsonl"
    index.unlink() if damage == "missing" else index.write_bytes(b"\xff[")
    written = (build.folder / "b/output.wav").stat().st_mtime_ns
    assert set(outcomes(build.pull()).values()) == {"unchanged"}
    assert (build.folder / "b/output.wav").stat().st_mtime_ns == written


def test_a_file_that_no_pull_wrote_is_neither_replaced_nor_removed(build):
    mine = build.folder / "b/output.wav"
    mine.parent.mkdir(parents=True)
    mine.write_bytes(b"mine")
    report = build.pull()
    assert outcomes(report) == {"a": "pulled", "b": "failed"}
    assert report.projects[1].error.code == "path_occupied"
    assert mine.read_bytes() == b"mine"
    mine.write_bytes((build.fixture.folder / "b/output.wav").read_bytes())
    assert outcomes(build.pull())["b"] == "unchanged"
    build.pull({}, prune=True)
    assert set(build.files()) == {"b/output.wav"}, "it was found there, so it is not removed"


def test_a_new_version_in_the_storage_replaces_what_was_pulled(build):
    build.pull()
    fixture = build.fixture
    (fixture.folder / "b/output.wav").unlink()
    fixture.sandbox.account.put(complete("b", size=3000))
    fixture.apply({"b": "downloaded"})
    assert outcomes(build.pull())["b"] == "pulled"
    assert build.files()["b/output.wav"] == (fixture.folder / "b/output.wav").read_bytes()


def test_a_damaged_output_of_the_storage_is_not_brought(build):
    path = build.fixture.folder / "b/output.wav"
    path.write_bytes(b"?" * path.stat().st_size)
    for link in (False, True):
        report = build.pull(link=link)
        assert outcomes(report)["b"] == "failed"
        assert "does not match its receipt" in report.projects[1].error.message
        assert "b/output.wav" not in build.files()


def test_what_is_not_stored_is_missing(build):
    (build.fixture.folder / "audio/a/2.wav").unlink()
    report = build.pull(STATES | {"later": "downloaded"})
    assert outcomes(report) == {"a": "missing", "b": "pulled", "later": "missing"}
    assert report.exit_code == 1


def test_receipts_of_another_api_do_not_count(build):
    assert set(outcomes(build.pull(api="https://api.example")).values()) == {"missing"}


def test_prune_removes_only_what_a_pull_wrote_and_nothing_changed_since(build):
    build.pull()
    (build.folder / "index.html").write_text("mine")
    (build.folder / "audio/a/1.wav").write_text("edited")
    report = build.pull({"b": STATES["b"]}, prune=True)
    assert (report.pruned, report.kept) == (("audio/a/2.wav",), ("audio/a/1.wav",))
    assert set(build.files()) == {"index.html", "audio/a/1.wav", "b/output.wav"}
    with pytest.raises(UsageError):
        build.pull(prune=True, only=frozenset(["b"]))


def test_prune_keeps_the_files_of_a_project_that_cannot_be_read(build):
    build.pull()
    (build.fixture.folder / ".mhsync/receipts/a.json").write_text("{")
    (build.fixture.folder / "b/output.wav").unlink()
    report = build.pull(prune=True)
    assert (outcomes(report), report.pruned) == ({"a": "failed", "b": "missing"}, ())
    assert set(build.files()) == PATHS


def test_links_are_the_files_of_the_storage(build):
    report = build.pull(link=True)
    assert {file.outcome.value for file in report.files} == {"linked"}
    for path in PATHS:
        assert (build.folder / path).samefile(build.fixture.folder / path)
    assert set(outcomes(build.pull(link=True)).values()) == {"unchanged"}
    assert not any((build.folder / ".mhsync/tmp").iterdir())


def test_where_no_link_can_be_made_the_file_is_copied(build, monkeypatch):
    def fail(*_args):
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(LocalStorage, "link", fail)
    assert {file.outcome.value for file in build.pull(link=True).files} == {"pulled"}
    assert set(build.files()) == PATHS


def test_two_projects_with_one_path_are_both_failed(build):
    report = build.pull({"a": ("downloaded", "x/{index}{ext}"), "b": ("downloaded", "X/1{ext}")})
    assert outcomes(report) == {"a": "failed", "b": "failed"}
    assert build.files() == {}


def test_a_storage_is_no_folder_to_pull_to(build, tmp_path):
    with pytest.raises(UsageError, match="is a storage"):
        build.pull(to=build.fixture.folder)
    link = tmp_path / "link"
    link.symlink_to(build.fixture.folder)
    with pytest.raises(UsageError, match="is a storage"):
        build.pull(to=link)


@pytest.mark.parametrize("inside", ["sub", ".mhsync", "audio/a"])
def test_a_folder_inside_a_storage_is_refused(build, inside):
    before = sorted(build.fixture.folder.rglob("*"))
    with pytest.raises(UsageError, match="is inside the storage"):
        build.pull(to=build.fixture.folder / inside)
    assert sorted(build.fixture.folder.rglob("*")) == before


def test_a_folder_that_contains_a_storage_is_refused(build):
    with pytest.raises(UsageError, match="contains the storage"):
        build.pull(to=build.fixture.folder.parent)
    sibling = build.fixture.folder.with_name(build.fixture.folder.name + "-build")
    assert outcomes(build.pull(to=sibling)) == {"a": "pulled", "b": "pulled"}


def test_a_link_in_the_folder_is_not_followed(build, tmp_path):
    (tmp_path / "outside").mkdir()
    build.folder.mkdir()
    (build.folder / "b").symlink_to(tmp_path / "outside")
    assert outcomes(build.pull())["b"] == "failed"
    assert list((tmp_path / "outside").iterdir()) == []


def test_another_pull_into_the_same_folder_is_waited_for(build):
    with LocalStorage(build.folder).lock(), pytest.raises(LockTimeout, match="the folder"):
        build.pull(settings=Settings(run=RunSettings(lock_timeout=0)))


def test_a_stop_request_leaves_the_rest_for_the_next_pull(build):
    stop = Stop()
    stop.request()
    report = build.pull(stop=stop)
    assert report.exit_code == 130
    assert outcomes(build.pull()) == {"a": "pulled", "b": "pulled"}
