"""Real FTP servers on loopback: pyftpdlib from PyPI, ProFTPD from Debian's packages."""

from __future__ import annotations

import getpass
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from server_process import binary, free_port, running

USER, PASSWORD = "me", "open-sesame"


@dataclass(frozen=True)
class FtpServer:
    """A running server. `root` is its folder on this machine, and `path` the same folder for the user."""

    port: int
    root: Path
    path: str = ""
    user: str = USER
    password: str = PASSWORD
    scheme: str = "ftp"

    def environment(self, port: int) -> dict[str, str]:
        """The environment that mhsync needs to log in, if the URL names this port."""
        return {
            "MHSYNC_FSSPEC_PASSWORD": self.password,
            "MHSYNC_FSSPEC_FOR": f"{self.scheme}://{self.user}@127.0.0.1:{port}",
        }

    def url(self, port: int, name: str) -> str:
        return f"fsspec+{self.scheme}://{self.user}@127.0.0.1:{port}{self.path}/audio/{name}"


def _root(folder: Path) -> Path:
    (folder / "files").mkdir(parents=True)
    return folder / "files"


@contextmanager
def pyftpdlib(folder: Path) -> Iterator[FtpServer]:
    """pyftpdlib. For the user its folder is `/`."""
    root, port = _root(folder), free_port()
    (root / "audio").mkdir()
    command = [
        sys.executable, "-m", "pyftpdlib", "-i", "127.0.0.1", "-p", str(port), "-w", "-d", str(root),
        "-u", USER, "-P", PASSWORD,
    ]  # fmt: skip
    with running(command, port, folder / "log"):
        yield FtpServer(port, root)


_PROFTPD = """
ServerName mhsync
ServerType standalone
DefaultAddress 127.0.0.1
UseIPv6 off
Port {port}
User {user}
Group {group}
PidFile {folder}/pid
ScoreboardFile {folder}/scoreboard
SystemLog {folder}/log
TransferLog none
WtmpLog off
DelayEngine off
RootLogin on
RequireValidShell off
AuthOrder mod_auth_file.c
AuthUserFile {folder}/passwords
AllowOverwrite on
MaxInstances 64
TimesGMT on
"""


@contextmanager
def proftpd(folder: Path) -> Iterator[FtpServer]:
    """ProFTPD. The user can access all folders of the machine."""
    program, port = binary("proftpd", "proftpd-core"), free_port()
    root = _root(folder)
    digest = subprocess.run(
        ["openssl", "passwd", "-6", PASSWORD], check=True, capture_output=True, text=True
    ).stdout.strip()
    passwords = folder / "passwords"
    passwords.write_text(f"{USER}:{digest}:{os.geteuid()}:{os.getegid()}::{root}:/bin/sh\n")
    passwords.chmod(0o600)
    config = folder / "proftpd.conf"
    group = subprocess.run(["id", "-gn"], check=True, capture_output=True, text=True).stdout.strip()
    config.write_text(_PROFTPD.format(folder=folder, port=port, user=getpass.getuser(), group=group))
    with running([program, "-n", "-c", str(config)], port, folder / "log"):
        yield FtpServer(port, root, str(root))
