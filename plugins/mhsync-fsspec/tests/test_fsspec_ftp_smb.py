"""Common FTP and SMB servers: the conformance suite on each, and mhsync end to end."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from pathlib import Path

import ftp_servers
import pytest
import server_suites
import smb_server
from end_to_end import Desk
from ftp_servers import FtpServer
from mhsync_fsspec import versions
from mhsync_fsspec.factory import make
from server_process import Servers, free_port
from server_suites import BriefEndToEndOnServer, Start, open_storage

from mhsync import StorageError
from mhsync.testing.content import content, get, paths, put

pytestmark = pytest.mark.integration
ALL = (ftp_servers.pyftpdlib, ftp_servers.proftpd, smb_server.samba)


class Conformance(server_suites.Conformance):
    many = 16
    threads = 6


class FtpEndToEnd(BriefEndToEndOnServer):
    def test_cut_off_from_the_storage_half_way(self, desk: Desk) -> None:
        # Files are sent over other connections. The proxy sees only a few thousand bytes of commands.
        desk.cut_off_and_settle(0.0004)


class TestPyftpdlib(Conformance):
    start = ftp_servers.pyftpdlib


class TestPyftpdlibEndToEnd(FtpEndToEnd):
    start = ftp_servers.pyftpdlib


class TestProftpd(Conformance):
    start = ftp_servers.proftpd


class TestProftpdEndToEnd(FtpEndToEnd):
    start = ftp_servers.proftpd


class TestSamba(Conformance):
    start = smb_server.samba


class TestSambaEndToEnd(BriefEndToEndOnServer):
    start = smb_server.samba


@pytest.fixture(params=ALL, ids=lambda start: start.__name__)
def each(request: pytest.FixtureRequest, servers: Servers) -> FtpServer:
    return servers.get(request.param)


def test_removing_a_missing_file_is_not_an_error(each: FtpServer, tmp_path: Path) -> None:
    storage = open_storage(each, tmp_path.name)
    put(storage, "a/b.wav", b"x")
    backend = storage._access.acquire()
    for path in ("a/c.wav", "none/c.wav"):
        backend.remove(path)
        assert backend.find(path) is None
    assert list(backend.entries("none")) == []
    storage._access.release(backend)
    assert paths(storage) == ["a/b.wav"]
    storage.close()


def test_a_wrong_password_is_reported(each: FtpServer, tmp_path: Path) -> None:
    storage = open_storage(each, tmp_path.name, MHSYNC_FSSPEC_PASSWORD="a wrong guess")
    for act in (lambda: list(storage.list()), lambda: storage.stat("a.wav"), lambda: put(storage, "a.wav", b"x")):
        with pytest.raises(StorageError, match="login failed") as caught:
            act()
        assert "MHSYNC_FSSPEC_PASSWORD" in str(caught.value.hint)
        assert "wrong guess" not in f"{caught.value} {caught.value.hint}"
        assert "\n" not in str(caught.value)
    storage.close()


@pytest.mark.parametrize("scheme", ["ftp", "smb"])
def test_a_server_that_does_not_run_is_reported(scheme: str) -> None:
    storage = make(f"fsspec+{scheme}://127.0.0.1:{free_port()}/files/audio", {}, {})
    with pytest.raises(StorageError, match="connection refused") as caught:
        list(storage.list())
    assert "check that the server runs" in str(caught.value.hint)
    storage.close()


def test_a_missing_share_is_reported(servers: Servers) -> None:
    server = servers.get(smb_server.samba)
    url = server.url(server.port, "x").replace("/files/", "/nothing/")
    storage = make(url, {}, server.environment(server.port))
    with pytest.raises(StorageError, match="the server has no such share") as caught:
        list(storage.list())
    assert "SHARE" in str(caught.value.hint)
    storage.close()


def test_a_read_only_share_is_reported(servers: Servers) -> None:
    server = servers.get(smb_server.samba)
    url = server.url(server.port, "y").replace("/files/", "/locked/")
    storage = make(url, {}, server.environment(server.port))
    with pytest.raises(StorageError, match="permission denied") as caught:
        put(storage, "a.wav", b"x")
    assert "the right to read and write" in str(caught.value.hint)
    storage.close()


@pytest.mark.parametrize("name", ["a:b.wav", "a?.wav", "ends./a.wav", "a|b.wav"])
def test_names_that_smb_does_not_allow_are_refused(servers: Servers, tmp_path: Path, name: str) -> None:
    """A colon would write another stream of the file with the name before it."""
    storage = open_storage(servers.get(smb_server.samba), tmp_path.name)
    put(storage, "a", b"stays")
    with pytest.raises(StorageError, match="SMB does not allow"):
        put(storage, name, content(100))
    assert storage.stat(name) is None
    assert (paths(storage), get(storage, "a")) == (["a"], b"stays")
    storage.close()


def test_a_file_that_another_program_reads_can_be_replaced_on_smb(servers: Servers, tmp_path: Path) -> None:
    storage = open_storage(servers.get(smb_server.samba), tmp_path.name)
    put(storage, "a.wav", b"before")
    with storage.open("a.wav") as reader:
        timer = threading.Timer(0.3, reader.close)
        timer.start()
        put(storage, "a.wav", b"after")
    timer.join()
    assert get(storage, "a.wav") == b"after"
    storage.close()


def test_the_version_changes_with_the_file_on_smb(
    servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The age of the file is that by the clock of the server."""
    server = servers.get(smb_server.samba)
    storage = open_storage(server, tmp_path.name)
    put(storage, "a.wav", b"one")
    (new,) = storage.list()
    assert new.version is None
    monkeypatch.setattr(versions, "SETTLED", 0.3)
    time.sleep(0.5)
    (before,) = storage.list()
    assert storage.stat("a.wav") == before
    (server.root / "audio" / tmp_path.name / "a.wav").write_bytes(b"two")
    time.sleep(0.5)
    (after,) = storage.list()
    assert storage.stat("a.wav") == after
    assert None not in (before.version, after.version)
    assert before.version != after.version
    storage.close()


@pytest.mark.parametrize("start", [ftp_servers.pyftpdlib, ftp_servers.proftpd])
def test_ftp_is_at_least_half_as_fast_as_curl(servers: Servers, tmp_path: Path, start: Start) -> None:
    """One large upload and download of each, in the same run. The best of three counts on a shared machine."""
    server = servers.get(start)
    storage = open_storage(server, tmp_path.name)
    data = content(64 * 1024 * 1024)
    local = tmp_path / "large.wav"
    local.write_bytes(data)
    put(storage, "warm.wav", b"x")
    begin = f"ftp://{server.user}:{server.password}@127.0.0.1:{server.port}/{server.path}/audio/{tmp_path.name}/"
    ratios = []
    for number in range(3):
        started = time.monotonic()
        put(storage, f"large-{number}.wav", data)
        with storage.open(f"large-{number}.wav") as reader:
            while reader.read(256 * 1024):
                pass
        ours = time.monotonic() - started
        started = time.monotonic()
        for how in (["-T", str(local)], ["-o", os.devnull]):
            subprocess.run(["curl", "-sS", *how, f"{begin}curl.wav"], check=True, timeout=60)
        ratios.append((time.monotonic() - started) / ours)
        if ratios[-1] >= 0.5:
            break
    storage.close()
    print(f"{start.__name__}: {max(ratios):.2f} of the rate of curl")
    assert max(ratios) >= 0.5, ratios
