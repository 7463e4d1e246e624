"""A real WebDAV server: the promises of a storage, and mhsync end to end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from end_to_end import EndToEnd, Site
from mhsync_fsspec.factory import make
from webdav_rclone import DavServer, rclone

from mhsync import StorageError
from mhsync.testing import Opener, StorageConformance

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DavServer]:
    with rclone(tmp_path_factory.mktemp("rclone") / "server") as running:
        yield running


def environment(server: DavServer, port: int) -> dict[str, str]:
    return {
        "MHSYNC_FSSPEC_PASSWORD": server.password,
        "MHSYNC_FSSPEC_FOR": f"webdav://{server.user}@127.0.0.1:{port}",
    }


def url(server: DavServer, port: int, tmp_path: Path) -> str:
    return f"fsspec+webdav://{server.user}@127.0.0.1:{port}/audio/{tmp_path.name}"


class TestWebDav(StorageConformance):
    @pytest.fixture
    def opener(self, server: DavServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Opener:
        for name, value in environment(server, server.port).items():
            monkeypatch.setenv(name, value)
        return Opener("mhsync_fsspec.plugin:open_storage", (url(server, server.port, tmp_path), {}))


class TestEndToEnd(EndToEnd):
    @pytest.fixture
    def site(self, server: DavServer, tmp_path: Path) -> Site:
        return Site(
            port=server.port,
            url=lambda port: url(server, port, tmp_path),
            open=lambda url, options: make(url, options, environment(server, server.port)),
            plugin="mhsync-fsspec",
            environment=lambda port: environment(server, port),
        )


def test_a_wrong_password_is_said_so_and_not_shown(server: DavServer, tmp_path: Path) -> None:
    environ = {**environment(server, server.port), "MHSYNC_FSSPEC_PASSWORD": "a wrong password"}
    storage = make(url(server, server.port, tmp_path), {}, environ)
    with pytest.raises(StorageError, match="401") as caught:
        storage.stat("a.wav")
    assert "a wrong password" not in f"{caught.value.message} {caught.value.hint}"
    storage.close()
