"""A real WebDAV server on loopback: `rclone serve webdav`. It fails where the Debian package `rclone` is missing."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class DavServer:
    """A running server that lets `user` in with `password`."""

    port: int
    user: str
    password: str
    root: Path
    """The folder it serves."""


@contextmanager
def rclone(folder: Path) -> Iterator[DavServer]:
    """Run a server whose files are all in `folder`."""
    binary = shutil.which("rclone")
    if binary is None:
        pytest.fail("there is no rclone: apt-get install rclone")
    (folder / "files").mkdir(parents=True)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = DavServer(port, "me", "open sesame", folder / "files")
    log = folder / "log"
    command = [
        binary, "serve", "webdav", str(server.root), "--addr", f"127.0.0.1:{port}", "--dir-cache-time", "1s",
        "--user", server.user, "--pass", server.password, "--config", str(folder / "rclone.conf"),
    ]  # fmt: skip
    with log.open("w") as err, subprocess.Popen(command, stdout=err, stderr=err) as process:
        try:
            _wait(port, process, log)
            yield server
        finally:
            process.terminate()


def _wait(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 5).close()
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"rclone does not start: {log.read_text()[-2000:]}")
            time.sleep(0.02)
        else:
            return
