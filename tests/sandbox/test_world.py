"""The sandbox's account: rendering goes by a clock, a delete is for good, and threads may share it."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from mhsync.sandbox.world import AfterDelete, Output, SandboxProject, World, numbered_paths, outputs_of


class Clock:
    def __init__(self) -> None:
        self.now = 500.0

    def __call__(self) -> float:
        return self.now


def status(world: World, id: str) -> str:
    state = world.state(id)
    assert state is not None
    return state.status


def test_a_project_renders_while_the_clock_runs() -> None:
    clock = Clock()
    world = World([SandboxProject("a", status="queued", later=((6, "complete"), (2, "rendering")))], clock=clock)
    world.begin()
    seen = []
    for seconds in (0, 1.9, 2, 5.9, 6, 1000):
        clock.now = 500 + seconds
        seen.append(status(world, "a"))
    assert seen == ["queued", "queued", "rendering", "rendering", "complete", "complete"]


def test_the_clock_starts_with_the_server_and_not_with_the_world_nor_again_with_a_second_start() -> None:
    clock = Clock()
    world = World([SandboxProject("a", status="queued", later=((5, "complete"),))], clock=clock)
    clock.now += 60
    assert status(world, "a") == "queued"
    world.begin()
    clock.now += 4
    world.begin()
    assert status(world, "a") == "queued"
    clock.now += 1
    assert status(world, "a") == "complete"


def test_outputs_can_be_fetched_only_of_a_complete_project_that_is_not_deleted() -> None:
    world = World([SandboxProject("a", status="rendering", outputs=outputs_of("a"))])
    assert world.output("a", "output.wav") is None
    world.set_status("a", "complete")
    assert world.output("a", "output.wav") is not None
    assert world.output("a", "other.wav") is None
    world.delete("a")
    assert world.output("a", "output.wav") is None
    assert world.output("never", "output.wav") is None


def test_a_delete_has_one_winner_among_threads() -> None:
    world = World([SandboxProject("a")])
    together = threading.Barrier(16)
    won: list[bool] = []

    def delete() -> None:
        together.wait()
        won.append(world.delete("a"))

    threads = [threading.Thread(target=delete) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(won) == [False] * 15 + [True]
    assert world.deleted_ids == {"a"}
    assert world.ids == ("a",)


def test_what_get_says_of_a_deleted_project_is_the_worlds_choice_or_its_own() -> None:
    own = SandboxProject("own", after_delete=AfterDelete.NOT_FOUND)
    world = World([SandboxProject("a"), own], after_delete=AfterDelete.DISABLED)
    found = []
    for id in ("a", "own"):
        before = world.state(id)
        world.delete(id)
        after = world.state(id)
        assert before is not None
        assert after is not None
        found.append((before.after_delete, after.after_delete))
    assert found == [(None, AfterDelete.DISABLED), (None, AfterDelete.NOT_FOUND)]


def test_projects_may_change_while_the_world_is_in_use() -> None:
    world = World([SandboxProject("a", name="before")])
    assert world.edit("a", lambda project: replace(project, name="after")).name == "after"
    assert world.project("a").name == "after"
    world.put(SandboxProject("b"))
    assert world.ids == ("a", "b")
    with pytest.raises(KeyError):
        world.edit("c", lambda project: project)


def test_a_rewritten_output_has_other_bytes_of_the_same_length() -> None:
    world = World([SandboxProject("a", outputs=outputs_of("a", 2, size=1_000))])
    before = world.project("a").outputs
    world.rewrite("a", "1/output.wav")
    world.rewrite("a", "2/output.wav")
    world.rewrite("b", "output.wav")
    after = world.project("a").outputs
    assert after[0] == before[0]
    assert after[1].audio.size == before[1].audio.size
    assert after[1].audio.sha256() != before[1].audio.sha256()
    assert after[1].audio.etag != before[1].audio.etag


def test_several_outputs_share_their_last_part() -> None:
    assert numbered_paths(1) == ["output.wav"]
    assert numbered_paths(3) == ["0/output.wav", "1/output.wav", "2/output.wav"]
    assert numbered_paths(0) == []


@pytest.mark.parametrize(
    ("path", "url_path"),
    [
        ("output.wav", "output.wav"),
        ("1/Größe 1.wav", "1/Gr%C3%B6%C3%9Fe%201.wav"),
        ("..%2fescape.wav", "..%2Fescape.wav"),
        ("a\\b?c#d.wav", "a%5Cb%3Fc%23d.wav"),
    ],
)
def test_a_path_stands_in_a_url_with_its_own_escapes(path: str, url_path: str) -> None:
    output = Output(path, outputs_of("a")[0].audio)
    world = World([SandboxProject("a", outputs=(output,))])
    assert output.url_path == url_path
    assert world.output("a", url_path) == world.output("a", url_path.lower().replace("gr%", "Gr%")) == output


def test_ids_must_be_ids_and_stand_there_once() -> None:
    with pytest.raises(ValueError, match="two projects have the id a"):
        World([SandboxProject("a"), SandboxProject("a")])
    for bad in ("", "a b", "a/b", "x" * 129, "é"):
        with pytest.raises(ValueError, match="not an id"):
            World([SandboxProject(bad)])
