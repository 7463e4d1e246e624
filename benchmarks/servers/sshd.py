"""OpenSSH's server on loopback, for the storage plugin and for OpenSSH's own `sftp`."""

from __future__ import annotations

import getpass
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.servers.processes import free_port, require, serving
from benchmarks.workspace import empty_folder

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
Subsystem sftp internal-sftp
"""


@dataclass(frozen=True, slots=True)
class Sshd:
    """A running server that accepts `key_file` for `user`."""

    port: int
    user: str
    key_file: Path
    known_hosts: Path
    files: Path
    """A folder for files, under the same path here and on the server."""

    @property
    def client(self) -> str:
        """The command line of OpenSSH's `sftp`; it reads its commands from stdin."""
        return (
            f"sftp -q -b - -P {self.port} -i {self.key_file} -o IdentitiesOnly=yes -F none "
            f"-o UserKnownHostsFile={self.known_hosts} {self.user}@127.0.0.1"
        )

    @property
    def manifest_head(self) -> str:
        """The top of a manifest whose storage is `files/storage` on this server."""
        options = f"{{key_file: {self.key_file}, known_hosts: {self.known_hosts}}}"
        url = f"sftp://{self.user}@127.0.0.1:{self.port}{self.files}/storage"
        return f"storage: {url}\nstorage_options: {options}\n"


@contextmanager
def sshd(folder: Path, port: int | None = None) -> Iterator[Sshd]:
    """Run a server that keeps its keys and files in `folder`."""
    program = require("sshd", "openssh-server")
    require("sftp", "openssh-client")
    if port is None:
        empty_folder(folder)
    port = port or free_port()
    for name in ("host_key", "id_ed25519"):
        if not (folder / name).exists():
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)  # noqa: S607
    (folder / "authorized_keys").write_text((folder / "id_ed25519.pub").read_text())
    known_hosts = folder / "known_hosts"
    known_hosts.write_text(f"[127.0.0.1]:{port} {(folder / 'host_key.pub').read_text()}")
    files = folder / "files"
    files.mkdir(exist_ok=True)
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # where a server that root starts keeps its privileges apart
    config = folder / "sshd_config"
    config.write_text(_CONFIG.format(port=port, folder=folder))
    with serving([program, "-D", "-e", "-f", str(config)], port, folder / "sshd.log"):
        yield Sshd(port, getpass.getuser(), folder / "id_ed25519", known_hosts, files)
