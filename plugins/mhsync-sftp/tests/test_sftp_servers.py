"""Servers other than OpenSSH: the conformance suite, mhsync from end to end, and error messages."""

from __future__ import annotations

import os
import re
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import sftp_servers
from end_to_end import BriefEndToEnd, Site
from mhsync_sftp.plugin import open_storage
from sftp_sshd import Sshd, free_port, opener_of, options_of, url_of

from mhsync import Locked, Storage, StorageUnavailable
from mhsync.testing import Opener, StorageConformance

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module", params=["asyncssh", "dropbear", "proftpd", "rclone"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    with getattr(sftp_servers, request.param)(tmp_path_factory.mktemp(request.param) / "server") as running:
        yield running


class TestServers(StorageConformance):
    many = 250
    versions_settle = True

    @pytest.fixture
    def opener(self, server: Sshd, tmp_path: Path) -> Opener:
        return opener_of(server, tmp_path)


class TestEndToEnd(BriefEndToEnd):
    @pytest.fixture
    def site(self, server: Sshd, tmp_path: Path) -> Site:
        return Site(
            port=server.port,
            url=lambda port: url_of(server, tmp_path, port),
            open=open_storage,
            plugin="mhsync-sftp",
            # With 8 connections, which sessions then share, proftpd refused a write with `Invalid handle` under load.
            options={**options_of(server, tmp_path), "connections": 16},
        )


class TestMessages:
    def test_a_second_run_reads_who_holds_the_lock_since_when(self, server: Sshd, tmp_path: Path) -> None:
        first, second = opener_of(server, tmp_path).open(), opener_of(server, tmp_path).open()
        with first.lock(), pytest.raises(Locked) as caught, second.lock():
            pass
        holder = rf"held by process {os.getpid()} on host {re.escape(socket.gethostname())} since 20\S+Z"
        assert re.fullmatch(holder, caught.value.message)
        first.close()
        second.close()

    def test_an_unknown_host_key(self, server: Sshd, tmp_path: Path) -> None:
        options = options_of(server, tmp_path)
        Path(options["known_hosts"]).write_text("")
        error = failure(open_storage(url_of(server, tmp_path), options))
        assert re.search(
            r"host key of \S+ is not known: the server presented ssh-ed25519 SHA256:\S+", error.message
        )
        assert "ssh-keyscan" in error.message

    def test_a_key_that_the_server_refuses(self, server: Sshd, tmp_path: Path) -> None:
        other = tmp_path / "other"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(other)], check=True)
        options = {**options_of(server, tmp_path), "key_file": str(other)}
        error = failure(open_storage(url_of(server, tmp_path), options))
        assert error.message.startswith(f"{server.user}@[127.0.0.1]:{server.port}: authentication failed")
        assert "key_file" in str(error.hint)

    def test_a_closed_port(self, server: Sshd, tmp_path: Path) -> None:
        error = failure(open_storage(url_of(server, tmp_path, port=free_port()), options_of(server, tmp_path)))
        assert error.message.startswith("cannot reach [127.0.0.1]:")
        assert "check that the server runs" in str(error.hint)


def failure(storage: Storage) -> StorageUnavailable:
    """The error of the first use of a storage: one line with the message, and one with the hint."""
    with pytest.raises(StorageUnavailable) as caught:
        storage.stat("a.wav")
    storage.close()
    print(caught.value.message, caught.value.hint, sep="\n")
    assert "\n" not in caught.value.message
    assert caught.value.hint
    assert "\n" not in caught.value.hint
    return caught.value
