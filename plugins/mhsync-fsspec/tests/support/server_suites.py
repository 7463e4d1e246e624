"""The suites that run on each server: conformance, and mhsync end to end."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import ClassVar, Protocol

import pytest
from end_to_end import BriefEndToEnd, Site
from mhsync_fsspec.factory import make
from mhsync_fsspec.storage import FsspecStorage
from server_process import Servers

from mhsync.testing import Opener, StorageConformance


class Server(Protocol):
    """A running server on loopback."""

    @property
    def port(self) -> int: ...
    @property
    def root(self) -> Path:
        """The folder with the server's files."""

    def environment(self, port: int) -> dict[str, str]:
        """The environment that mhsync needs to log in, if the URL names this port."""

    def url(self, port: int, name: str) -> str:
        """The URL of a storage. Its files are in `root / "audio" / name`."""


Start = Callable[[Path], AbstractContextManager[Server]]


def open_storage(server: Server, name: str, **environment: str) -> FsspecStorage:
    """A storage on the server. `environment` replaces variables of the server's own."""
    return make(server.url(server.port, name), {}, {**server.environment(server.port), **environment})


class OnServer:
    """One server for all tests of a module. Each test uses its own folder."""

    start: ClassVar[Start]

    @pytest.fixture
    def server(self, servers: Servers) -> Server:
        return servers.get(type(self).start)


class Conformance(OnServer, StorageConformance):
    kills = 2
    versions_settle = True

    @pytest.fixture
    def opener(self, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Opener:
        for name, value in server.environment(server.port).items():
            monkeypatch.setenv(name, value)
        return Opener("mhsync_fsspec.plugin:open_storage", (server.url(server.port, tmp_path.name), {}))


class OnSite(OnServer):
    """The site that the end-to-end suites need."""

    @pytest.fixture
    def site(self, server: Server, tmp_path: Path) -> Site:
        return Site(
            port=server.port,
            url=lambda port: server.url(port, tmp_path.name),
            open=lambda url, options: make(url, options, server.environment(server.port)),
            plugin="mhsync-fsspec",
            environment=server.environment,
        )


class BriefEndToEndOnServer(OnSite, BriefEndToEnd):
    pass
