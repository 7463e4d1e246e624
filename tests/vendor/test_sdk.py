"""The vendor's own SDK finds in the sandbox the API it was made for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from magic_hour import Client
from make_api_request import ApiError

from mhsync.sandbox.account import Account, SandboxProject, outputs_of
from mhsync.sandbox.defaults import ODD_NAME, default_account
from mhsync.sandbox.server import Sandbox


def account() -> Account:
    """What a person has when nothing was asked for, with a render that ends soon."""
    account = default_account()
    later = ((0.4, "complete"),)
    account.put(SandboxProject("soon", status="rendering", outputs=outputs_of("soon", 2), later=later))
    return account


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(account()) as sandbox:
        yield sandbox


@pytest.fixture
def client(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    monkeypatch.setenv("MAGIC_HOUR_POLL_INTERVAL", "0.05")
    # The SDK makes clients of its own for downloads, and they would take a proxy from the environment.
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with closing(httpx.Client(timeout=20)) as connection:
        yield Client(token=sandbox.key, base_url=sandbox.api_url, httpx_client=connection)


def content(sandbox: Sandbox, id: str, index: int = 0) -> bytes:
    return b"".join(sandbox.account.project(id).outputs[index].audio.read())


@pytest.mark.parametrize("id", [id for id in default_account().ids if id != "sbx-deleted"])
def test_get_understands_every_kind_of_project(sandbox: Sandbox, client: Client, id: str) -> None:
    got = client.v1.audio_projects.get(id=id)
    project = sandbox.account.project(id)
    assert (got.id, got.status, got.name, got.type_) == (id, project.status, project.name, project.type)
    assert got.enabled is not project.is_deleted
    offers = project.status == "complete" and not project.is_deleted
    assert len(got.downloads) == (len(project.outputs) if offers else 0)
    assert (got.error is not None) is (project.status == "error")


def test_get_keeps_odd_names_as_they_are(client: Client) -> None:
    assert client.v1.audio_projects.get(id="sbx-odd-name").name == ODD_NAME


def test_errors_reach_it_with_their_status_and_message(sandbox: Sandbox, client: Client) -> None:
    with pytest.raises(ApiError) as caught:
        client.v1.audio_projects.get(id="sbx-deleted")
    assert (caught.value.status_code, caught.value.response.json()) == (404, {"message": "Not Found"})
    with closing(httpx.Client()) as connection, pytest.raises(ApiError) as caught:
        Client(token="wrong", base_url=sandbox.api_url, httpx_client=connection).v1.audio_projects.get(id="x")
    assert (caught.value.status_code, caught.value.response.json()) == (401, {"message": "Unauthorized"})


def test_check_result_waits_and_downloads(sandbox: Sandbox, client: Client, tmp_path: Path) -> None:
    result = client.v1.audio_projects.check_result("soon", True, True, str(tmp_path))
    assert result.status == "complete"
    # Both outputs have one base name, and the SDK lets the second replace the first.
    assert result.downloaded_paths == [str(tmp_path / "output.wav")] * 2
    assert (tmp_path / "output.wav").read_bytes() == content(sandbox, "soon", 1)
    assert not sandbox.requests.leaks
    assert len(sandbox.requests.of("files", "GET", status=200)) == 2


def test_check_result_downloads_what_is_complete(sandbox: Sandbox, client: Client, tmp_path: Path) -> None:
    result = client.v1.audio_projects.check_result("sbx-complete", True, True, str(tmp_path))
    assert result.downloaded_paths == [str(tmp_path / "output.wav")]
    assert (tmp_path / "output.wav").read_bytes() == content(sandbox, "sbx-complete")


def test_check_result_ends_with_what_failed(client: Client, tmp_path: Path) -> None:
    result = client.v1.audio_projects.check_result("sbx-error", True, True, str(tmp_path))
    assert (result.status, result.downloaded_paths) == ("error", None)
    assert result.error is not None
    assert result.error.code == "no_speech_found"


def test_delete_deletes_once(sandbox: Sandbox, client: Client) -> None:
    client.v1.audio_projects.delete(id="sbx-complete")
    assert "sbx-complete" in sandbox.account.deleted_ids
    with pytest.raises(ApiError) as caught:
        client.v1.audio_projects.delete(id="sbx-complete")
    assert caught.value.status_code == 404
