"""`check_result`: waiting, downloading and naming files, without the known faults of the vendor's SDK."""

from __future__ import annotations

import dataclasses
import threading
import time
from pathlib import Path

import pytest

from mhsync.api.transfer_events import TransferEnded
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
from tests.api.client_fixture import QUICK, ApiFixture


def audio_of(api: ApiFixture, id: str) -> list[bytes]:
    return [b"".join(output.audio.read()) for output in api.sandbox.account.project(id).outputs]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_an_output_is_downloaded_into_a_new_directory(api: ApiFixture, tmp_path: Path):
    folder = tmp_path / "a" / "b"

    result = api.client.check_result("one", True, True, folder)

    assert result.project.status is Status.COMPLETE
    assert result.downloaded_paths == (str(folder / "output.wav"),)
    assert (folder / "output.wav").read_bytes() == api.audio
    assert names(folder) == ["output.wav"]


def test_the_current_directory_is_the_default(api: ApiFixture, tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert api.client.check_result("one").downloaded_paths == ("output.wav",)
    assert names(tmp_path) == ["output.wav"]


def test_several_outputs_with_the_same_name_are_all_stored(api: ApiFixture, tmp_path: Path):
    api.sandbox.account.put(SandboxProject("three", outputs=outputs_of("three", 3, size=3000)))

    result = api.client.check_result("three", download_directory=tmp_path)

    assert [Path(path).name for path in result.downloaded_paths] == ["output.wav", "output-2.wav", "output-3.wav"]
    assert [Path(path).read_bytes() for path in result.downloaded_paths] == audio_of(api, "three")


def test_an_existing_file_is_never_replaced_and_the_same_content_is_not_stored_twice(
    api: ApiFixture, tmp_path: Path
):
    (tmp_path / "output.wav").write_bytes(b"mine")
    api.sandbox.account.put(SandboxProject("two", outputs=outputs_of("two", size=3000)))

    first = api.client.check_result("one", download_directory=tmp_path)
    second = api.client.check_result("two", download_directory=tmp_path)
    again = api.client.check_result("one", download_directory=tmp_path)

    assert (tmp_path / "output.wav").read_bytes() == b"mine"
    assert first.downloaded_paths == again.downloaded_paths == (str(tmp_path / "output-2.wav"),)
    assert second.downloaded_paths == (str(tmp_path / "output-3.wav"),)
    assert names(tmp_path) == ["output-2.wav", "output-3.wav", "output.wav"]


def test_two_outputs_with_the_same_content_are_two_files(api: ApiFixture, tmp_path: Path):
    (output,) = outputs_of("same", size=3000)
    twins = tuple(dataclasses.replace(output, path=f"{number}/output.wav") for number in range(2))
    api.sandbox.account.put(SandboxProject("same", outputs=twins))

    for _ in range(2):
        result = api.client.check_result("same", download_directory=tmp_path)
        assert [Path(path).name for path in result.downloaded_paths] == ["output.wav", "output-2.wav"]
    assert names(tmp_path) == ["output-2.wav", "output.wav"]


def test_two_equal_outputs_are_two_files_where_another_file_has_their_name(api: ApiFixture, tmp_path: Path):
    (tmp_path / "output.wav").write_bytes(b"mine")
    (output,) = outputs_of("same", size=3000)
    twins = tuple(dataclasses.replace(output, path=f"{number}/output.wav") for number in range(2))
    api.sandbox.account.put(SandboxProject("same", outputs=twins))

    result = api.client.check_result("same", download_directory=tmp_path)

    assert len(set(result.downloaded_paths)) == 2
    assert len(names(tmp_path)) == 3


def test_waiting_ends_when_the_project_is_complete(api: ApiFixture, tmp_path: Path):
    later = ((0.1, "rendering"), (0.2, "complete"))
    api.sandbox.account.put(
        SandboxProject("slow", status="queued", later=later, outputs=outputs_of("slow", size=3000))
    )

    result = api.client.check_result("slow", download_directory=tmp_path)

    assert result.project.status is Status.COMPLETE
    assert len(result.downloaded_paths) == 1


def test_without_waiting_a_rendering_project_is_returned(api: ApiFixture, tmp_path: Path):
    api.sandbox.account.set_status("one", "rendering")

    result = api.client.check_result("one", wait_for_completion=False, download_directory=tmp_path / "new")

    assert (result.project.status, result.downloaded_paths) == (Status.RENDERING, ())
    assert not (tmp_path / "new").exists()


def test_without_waiting_a_complete_project_is_downloaded(api: ApiFixture, tmp_path: Path):
    result = api.client.check_result("one", wait_for_completion=False, download_directory=tmp_path)
    assert len(result.downloaded_paths) == 1


def test_nothing_is_downloaded_without_download_outputs(api: ApiFixture, tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = api.client.check_result("one", download_outputs=False)
    assert result.downloaded_paths == ()
    assert (names(tmp_path), api.request_count(host="files")) == ([], 0)


def test_waiting_ends_after_the_timeout(api: ApiFixture):
    api.sandbox.account.set_status("one", "rendering")

    began = time.monotonic()
    with pytest.raises(WaitTimeout, match="one is still rendering") as caught:
        api.client.check_result("one", timeout=0.3)

    assert 0.3 <= time.monotonic() - began < 3
    assert (caught.value.exit_code, caught.value.id) == (4, "one")


def test_waiting_for_an_unknown_status_is_limited(api: ApiFixture, client):
    bounded = dataclasses.replace(QUICK, wait=dataclasses.replace(QUICK.wait, unknown=0.2))
    api.client = client(api.sandbox.api_url, settings=bounded)
    api.fault(f.UnknownStatus("pau\x1bsed"))

    with pytest.raises(WaitTimeout, match=r"one is still pau\\x1bsed"):
        api.client.check_result("one")


@pytest.mark.parametrize("wait", [True, False], ids=["waiting", "not waiting"])
@pytest.mark.parametrize("status", ["error", "canceled"])
def test_a_failed_render_is_an_error_with_its_reason(api: ApiFixture, tmp_path: Path, status: str, wait: bool):
    error = ProjectError("no_voice", "There is no voice\x07 in it.")
    api.sandbox.account.put(SandboxProject("bad", status=status, error=error))

    with pytest.raises(RenderFailed) as caught:
        api.client.check_result("bad", wait, True, tmp_path / "new")

    assert caught.value.message.startswith(f"bad ended in {status}")
    if status == "error":
        assert caught.value.message.endswith(": There is no voice\\x07 in it. (no_voice)")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("after", list(AfterDelete))
def test_a_deleted_project_is_an_error(api: ApiFixture, after: AfterDelete):
    api.sandbox.account.put(SandboxProject("gone", is_deleted=True, after_delete=after))
    with pytest.raises(RenderFailed, match="gone (was not found|is deleted)"):
        api.client.check_result("gone")


def test_a_draft_is_not_waited_for(api: ApiFixture):
    api.sandbox.account.set_status("one", "draft")
    with pytest.raises(RenderFailed, match="one is a draft") as caught:
        api.client.check_result("one")
    assert "submit it" in (caught.value.hint or "")
    assert api.request_count("GET") == 1


def test_a_complete_project_without_outputs_is_an_error(api: ApiFixture):
    api.sandbox.account.put(SandboxProject("void"))
    assert api.client.check_result("void", download_outputs=False).project.status is Status.COMPLETE
    with pytest.raises(RenderFailed, match="the API lists no outputs"):
        api.client.check_result("void")


def test_an_expired_link_is_renewed(api: ApiFixture, tmp_path: Path):
    api.fault(f.Expired(), host="files", nth=1)
    api.client.check_result("one", download_directory=tmp_path)
    assert (tmp_path / "output.wav").read_bytes() == api.audio


def test_an_output_that_is_no_longer_listed_is_an_error(api: ApiFixture, tmp_path: Path):
    api.faults(Rule(f.Expired(), host="files"), Rule(f.MissingField("downloads"), host="api", skip=1))
    with pytest.raises(DownloadError, match="the API no longer lists this file"):
        api.client.check_result("one", download_directory=tmp_path)


@pytest.mark.parametrize("fault", [f.Cut(bytes=0), f.Html(), f.Shorter()], ids=repr)
def test_a_download_that_fails_leaves_nothing_behind(api: ApiFixture, tmp_path: Path, fault: object):
    api.fault(fault, host="files")
    with pytest.raises(DownloadError):
        api.client.check_result("one", download_directory=tmp_path)
    assert names(tmp_path) == []


def test_links_that_are_always_refused_are_reported(api: ApiFixture, tmp_path: Path):
    api.fault(f.Expired(), host="files")
    with pytest.raises(LinkExpired):
        api.client.check_result("one", download_directory=tmp_path)
    assert names(tmp_path) == []


def test_a_wrong_key_during_the_wait_ends_it(api: ApiFixture):
    api.sandbox.account.set_status("one", "rendering")
    api.fault(f.Status(401), skip=2)
    with pytest.raises(AuthenticationFailed):
        api.client.check_result("one")
    assert api.request_count("GET") == 3


def test_a_stop_request_ends_the_wait(api: ApiFixture, client):
    stopped = threading.Event()
    api.client = client(api.sandbox.api_url, stop=stopped.is_set)
    api.sandbox.account.set_status("one", "rendering")
    threading.Timer(0.2, stopped.set).start()
    with pytest.raises(Interrupted):
        api.client.check_result("one")


def test_a_file_in_place_of_the_directory_is_reported_before_any_download(api: ApiFixture, tmp_path: Path):
    (tmp_path / "taken").write_text("x")
    with pytest.raises(StorageError, match="taken is a file, not a directory"):
        api.client.check_result("one", download_directory=tmp_path / "taken")
    assert api.request_count(host="files") == 0


def test_the_progress_of_a_download_is_reported_and_its_end(api: ApiFixture, client, tmp_path: Path):
    events = []
    settings = dataclasses.replace(QUICK, download=dataclasses.replace(QUICK.download, bandwidth=100_000))
    slow = client(api.sandbox.api_url, settings=settings)

    slow.check_result("one", True, True, tmp_path, on_progress=events.append)

    *progress, end = events
    assert end == TransferEnded("one", "output.wav", 50_000)
    assert 1 <= len(progress) <= 10
    assert all(event.id == "one" and event.size == 50_000 for event in progress)
    assert [event.received for event in progress] == sorted({event.received for event in progress})


def test_a_failed_download_has_an_end_without_a_size(api: ApiFixture, tmp_path: Path):
    api.fault(f.Status(404), host="files")
    events = []
    with pytest.raises(DownloadError):
        api.client.check_result("one", True, True, tmp_path, on_progress=events.append)
    assert events == [TransferEnded("one", "output.wav", None)]
