"""A saved plan names its manifests relative to itself, and is refused once one of them changed."""

from __future__ import annotations

import json
import shutil

import pytest

from mhsync.core.diff import diff
from mhsync.errors import ManifestError, PlanStale, UsageError
from mhsync.loader import load
from mhsync.reconcile.plan_file import load_planned_manifests, load_saved_plan, save_plan
from mhsync.reconcile.plan_file_detection import is_saved_plan
from tests.core.builders import API, inventory, live


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A folder with one manifest, as the current folder."""
    folder = tmp_path / "repository"
    (folder / "audio").mkdir(parents=True)
    (folder / "audio" / "m.yaml").write_text("version: 1\nprojects: [{id: one}]\n")
    monkeypatch.chdir(folder)
    return folder


def saved(file="plan.json", manifest="audio/m.yaml"):
    found = load([manifest])
    save_plan(diff(found, {manifest: inventory()}, {"one": live("one")}, api=API), file)
    return file


def test_the_file_is_private_and_holds_no_signed_link(repository):
    path = repository / saved()
    assert path.stat().st_mode & 0o777 == 0o600
    assert "sig=" not in path.read_text()
    assert json.loads(path.read_text())["manifests"][0]["file"] == "audio/m.yaml"


def test_plan_and_manifests_can_be_moved_together(repository, monkeypatch):
    saved("audio/plan.json")
    shutil.move(repository / "audio", repository / "else")
    assert load_planned_manifests(load_saved_plan("else/plan.json")).ids == {"one"}
    monkeypatch.chdir(repository / "else")
    assert load_planned_manifests(load_saved_plan("plan.json")).ids == {"one"}


def test_a_manifest_that_is_a_link_keeps_its_folder(repository):
    (repository / "link.yaml").symlink_to("audio/m.yaml")
    manifest = load_planned_manifests(load_saved_plan(saved(manifest="link.yaml")))
    assert manifest.files[0].folder == str(repository)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda path: path.write_text("version: 1\nprojects: []\n"), "the manifest changed after the plan"),
        (lambda path: path.write_text("not a manifest"), "the manifest changed after the plan"),
        (lambda path: path.unlink(), "the manifest no longer exists"),
    ],
    ids=["changed", "invalid now", "removed"],
)
def test_a_changed_manifest_is_refused(repository, change, message):
    found = load_saved_plan(saved())
    change(repository / "audio" / "m.yaml")
    with pytest.raises(PlanStale) as caught:
        load_planned_manifests(found)
    (problem,) = caught.value.problems
    assert (str(problem), caught.value.exit_code) == (f"audio/m.yaml: {message}", 3)


def test_a_manifest_is_never_replaced_by_its_plan(repository):
    before = (repository / "audio" / "m.yaml").read_bytes()
    with pytest.raises(UsageError, match="is a manifest and would be replaced"):
        saved("audio/../audio/m.yaml")
    assert (repository / "audio" / "m.yaml").read_bytes() == before


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "this is no valid saved plan: it is not JSON"),
        ('{"format": "mhsync.plan/9"}', r"this is no valid saved plan: format is 'mhsync\.plan/9'"),
        ("[" * 100_000, "this is no valid saved plan"),
        (None, "the file cannot be read: no such file or directory"),
    ],
    ids=["cut", "newer", "deep", "missing"],
)
def test_an_invalid_plan_names_the_file(repository, text, message):
    if text is not None:
        (repository / "plan.json").write_text(text)
    with pytest.raises(ManifestError, match=rf"^plan\.json: {message}"):
        load_saved_plan("plan.json")


def test_a_plan_is_recognised_by_its_format(repository):
    text = (repository / saved()).read_text()
    (repository / "sorted").write_text(json.dumps(json.loads(text), sort_keys=True))
    (repository / "other.json").write_text('{"format": "mhsync.report/1"}')
    assert [is_saved_plan(name) for name in ("plan.json", "sorted", "other.json", "audio/m.yaml", "none")] == [
        True, True, False, False, False,
    ]  # fmt: skip
