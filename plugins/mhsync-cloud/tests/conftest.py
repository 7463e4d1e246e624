"""Fixtures: servers on loopback, each on a port of its own, and an environment without credentials."""

from __future__ import annotations

import os
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "support"))
# The end-to-end tests of all remote storages, and the proxy that interrupts the network.
sys.path.append(str(Path(__file__).parents[2] / "mhsync-sftp" / "tests" / "support"))

from cloud_servers import Cloud, fake_gs, moto

_CLOUDS = ("AWS_", "AZURE_", "GOOGLE_", "STORAGE_EMULATOR_HOST", "SSL_CERT_")
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Remove the credentials of the user who runs the tests."""
    for name in list(os.environ):
        if name.startswith(_CLOUDS) or name.upper() in _PROXIES:
            monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    # Without it a manifest may not name the servers of these tests, although they run on this machine.
    monkeypatch.setenv("MHSYNC_CLOUD_ENDPOINTS", "127.0.0.1,localhost,::1")


@pytest.fixture(scope="session")
def moto_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with moto(tmp_path_factory.mktemp("moto")) as cloud:
        yield cloud


@pytest.fixture
def s3(moto_server: Cloud, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    """The fake S3 server, with its credentials in the environment."""
    return moto_server.entered(monkeypatch)


@pytest.fixture(scope="session")
def fake_gs_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with fake_gs(tmp_path_factory.mktemp("gs")) as cloud:
        yield cloud


@pytest.fixture
def gs(fake_gs_server: Cloud, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    return fake_gs_server.entered(monkeypatch)


@pytest.fixture
def prefix() -> str:
    """A prefix that only one test uses."""
    return f"team a/{uuid.uuid4()}"
