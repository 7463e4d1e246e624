"""A real OpenSSH server on loopback, from the Debian package `openssh-server`."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mhsync.testing import Opener

_CONFIG = """
ListenAddress 127.0.0.1
Port {port}
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/authorized_keys
PidFile none
UsePAM no
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin yes
MaxSessions {sessions}
MaxStartups 10:30:100
Subsystem sftp {subsystem}
"""


@dataclass(frozen=True)
class Sshd:
    """A running server that accepts `key_file` for `user`."""

    port: int
    user: str
    key_file: Path
    host_key: Path
    root: Path
    """A folder for files."""
    served: Path | None = None
    """The path of `root` on the server, if it differs."""


@contextmanager
def sshd(
    folder: Path,
    *,
    subsystem: str = "internal-sftp",
    sessions: int = 10,
    key_type: str = "ed25519",
    configure: Callable[[Path], str] = lambda _: "",
) -> Iterator[Sshd]:
    """Run a server whose files are all in `folder`.

    Args:
        key_type: of the host key.
        configure: called with the folder, which has the host key; returns more lines of the configuration.
    """
    binary = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if binary is None:
        pytest.fail("sshd is not installed: apt-get install openssh-server")
    folder.mkdir()
    for name, kind in (("host_key", key_type), ("id_ed25519", "ed25519")):
        subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", str(folder / name)], check=True)
    (folder / "authorized_keys").write_text((folder / "id_ed25519.pub").read_text())
    (folder / "files").mkdir()
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    port = free_port()
    config = folder / "sshd_config"
    text = _CONFIG.format(port=port, folder=folder, subsystem=subsystem, sessions=sessions)
    config.write_text(text + configure(folder))
    log = folder / "log"
    with log.open("w") as err, subprocess.Popen([binary, "-D", "-e", "-f", str(config)], stderr=err) as process:
        try:
            wait_for_port(port, process, log)
            yield Sshd(port, getpass.getuser(), folder / "id_ed25519", folder / "host_key.pub", folder / "files")
        finally:
            process.terminate()


def options_of(server: Sshd, tmp_path: Path) -> dict[str, Any]:
    known = tmp_path / "known_hosts"
    known.write_text(f"127.0.0.1 {server.host_key.read_text()}")
    return {"key_file": str(server.key_file), "known_hosts": str(known), "timeout": 20}


def url_of(server: Sshd, tmp_path: Path, port: int | None = None) -> str:
    """The URL of a folder of the server for one test, at the server's own port or a proxy's."""
    return f"sftp://{server.user}@127.0.0.1:{port or server.port}{(server.served or server.root) / tmp_path.name}"


def opener_of(server: Sshd, tmp_path: Path) -> Opener:
    return Opener("mhsync_sftp.plugin:open_storage", (url_of(server, tmp_path), options_of(server, tmp_path)))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def wait_for_port(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until the server listens. Fail the test if the server ends first."""
    deadline = time.monotonic() + 30
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 5).close()
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"{process.args} did not start: {log.read_text()[-2000:]}")
            time.sleep(0.02)
        else:
            return
