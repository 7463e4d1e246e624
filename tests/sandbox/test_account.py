"""The account: projects render over time, a delete is permanent, and threads may use it at once."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from mhsync.sandbox.account import Account, AfterDelete, Output, SandboxProject, numbered_paths, outputs_of


class Clock:
    def __init__(self) -> None:
        self.now = 500.0

    def __call__(self) -> float:
        return self.now


def status(account: Account, id: str) -> str:
    state = account.state(id)
    assert state is not None
    return state.status


def test_a_project_renders_while_the_clock_runs() -> None:
    clock = Clock()
    account = Account(
        [SandboxProject("a", status="queued", later=((6, "complete"), (2, "rendering")))], clock=clock
    )
    account.begin()
    seen = []
    for seconds in (0, 1.9, 2, 5.9, 6, 1000):
        clock.now = 500 + seconds
        seen.append(status(account, "a"))
    assert seen == ["queued", "queued", "rendering", "rendering", "complete", "complete"]


def test_the_time_starts_with_the_first_start_of_the_server() -> None:
    clock = Clock()
    account = Account([SandboxProject("a", status="queued", later=((5, "complete"),))], clock=clock)
    clock.now += 60
    assert status(account, "a") == "queued"
    account.begin()
    clock.now += 4
    account.begin()
    assert status(account, "a") == "queued"
    clock.now += 1
    assert status(account, "a") == "complete"


def test_outputs_can_be_fetched_only_while_a_project_is_complete_and_not_deleted() -> None:
    account = Account([SandboxProject("a", status="rendering", outputs=outputs_of("a"))])
    assert account.output("a", "output.wav") is None
    account.set_status("a", "complete")
    assert account.output("a", "output.wav") is not None
    assert account.output("a", "other.wav") is None
    account.delete("a")
    assert account.output("a", "output.wav") is None
    assert account.output("never", "output.wav") is None


def test_only_one_of_many_threads_deletes_a_project() -> None:
    account = Account([SandboxProject("a")])
    together = threading.Barrier(16)
    won: list[bool] = []

    def delete() -> None:
        together.wait()
        won.append(account.delete("a"))

    threads = [threading.Thread(target=delete) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(won) == [False] * 15 + [True]
    assert account.deleted_ids == {"a"}
    assert account.ids == ("a",)


def test_a_deleted_project_is_answered_as_the_account_or_the_project_specifies() -> None:
    own = SandboxProject("own", after_delete=AfterDelete.NOT_FOUND)
    account = Account([SandboxProject("a"), own], after_delete=AfterDelete.DISABLED)
    found = []
    for id in ("a", "own"):
        before = account.state(id)
        account.delete(id)
        after = account.state(id)
        assert before is not None
        assert after is not None
        found.append((before.after_delete, after.after_delete))
    assert found == [(None, AfterDelete.DISABLED), (None, AfterDelete.NOT_FOUND)]


def test_projects_may_change_while_the_account_is_in_use() -> None:
    account = Account([SandboxProject("a", name="before")])
    assert account.edit("a", lambda project: replace(project, name="after")).name == "after"
    assert account.project("a").name == "after"
    account.put(SandboxProject("b"))
    assert account.ids == ("a", "b")
    with pytest.raises(KeyError):
        account.edit("c", lambda project: project)


def test_a_rewritten_output_has_other_bytes_of_the_same_length() -> None:
    account = Account([SandboxProject("a", outputs=outputs_of("a", 2, size=1_000))])
    before = account.project("a").outputs
    account.rewrite("a", "1/output.wav")
    account.rewrite("a", "2/output.wav")
    account.rewrite("b", "output.wav")
    after = account.project("a").outputs
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
def test_a_path_keeps_its_escapes_in_a_url(path: str, url_path: str) -> None:
    output = Output(path, outputs_of("a")[0].audio)
    account = Account([SandboxProject("a", outputs=(output,))])
    assert output.url_path == url_path
    assert account.output("a", url_path) == account.output("a", url_path.lower().replace("gr%", "Gr%")) == output


def test_ids_must_be_valid_and_unique() -> None:
    with pytest.raises(ValueError, match="two projects have the id a"):
        Account([SandboxProject("a"), SandboxProject("a")])
    for bad in ("", "a b", "a/b", "x" * 129, "é"):
        with pytest.raises(ValueError, match="invalid id"):
            Account([SandboxProject(bad)])
