"""A path belongs to one project, and an untracked file or folder at a path blocks the project."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mhsync.core.path_conflicts import in_the_way
from mhsync.core.plan import Action, Verdict
from tests.core.builders import entry, inventory, live, manifest, plan_of, plan_one, receipt

NOTHING = inventory()


def test_two_projects_with_one_path_are_both_blocked():
    desired = manifest(entry("a", path="all/{name}{ext}"), entry("b", path="ALL/{name}{ext}"))
    plan = plan_of(desired, NOTHING, {"a": live("a"), "b": live("b")})
    assert [(p.verdict, p.reason_code) for p in plan.projects] == [(Verdict.BLOCKED, "path_clash")] * 2
    assert plan.projects[0].reason == "its path all/A name.wav conflicts with a path of b"
    assert plan.projects[0].hint == "add {id} to the path of one of them in the manifest"
    assert plan.summary["download"] == 0


def test_a_file_where_another_project_needs_a_folder_blocks_both():
    desired = manifest(entry("a", path="x{ext}"), entry("b", path="x.wav/{filename}"))
    plan = plan_of(desired, NOTHING, {"a": live("a"), "b": live("b")})
    assert [p.verdict for p in plan.projects] == [Verdict.BLOCKED, Verdict.BLOCKED]


@pytest.mark.parametrize(
    ("untracked", "blocker"), [("One", "the file one"), ("one/output.wav/x", "a folder")], ids=["file", "folder"]
)
def test_an_untracked_file_that_blocks_the_path_blocks_the_project(untracked: str, blocker: str):
    plan = plan_one(entry(), inventory(sizes={untracked: 3}), live())
    assert (plan.verdict, plan.actions) == (Verdict.BLOCKED, ())
    assert (plan.reason_code, plan.reason) == ("path_occupied", f"{blocker} blocks its path one/output.wav")
    assert plan.hint == "move it away, or change the path in the manifest"


def test_an_untracked_file_does_not_block_a_project_that_writes_nothing():
    stock = inventory(receipt(), sizes={"one/output.wav/x": 3})
    assert plan_one(entry(), stock, None).verdict is Verdict.UNCHANGED


def test_a_project_that_is_stored_under_a_path_keeps_it():
    desired = manifest(entry("a", path="{name}{ext}"), entry("b", path="{name}{ext}"))
    stock = inventory(receipt("a", paths=("A name.wav",)))
    plan = plan_of(desired, stock, {"b": live("b")})
    assert [p.verdict for p in plan.projects] == [Verdict.UNCHANGED, Verdict.BLOCKED]


def test_a_project_that_is_downloaded_again_leaves_the_paths_that_another_one_needs():
    desired = manifest(entry("a", path="new/{id}{ext}"), entry("b", path="old/a{ext}"))
    stock = inventory(receipt("a", paths=("old/a.wav",)), receipt("b", paths=("b.wav",)), missing=("old/a.wav",))
    plan = plan_of(desired, stock, {"a": live("a")})
    assert [p.actions for p in plan.projects] == [(Action.DOWNLOAD,), (Action.MOVE,)]
    judged = [(stock, project) for project in plan.projects]
    assert in_the_way(judged) == {"a": frozenset({"old/a.wav"})}


def test_a_project_that_only_moves_leaves_no_path_beforehand():
    desired = manifest(entry("a", path="new/{id}{ext}"), entry("b", path="old/a{ext}"))
    stock = inventory(receipt("a", paths=("old/a.wav",)), receipt("b", paths=("b.wav",)))
    plan = plan_of(desired, stock, {})
    assert [p.actions for p in plan.projects] == [(Action.MOVE,), (Action.MOVE,)]
    assert in_the_way([(stock, project) for project in plan.projects]) == {}


def test_a_listing_is_read_once_however_many_projects_are_planned():
    class Files(dict[str, int]):
        reads = 0

        def __iter__(self):
            Files.reads += 1
            return super().__iter__()

    ids = [f"id{number}" for number in range(50)]
    stock = replace(NOTHING, files=Files({"other.wav": 3}))
    plan = plan_of(manifest(*map(entry, ids)), stock, {id_: live(id_) for id_ in ids})
    assert plan.summary["download"] == 50
    assert Files.reads == 1
