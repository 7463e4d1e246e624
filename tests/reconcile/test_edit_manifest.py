"""Projects are added to and removed from a manifest file as a whole, or the file stays as it is."""

from __future__ import annotations

import pytest

from mhsync.core.manifest import Labels, State
from mhsync.errors import ManifestError, UsageError
from mhsync.loader import load
from mhsync.reconcile.edit_manifest import add_projects, format_manifest, remove_projects

TEXT = "version: 1\nstate: archived\nprojects:\n- id: a\n- {id: b, state: deleted}\n"


@pytest.fixture
def manifest(tmp_path):
    path = tmp_path / "m.yaml"
    path.write_text(TEXT)
    return path


def states(path):
    return {entry.id: entry.state.value for _, entry in load([path])}


def test_listed_projects_are_not_added_again(manifest):
    done = add_projects(manifest, ["c", "a", "c"])
    assert (done.added, done.present) == (("c",), ("a",))
    assert states(manifest) == {"a": "archived", "b": "deleted", "c": "archived"}


def test_adding_only_listed_projects_writes_nothing(manifest):
    before = manifest.stat().st_ino
    assert add_projects(manifest, ["a"], state=State.ARCHIVED).added == ()
    assert manifest.stat().st_ino == before


@pytest.mark.parametrize(
    ("ids", "options", "message"),
    [
        (["c", "a"], {"state": State.DELETED}, "lists this id already, with state 'archived'"),
        (["c", "a"], {"path": "x/{id}"}, "lists this id already, with path '{id}/{filename}'"),
        (["c", "x/y"], {}, "'x/y' is not a valid project id"),
        (["c"], {"path": "../{id}"}, "path"),
        (["c", "a"], {"name": "A"}, "lists this id already, with no name"),
        (["c", "a"], {"tags": ["x"]}, "lists this id already, with no tags"),
        (["c"], {"name": ""}, "name is empty"),
        (["c"], {"tags": ["x", " y"]}, "a tag is words with single spaces between them, not ' y'"),
        (["c"], {"note": "n" * 2001}, "note has 2,001 characters; at most 2,000 are allowed"),
    ],
    ids=[
        "other state",
        "other path",
        "not an id",
        "bad path",
        "other name",
        "other tags",
        "empty name",
        "bad tag",
        "long note",
    ],
)
def test_nothing_is_added_if_one_cannot_be(manifest, ids, options, message):
    with pytest.raises(ManifestError) as caught:
        add_projects(manifest, ids, **options)
    assert message in str(caught.value)
    assert manifest.read_text() == TEXT


def test_labels_are_written_so_that_they_are_read_alike(manifest):
    labels = {"name": 'It\'s "new": #1 \u202e\x1b', "note": "no", "tags": ["podcast", "a, b]", "podcast", "2026"]}
    add_projects(manifest, ["c"], **labels)
    (entry,) = (entry for _, entry in load([manifest]) if entry.id == "c")
    assert entry.labels == Labels(labels["name"], "no", ("podcast", "a, b]", "2026"))
    assert add_projects(manifest, ["c"], **labels).present == ("c",)


def test_projects_are_removed(manifest):
    remove_projects(manifest, ["a"])
    assert states(manifest) == {"b": "deleted"}


def test_nothing_is_removed_if_one_is_not_listed(manifest):
    with pytest.raises(ManifestError) as caught:
        remove_projects(manifest, ["a", "bb"])
    (problem,) = caught.value.problems
    assert (problem.code, problem.hint) == ("not_listed", "did you mean b?")
    assert manifest.read_text() == TEXT


def test_a_file_is_formatted_and_checked(manifest):
    assert format_manifest(manifest, check=True)
    assert manifest.read_text() == TEXT
    assert format_manifest(manifest)
    assert manifest.read_text() == TEXT.replace("- ", "  - ")
    assert not format_manifest(manifest)


@pytest.mark.parametrize(
    "edit", [lambda path: add_projects(path, ["c"]), lambda path: remove_projects(path, ["a"])]
)
def test_an_invalid_manifest_is_not_edited(manifest, edit):
    manifest.write_text(f"{TEXT}surprise: 1\n")
    with pytest.raises(ManifestError):
        edit(manifest)
    assert manifest.read_text() == f"{TEXT}surprise: 1\n"


def test_only_yaml_is_edited(tmp_path):
    with pytest.raises(UsageError, match="only YAML files"):
        add_projects(tmp_path / "m.json", ["a"])
