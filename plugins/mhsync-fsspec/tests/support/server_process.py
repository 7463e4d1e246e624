"""Runs servers as processes on free ports of loopback, and ends them by their process id."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import pytest

T = TypeVar("T")
_START = 30
"""Seconds within which a server must accept connections."""
_STOP = 10
"""Seconds within which a server must end."""


def binary(name: str, package: str) -> str:
    """The path of the program of a server. The test fails if its Debian package is not installed."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if found is None:
        pytest.fail(f"there is no {name}: apt-get install {package}")
    return found


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


class Servers(ExitStack):
    """Servers that start when they are first needed, and end together."""

    def __init__(self) -> None:
        super().__init__()
        self._started: dict[object, Any] = {}

    def get(self, start: Callable[[Path], AbstractContextManager[T]]) -> T:
        """The server of a kind. All its files are in a folder that other users can access."""
        if start not in self._started:
            folder = Path(self.enter_context(tempfile.TemporaryDirectory(prefix="mhsync-server-")))
            folder.chmod(0o755)
            self._started[start] = self.enter_context(start(folder / "server"))
        server: T = self._started[start]
        return server


@contextmanager
def running(
    command: Sequence[str], port: int, log: Path, environ: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A server in the foreground, with its workers in a separate process group."""
    environment = {**os.environ, **(environ or {})}
    with (
        log.open("ab") as err,
        subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=err, stderr=err, env=environment, start_new_session=True
        ) as process,
    ):
        try:
            _wait(command[0], port, process, log)
            yield process
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(_STOP)
    # The group contains only this server and its workers.
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _wait(name: str, port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _START
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 5).close()
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"{name} does not start: {log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.02)
        else:
            return
