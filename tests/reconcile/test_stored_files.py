"""stored_files: what is stored of each project, by the receipts and one listing, without a client."""

from __future__ import annotations

from mhsync.reconcile.context import Stop
from mhsync.reconcile.copy_project import CopyContext
from mhsync.reconcile.storages import opened
from mhsync.reconcile.stored_files import stored_projects
from tests.reconcile.fixture import QUICK, complete


def found(fixture, states, only=frozenset()):
    run = CopyContext(fixture.sandbox.api_url, QUICK, Stop())
    manifest = fixture.manifest(states)
    with opened(fixture.hooks, manifest) as storages:
        return {project.entry.id: project for project in stored_projects(run, manifest, storages, only)}


def test_stored_missing_and_unreadable_projects_have_different_results(reconcile_fixture):
    fixture = reconcile_fixture(*(complete(id_) for id_ in "abcd"))
    fixture.apply(dict.fromkeys("abd", "downloaded"))
    (fixture.folder / "b/output.wav").unlink()
    (fixture.folder / ".mhsync/receipts/d.json").write_text("{")
    projects = found(fixture, dict.fromkeys("abcd", "downloaded") | {"e": "deleted"})
    assert [file.path for file in projects["a"].files] == ["a/output.wav"]
    assert {id_: (p.problem is None, p.is_missing) for id_, p in projects.items()} == {
        "a": (True, False),
        "b": (False, True),
        "c": (False, True),
        "d": (False, False),
    }
    assert list(found(fixture, dict.fromkeys("ab", "downloaded"), frozenset("a"))) == ["a"]


def test_a_path_that_no_storage_can_use_is_a_problem(reconcile_fixture):
    fixture = reconcile_fixture(complete("a", 2))
    fixture.apply({"a": "downloaded"})
    assert found(fixture, {"a": ("downloaded", "{id}{ext}")})["a"].problem.code == "path"
