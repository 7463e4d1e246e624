"""`check_result`: the vendor's call, without what FACTS.md lists as its faults."""

from __future__ import annotations

import dataclasses
import threading
import time
from pathlib import Path

import pytest

from mhsync.core.project import ProjectError, Status
from mhsync.errors import (
    AuthenticationFailed,
    DownloadError,
    Interrupted,
    LinkExpired,
    RenderFailed,
    StorageError,
    WaitTimeout,
)
from mhsync.sandbox import faults as f
from mhsync.sandbox.rules import Rule
from mhsync.sandbox.world import AfterDelete, SandboxProject, outputs_of
from tests.api.bench import QUICK, Desk


def audio_of(desk: Desk, id: str) -> list[bytes]:
    return [b"".join(output.audio.read()) for output in desk.sandbox.world.project(id).outputs]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_an_output_is_fetched_into_a_folder_that_is_made_first(desk: Desk, tmp_path: Path):
    folder = tmp_path / "a" / "b"

    result = desk.client.check_result("one", True, True, folder)

    assert result.project.status is Status.COMPLETE
    assert result.downloaded_paths == (str(folder / "output.wav"),)
    assert (folder / "output.wav").read_bytes() == desk.audio
    assert names(folder) == ["output.wav"]


def test_the_current_directory_is_the_default(desk: Desk, tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert desk.client.check_result("one").downloaded_paths == ("output.wav",)
    assert names(tmp_path) == ["output.wav"]


def test_several_outputs_of_one_name_all_come(desk: Desk, tmp_path: Path):
    desk.sandbox.world.put(SandboxProject("three", outputs=outputs_of("three", 3, size=3000)))

    result = desk.client.check_result("three", download_directory=tmp_path)

    assert [Path(path).name for path in result.downloaded_paths] == ["output.wav", "output-2.wav", "output-3.wav"]
    assert [Path(path).read_bytes() for path in result.downloaded_paths] == audio_of(desk, "three")


def test_a_file_of_other_bytes_is_never_overwritten_and_the_same_bytes_are_not_stored_twice(
    desk: Desk, tmp_path: Path
):
    (tmp_path / "output.wav").write_bytes(b"mine")
    desk.sandbox.world.put(SandboxProject("two", outputs=outputs_of("two", size=3000)))

    first = desk.client.check_result("one", download_directory=tmp_path)
    second = desk.client.check_result("two", download_directory=tmp_path)
    again = desk.client.check_result("one", download_directory=tmp_path)

    assert (tmp_path / "output.wav").read_bytes() == b"mine"
    assert first.downloaded_paths == again.downloaded_paths == (str(tmp_path / "output-2.wav"),)
    assert second.downloaded_paths == (str(tmp_path / "output-3.wav"),)
    assert names(tmp_path) == ["output-2.wav", "output-3.wav", "output.wav"]


def test_two_outputs_of_the_same_bytes_are_two_files(desk: Desk, tmp_path: Path):
    (output,) = outputs_of("same", size=3000)
    twins = tuple(dataclasses.replace(output, path=f"{number}/output.wav") for number in range(2))
    desk.sandbox.world.put(SandboxProject("same", outputs=twins))

    for _ in range(2):
        result = desk.client.check_result("same", download_directory=tmp_path)
        assert [Path(path).name for path in result.downloaded_paths] == ["output.wav", "output-2.wav"]
    assert names(tmp_path) == ["output-2.wav", "output.wav"]


def test_twins_beside_a_stranger_of_their_name_are_two_files_too(desk: Desk, tmp_path: Path):
    (tmp_path / "output.wav").write_bytes(b"mine")
    (output,) = outputs_of("same", size=3000)
    twins = tuple(dataclasses.replace(output, path=f"{number}/output.wav") for number in range(2))
    desk.sandbox.world.put(SandboxProject("same", outputs=twins))

    result = desk.client.check_result("same", download_directory=tmp_path)

    assert len(set(result.downloaded_paths)) == 2
    assert len(names(tmp_path)) == 3


def test_waiting_ends_when_the_project_is_complete(desk: Desk, tmp_path: Path):
    later = ((0.1, "rendering"), (0.2, "complete"))
    desk.sandbox.world.put(
        SandboxProject("slow", status="queued", later=later, outputs=outputs_of("slow", size=3000))
    )

    result = desk.client.check_result("slow", download_directory=tmp_path)

    assert result.project.status is Status.COMPLETE
    assert len(result.downloaded_paths) == 1


def test_without_waiting_a_rendering_project_is_shown_as_it_is(desk: Desk, tmp_path: Path):
    desk.sandbox.world.set_status("one", "rendering")

    result = desk.client.check_result("one", wait_for_completion=False, download_directory=tmp_path / "new")

    assert (result.project.status, result.downloaded_paths) == (Status.RENDERING, ())
    assert not (tmp_path / "new").exists()


def test_without_waiting_a_complete_project_is_fetched(desk: Desk, tmp_path: Path):
    result = desk.client.check_result("one", wait_for_completion=False, download_directory=tmp_path)
    assert len(result.downloaded_paths) == 1


def test_nothing_is_fetched_unless_asked_for(desk: Desk, tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = desk.client.check_result("one", download_outputs=False)
    assert result.downloaded_paths == ()
    assert (names(tmp_path), desk.asked(host="files")) == ([], 0)


def test_a_timeout_ends_the_waiting(desk: Desk):
    desk.sandbox.world.set_status("one", "rendering")

    began = time.monotonic()
    with pytest.raises(WaitTimeout, match="one is still rendering") as caught:
        desk.client.check_result("one", timeout=0.3)

    assert 0.3 <= time.monotonic() - began < 3
    assert (caught.value.exit_code, caught.value.id) == (4, "one")


def test_an_unknown_status_is_waited_for_in_bounded_time(desk: Desk, client):
    bounded = dataclasses.replace(QUICK, wait=dataclasses.replace(QUICK.wait, unknown=0.2))
    desk.client = client(desk.sandbox.api_url, settings=bounded)
    desk.fault(f.UnknownStatus("pau\x1bsed"))

    with pytest.raises(WaitTimeout, match=r"one is still pau\\x1bsed"):
        desk.client.check_result("one")


@pytest.mark.parametrize("wait", [True, False], ids=["waiting", "not waiting"])
@pytest.mark.parametrize("status", ["error", "canceled"])
def test_what_failed_to_render_is_an_error_with_the_reason(desk: Desk, tmp_path: Path, status: str, wait: bool):
    error = ProjectError("no_voice", "There is no voice\x07 in it.")
    desk.sandbox.world.put(SandboxProject("bad", status=status, error=error))

    with pytest.raises(RenderFailed) as caught:
        desk.client.check_result("bad", wait, True, tmp_path / "new")

    assert caught.value.message.startswith(f"bad ended in {status}")
    if status == "error":
        assert caught.value.message.endswith(": There is no voice\\x07 in it. (no_voice)")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("after", list(AfterDelete))
def test_what_is_gone_is_an_error_and_no_success_without_files(desk: Desk, after: AfterDelete):
    desk.sandbox.world.put(SandboxProject("gone", is_deleted=True, after_delete=after))
    with pytest.raises(RenderFailed, match="gone is (gone|deleted)"):
        desk.client.check_result("gone")


def test_a_draft_is_not_waited_for(desk: Desk):
    desk.sandbox.world.set_status("one", "draft")
    with pytest.raises(RenderFailed, match="one is a draft") as caught:
        desk.client.check_result("one")
    assert "submit it" in (caught.value.hint or "")
    assert desk.asked("GET") == 1


def test_complete_without_outputs_is_an_error_when_they_are_wanted(desk: Desk):
    desk.sandbox.world.put(SandboxProject("void"))
    assert desk.client.check_result("void", download_outputs=False).project.status is Status.COMPLETE
    with pytest.raises(RenderFailed, match="offers no file"):
        desk.client.check_result("void")


def test_an_expired_link_is_renewed(desk: Desk, tmp_path: Path):
    desk.fault(f.Expired(), host="files", nth=1)
    desk.client.check_result("one", download_directory=tmp_path)
    assert (tmp_path / "output.wav").read_bytes() == desk.audio


def test_an_output_that_is_no_longer_offered_is_an_error(desk: Desk, tmp_path: Path):
    desk.faults(Rule(f.Expired(), host="files"), Rule(f.MissingField("downloads"), host="api", skip=1))
    with pytest.raises(DownloadError, match="the API no longer offers this file"):
        desk.client.check_result("one", download_directory=tmp_path)


@pytest.mark.parametrize("fault", [f.Cut(bytes=0), f.Html(), f.Shorter()], ids=repr)
def test_a_download_that_fails_leaves_nothing_behind(desk: Desk, tmp_path: Path, fault: object):
    desk.fault(fault, host="files")
    with pytest.raises(DownloadError):
        desk.client.check_result("one", download_directory=tmp_path)
    assert names(tmp_path) == []


def test_links_that_are_always_refused_are_told(desk: Desk, tmp_path: Path):
    desk.fault(f.Expired(), host="files")
    with pytest.raises(LinkExpired):
        desk.client.check_result("one", download_directory=tmp_path)
    assert names(tmp_path) == []


def test_a_wrong_key_in_the_middle_of_waiting_ends_it(desk: Desk):
    desk.sandbox.world.set_status("one", "rendering")
    desk.fault(f.Status(401), skip=2)
    with pytest.raises(AuthenticationFailed):
        desk.client.check_result("one")
    assert desk.asked("GET") == 3


def test_stop_ends_the_waiting(desk: Desk, client):
    stopped = threading.Event()
    desk.client = client(desk.sandbox.api_url, stop=stopped.is_set)
    desk.sandbox.world.set_status("one", "rendering")
    threading.Timer(0.2, stopped.set).start()
    with pytest.raises(Interrupted):
        desk.client.check_result("one")


def test_a_file_where_the_folder_must_be_is_told_before_anything_is_fetched(desk: Desk, tmp_path: Path):
    (tmp_path / "taken").write_text("x")
    with pytest.raises(StorageError, match="taken: file exists"):
        desk.client.check_result("one", download_directory=tmp_path / "taken")
    assert desk.asked(host="files") == 0
