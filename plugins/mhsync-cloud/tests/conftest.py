"""Servers for these tests, each on loopback and a port of its own, and an environment without anybody's keys."""

from __future__ import annotations

import os
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "support"))
# What every storage elsewhere is tried with from end to end, and the proxy that cuts the network.
sys.path.append(str(Path(__file__).parents[2] / "mhsync-sftp" / "tests" / "support"))

from cloud_servers import Cloud, fake_gs, moto

_CLOUDS = ("AWS_", "AZURE_", "GOOGLE_", "STORAGE_EMULATOR_HOST", "SSL_CERT_")
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whoever runs the tests may be logged in somewhere."""
    for name in list(os.environ):
        if name.startswith(_CLOUDS) or name.upper() in _PROXIES:
            monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    # The servers of these tests: a manifest may not name any, this machine's own included, without this.
    monkeypatch.setenv("MHSYNC_CLOUD_ENDPOINTS", "127.0.0.1,localhost,::1")


@pytest.fixture(scope="session")
def moto_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with moto(tmp_path_factory.mktemp("moto")) as cloud:
        yield cloud


@pytest.fixture
def s3(moto_server: Cloud, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    """The fast fake, and the environment that opens it."""
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
    """An empty place in the bucket, for one test."""
    return f"team a/{uuid.uuid4()}"
