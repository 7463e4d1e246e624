"""SFTP servers other than OpenSSH, on loopback. Each is ended by its context manager."""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from sftp_sshd import Sshd, free_port, wait_for_port

_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"


@contextmanager
def asyncssh(folder: Path) -> Iterator[Sshd]:
    """The server of the Python package asyncssh."""
    _prepare(folder)
    program = str(Path(__file__).with_name("sftp_asyncssh.py"))
    port = free_port()
    with _running(
        [sys.executable, program, str(port), str(folder / "host_key"), str(folder / "authorized_keys")],
        port,
        folder,
    ):
        yield _sshd(port, folder)


@contextmanager
def rclone(folder: Path) -> Iterator[Sshd]:
    """`rclone serve sftp`. Paths begin at the folder that it serves."""
    program = Path(os.environ.get("MHSYNC_SERVERS") or "build/servers").absolute() / "bin" / "rclone"
    if not program.is_file():
        pytest.fail(f"{program} does not exist: run tools/install-servers")
    _prepare(folder)
    port = free_port()
    command = [
        str(program), "serve", "sftp", "--config", "", "--addr", f"127.0.0.1:{port}", "--user", getpass.getuser(),
        "--key", str(folder / "host_key"), "--authorized-keys", str(folder / "authorized_keys"), str(folder / "files"),
    ]  # fmt: skip
    with _running(command, port, folder):
        yield _sshd(port, folder, served=Path("/"))


@contextmanager
def dropbear(folder: Path) -> Iterator[Sshd]:
    """dropbear, which starts the sftp-server of OpenSSH. It reads authorized keys only from the user's home."""
    program = _program("dropbear", "dropbear-bin")
    library = next(Path("/usr/lib").glob("*/libnss_wrapper.so"), None)
    if library is None:
        pytest.fail("libnss_wrapper.so does not exist: apt-get install libnss-wrapper")
    _prepare(folder)
    home = folder / "home"
    (home / ".ssh").mkdir(parents=True, mode=0o700)
    shutil.copy(folder / "authorized_keys", home / ".ssh")
    (folder / "passwd").write_text(f"{getpass.getuser()}:x:{os.getuid()}:{os.getgid()}::{home}:/bin/sh\n")
    (folder / "group").write_text(f"{getpass.getuser()}:x:{os.getgid()}:\n")
    host_key = folder / "dropbear_key"
    subprocess.run(
        [_program("dropbearconvert", "dropbear-bin"), "openssh", "dropbear", str(folder / "host_key"), str(host_key)],
        check=True, capture_output=True,
    )  # fmt: skip
    port = free_port()
    command = [
        program,
        "-F",
        "-E",
        "-s",
        "-p",
        f"127.0.0.1:{port}",
        "-r",
        str(host_key),
        "-P",
        str(folder / "pid"),
    ]
    environment = {
        "LD_PRELOAD": str(library),
        "NSS_WRAPPER_PASSWD": str(folder / "passwd"),
        "NSS_WRAPPER_GROUP": str(folder / "group"),
    }
    with _running(command, port, folder, environment):
        yield _sshd(port, folder)


_PROFTPD = """\
ModulePath /usr/lib/proftpd
LoadModule mod_sftp.c
ServerType standalone
DefaultAddress 127.0.0.1
SocketBindTight on
UseIPv6 off
Port {port}
User {user}
Group {group}
PidFile {folder}/pid
ScoreboardFile {folder}/scoreboard
DelayEngine off
WtmpLog off
TransferLog none
SystemLog {folder}/system_log
AuthOrder mod_auth_file.c
AuthUserFile {folder}/passwd
AuthGroupFile {folder}/group
RequireValidShell off
UseFtpUsers off
RootLogin on
MaxInstances 60
MaxConnectionsPerHost none
AllowOverwrite on
SFTPEngine on
SFTPLog {folder}/sftp_log
SFTPHostKey {folder}/host_key
SFTPAuthMethods publickey
SFTPAuthorizedUserKeys file:{folder}/authorized_rfc4716
"""


@contextmanager
def proftpd(folder: Path) -> Iterator[Sshd]:
    """proftpd with its module mod_sftp."""
    program = _program("proftpd", "proftpd-core proftpd-mod-crypto")
    _prepare(folder)
    group = subprocess.run(["id", "-gn"], check=True, capture_output=True, text=True).stdout.strip()
    user = getpass.getuser()
    (folder / "passwd").write_text(f"{user}:*:{os.getuid()}:{os.getgid()}::{folder}:/bin/sh\n")
    (folder / "group").write_text(f"{group}:x:{os.getgid()}:\n")
    for name in ("passwd", "group"):
        (folder / name).chmod(0o600)
    keys = subprocess.run(
        ["ssh-keygen", "-e", "-f", str(folder / "id_ed25519.pub")], check=True, capture_output=True, text=True
    )
    (folder / "authorized_rfc4716").write_text(keys.stdout)
    port = free_port()
    (folder / "proftpd.conf").write_text(_PROFTPD.format(port=port, folder=folder, user=user, group=group))
    with _running([program, "-n", "-q", "-c", str(folder / "proftpd.conf")], port, folder):
        yield _sshd(port, folder)


def _prepare(folder: Path) -> None:
    """Keys and a folder for files."""
    (folder / "files").mkdir(parents=True)
    for name in ("host_key", "id_ed25519"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
    shutil.copy(folder / "id_ed25519.pub", folder / "authorized_keys")


def _sshd(port: int, folder: Path, served: Path | None = None) -> Sshd:
    root = folder / "files"
    return Sshd(port, getpass.getuser(), folder / "id_ed25519", folder / "host_key.pub", root, served)


def _program(name: str, packages: str) -> str:
    found = shutil.which(name, path=_PATH)
    if found is None:
        pytest.fail(f"{name} is not installed: apt-get install {packages}")
    return found


@contextmanager
def _running(
    command: Sequence[str], port: int, folder: Path, environment: Mapping[str, str] | None = None
) -> Iterator[None]:
    log = folder / "log"
    with (
        log.open("w") as output,
        subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**os.environ, **(environment or {})},
        ) as process,
    ):
        try:
            wait_for_port(port, process, log)
            yield
        finally:
            process.terminate()
