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
from mhsync.sandbox.account import AfterDelete, SandboxProject, outputs_of
from mhsync.sandbox.rules import Rule
from tests.api.client_fixture import QUICK, CliRunner


def audio_of(cli_runner: CliRunner, id: str) -> list[bytes]:
    return [b"".join(output.audio.read()) for output in cli_runner.sandbox.account.project(id).outputs]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_an_output_is_fetched_into_a_folder_that_is_made_first(cli_runner: CliRunner, tmp_path: Path):
    folder = tmp_path / "a" / "b"

    result = cli_runner.client.check_result("one", True, True, folder)

    assert result.project.status is Status.COMPLETE
    assert result.downloaded_paths == (str(folder / "output.wav"),)
    assert (folder / "output.wav").read_bytes() == cli_runner.audio
    assert names(folder) == ["output.wav"]


def test_the_current_directory_is_the_default(cli_runner: CliRunner, tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert cli_runner.client.check_result("one").downloaded_paths == ("output.wav",)
    assert names(tmp_path) == ["output.wav"]


def test_several_outputs_of_one_name_all_come(cli_runner: CliRunner, tmp_path: Path):
    cli_runner.sandbox.account.put(SandboxProject("three", outputs=outputs_of("three", 3, size=3000)))

    result = cli_runner.client.check_result("three", download_directory=tmp_path)

    assert [Path(path).name for path in result.downloaded_paths] == ["output.wav", "output-2.wav", "output-3.wav"]
    assert [Path(path).read_bytes() for path in result.downloaded_paths] == audio_of(cli_runner, "three")


def test_a_file_of_other_bytes_is_never_overwritten_and_the_same_bytes_are_not_stored_twice(
    cli_runner: CliRunner, tmp_path: Path
):
    (tmp_path / "output.wav").write_bytes(b"mine")
    cli_runner.sandbox.account.put(SandboxProject("two", outputs=outputs_of("two", size=3000)))

    first = cli_runner.client.check_result("one", download_directory=tmp_path)
    second = cli_runner.client.check_result("two", download_directory=tmp_path)
    again = cli_runner.client.check_result("one", download_directory=tmp_path)

    assert (tmp_path / "output.wav").read_bytes() == b"mine"
    assert first.downloaded_paths == again.downloaded_paths == (str(tmp_path / "output-2.wav"),)
    assert second.downloaded_paths == (str(tmp_path / "output-3.wav"),)
    assert names(tmp_path) == ["output-2.wav", "output-3.wav", "output.wav"]


def test_two_outputs_of_the_same_bytes_are_two_files(cli_runner: CliRunner, tmp_path: Path):
    (output,) = outputs_of("same", size=3000)
    twins = tuple(dataclasses.replace(output, path=f"{number}/output.wav") for number in range(2))
    cli_runner.sandbox.account.put(SandboxProject("same", outputs=twins))

    for _ in range(2):
        result = cli_runner.client.check_result("same", download_directory=tmp_path)
        assert [Path(path).name for path in result.downloaded_paths] == ["output.wav", "output-2.wav"]
    assert names(tmp_path) == ["output-2.wav", "output.wav"]


def test_twins_beside_a_stranger_of_their_name_are_two_files_too(cli_runner: CliRunner, tmp_path: Path):
    (tmp_path / "output.wav").write_bytes(b"mine")
    (output,) = outputs_of("same", size=3000)
    twins = tuple(dataclasses.replace(output, path=f"{number}/output.wav") for number in range(2))
    cli_runner.sandbox.account.put(SandboxProject("same", outputs=twins))

    result = cli_runner.client.check_result("same", download_directory=tmp_path)

    assert len(set(result.downloaded_paths)) == 2
    assert len(names(tmp_path)) == 3


def test_waiting_ends_when_the_project_is_complete(cli_runner: CliRunner, tmp_path: Path):
    later = ((0.1, "rendering"), (0.2, "complete"))
    cli_runner.sandbox.account.put(
        SandboxProject("slow", status="queued", later=later, outputs=outputs_of("slow", size=3000))
    )

    result = cli_runner.client.check_result("slow", download_directory=tmp_path)

    assert result.project.status is Status.COMPLETE
    assert len(result.downloaded_paths) == 1


def test_without_waiting_a_rendering_project_is_shown_as_it_is(cli_runner: CliRunner, tmp_path: Path):
    cli_runner.sandbox.account.set_status("one", "rendering")

    result = cli_runner.client.check_result("one", wait_for_completion=False, download_directory=tmp_path / "new")

    assert (result.project.status, result.downloaded_paths) == (Status.RENDERING, ())
    assert not (tmp_path / "new").exists()


def test_without_waiting_a_complete_project_is_fetched(cli_runner: CliRunner, tmp_path: Path):
    result = cli_runner.client.check_result("one", wait_for_completion=False, download_directory=tmp_path)
    assert len(result.downloaded_paths) == 1


def test_nothing_is_fetched_unless_asked_for(cli_runner: CliRunner, tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = cli_runner.client.check_result("one", download_outputs=False)
    assert result.downloaded_paths == ()
    assert (names(tmp_path), cli_runner.asked(host="files")) == ([], 0)


def test_a_timeout_ends_the_waiting(cli_runner: CliRunner):
    cli_runner.sandbox.account.set_status("one", "rendering")

    began = time.monotonic()
    with pytest.raises(WaitTimeout, match="one is still rendering") as caught:
        cli_runner.client.check_result("one", timeout=0.3)

    assert 0.3 <= time.monotonic() - began < 3
    assert (caught.value.exit_code, caught.value.id) == (4, "one")


def test_an_unknown_status_is_waited_for_in_bounded_time(cli_runner: CliRunner, client):
    bounded = dataclasses.replace(QUICK, wait=dataclasses.replace(QUICK.wait, unknown=0.2))
    cli_runner.client = client(cli_runner.sandbox.api_url, settings=bounded)
    cli_runner.fault(f.UnknownStatus("pau\x1bsed"))

    with pytest.raises(WaitTimeout, match=r"one is still pau\\x1bsed"):
        cli_runner.client.check_result("one")


@pytest.mark.parametrize("wait", [True, False], ids=["waiting", "not waiting"])
@pytest.mark.parametrize("status", ["error", "canceled"])
def test_what_failed_to_render_is_an_error_with_the_reason(
    cli_runner: CliRunner, tmp_path: Path, status: str, wait: bool
):
    error = ProjectError("no_voice", "There is no voice\x07 in it.")
    cli_runner.sandbox.account.put(SandboxProject("bad", status=status, error=error))

    with pytest.raises(RenderFailed) as caught:
        cli_runner.client.check_result("bad", wait, True, tmp_path / "new")

    assert caught.value.message.startswith(f"bad ended in {status}")
    if status == "error":
        assert caught.value.message.endswith(": There is no voice\\x07 in it. (no_voice)")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("after", list(AfterDelete))
def test_what_is_gone_is_an_error_and_no_success_without_files(cli_runner: CliRunner, after: AfterDelete):
    cli_runner.sandbox.account.put(SandboxProject("gone", is_deleted=True, after_delete=after))
    with pytest.raises(RenderFailed, match="gone (was not found|is deleted)"):
        cli_runner.client.check_result("gone")


def test_a_draft_is_not_waited_for(cli_runner: CliRunner):
    cli_runner.sandbox.account.set_status("one", "draft")
    with pytest.raises(RenderFailed, match="one is a draft") as caught:
        cli_runner.client.check_result("one")
    assert "submit it" in (caught.value.hint or "")
    assert cli_runner.asked("GET") == 1


def test_complete_without_outputs_is_an_error_when_they_are_wanted(cli_runner: CliRunner):
    cli_runner.sandbox.account.put(SandboxProject("void"))
    assert cli_runner.client.check_result("void", download_outputs=False).project.status is Status.COMPLETE
    with pytest.raises(RenderFailed, match="the API lists no outputs"):
        cli_runner.client.check_result("void")


def test_an_expired_link_is_renewed(cli_runner: CliRunner, tmp_path: Path):
    cli_runner.fault(f.Expired(), host="files", nth=1)
    cli_runner.client.check_result("one", download_directory=tmp_path)
    assert (tmp_path / "output.wav").read_bytes() == cli_runner.audio


def test_an_output_that_is_no_longer_offered_is_an_error(cli_runner: CliRunner, tmp_path: Path):
    cli_runner.faults(Rule(f.Expired(), host="files"), Rule(f.MissingField("downloads"), host="api", skip=1))
    with pytest.raises(DownloadError, match="the API no longer lists this file"):
        cli_runner.client.check_result("one", download_directory=tmp_path)


@pytest.mark.parametrize("fault", [f.Cut(bytes=0), f.Html(), f.Shorter()], ids=repr)
def test_a_download_that_fails_leaves_nothing_behind(cli_runner: CliRunner, tmp_path: Path, fault: object):
    cli_runner.fault(fault, host="files")
    with pytest.raises(DownloadError):
        cli_runner.client.check_result("one", download_directory=tmp_path)
    assert names(tmp_path) == []


def test_links_that_are_always_refused_are_told(cli_runner: CliRunner, tmp_path: Path):
    cli_runner.fault(f.Expired(), host="files")
    with pytest.raises(LinkExpired):
        cli_runner.client.check_result("one", download_directory=tmp_path)
    assert names(tmp_path) == []


def test_a_wrong_key_in_the_middle_of_waiting_ends_it(cli_runner: CliRunner):
    cli_runner.sandbox.account.set_status("one", "rendering")
    cli_runner.fault(f.Status(401), skip=2)
    with pytest.raises(AuthenticationFailed):
        cli_runner.client.check_result("one")
    assert cli_runner.asked("GET") == 3


def test_stop_ends_the_waiting(cli_runner: CliRunner, client):
    stopped = threading.Event()
    cli_runner.client = client(cli_runner.sandbox.api_url, stop=stopped.is_set)
    cli_runner.sandbox.account.set_status("one", "rendering")
    threading.Timer(0.2, stopped.set).start()
    with pytest.raises(Interrupted):
        cli_runner.client.check_result("one")


def test_a_file_where_the_folder_must_be_is_told_before_anything_is_fetched(cli_runner: CliRunner, tmp_path: Path):
    (tmp_path / "taken").write_text("x")
    with pytest.raises(StorageError, match="taken: file exists"):
        cli_runner.client.check_result("one", download_directory=tmp_path / "taken")
    assert cli_runner.asked(host="files") == 0
