"""A real Samba server on loopback, with its own configuration, users and state. It needs the package `samba`."""

from __future__ import annotations

import getpass
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ftp_servers import FtpServer
from server_process import binary, free_port, running

PASSWORD = "open-sesame"
_CONFIG = """
[global]
  workgroup = MHSYNC
  server role = standalone server
  interfaces = 127.0.0.1
  bind interfaces only = yes
  smb ports = {port}
  disable netbios = yes
  private dir = {folder}/private
  state directory = {folder}/state
  cache directory = {folder}/cache
  lock directory = {folder}/lock
  pid directory = {folder}/pid
  ncalrpc dir = {folder}/ncalrpc
  log file = {folder}/log.smbd
  passdb backend = tdbsam:{folder}/private/passdb.tdb
  load printers = no
  printcap name = /dev/null
[files]
  path = {folder}/files
  read only = no
[locked]
  path = {folder}/files
  read only = yes
"""


@contextmanager
def samba(folder: Path) -> Iterator[FtpServer]:
    """smbd with the share `files` and the read-only share `locked`."""
    program, port = binary("smbd", "samba"), free_port()
    for name in ("files", "private", "state", "cache", "lock", "pid", "ncalrpc"):
        (folder / name).mkdir(parents=True)
    config = folder / "smb.conf"
    config.write_text(_CONFIG.format(folder=folder, port=port))
    user = getpass.getuser()
    subprocess.run(
        [binary("smbpasswd", "samba-common-bin"), "-c", str(config), "-a", "-s", user],
        check=True, input=f"{PASSWORD}\n{PASSWORD}\n", text=True, capture_output=True,
    )  # fmt: skip
    command = [program, "-F", "--no-process-group", "-s", str(config)]
    with running(command, port, folder / "log"):
        yield FtpServer(port, folder / "files", "/files", user, PASSWORD, "smb")
