"""Fixtures: servers on loopback, each on a port of its own."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paramiko
import pytest

sys.path.insert(0, str(Path(__file__).parent / "support"))

from sftp_folder import Behaviour, FolderServer, serving

from mhsync.testing import Opener


@dataclass
class Place:
    """A running server, and the URL and the options that a manifest has for it."""

    server: FolderServer
    url: str
    options: dict[str, Any]

    @property
    def behaviour(self) -> Behaviour:
        return self.server.behaviour

    @property
    def folder(self) -> Path:
        """Where the server keeps the storage's files."""
        return self.server.folder / "audio"

    @property
    def opener(self) -> Opener:
        return Opener("mhsync_sftp.plugin:open_storage", (self.url, self.options))


@pytest.fixture(scope="session")
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("keys") / "id_ecdsa"
    paramiko.ECDSAKey.generate().write_private_key_file(str(file))
    return file


@pytest.fixture
def new_place(tmp_path: Path, key_file: Path) -> Iterator[Callable[..., Place]]:
    """Starts servers; each argument is a field of `Behaviour`."""
    with ExitStack() as stack:
        count = 0

        def start(**how: Any) -> Place:
            nonlocal count
            count += 1
            folder = tmp_path / f"server-{count}"
            folder.mkdir()
            key = paramiko.ECDSAKey.from_private_key_file(str(key_file))
            server = stack.enter_context(serving(folder, Behaviour(**{"keys": (key,), **how})))
            known = server.known_hosts(tmp_path / f"known_hosts-{count}")
            options = {"key_file": str(key_file), "known_hosts": str(known), "timeout": 20}
            return Place(server, f"sftp://me@127.0.0.1:{server.port}/audio", options)

        yield start


@pytest.fixture
def place(new_place: Callable[..., Place]) -> Place:
    return new_place()
