"""Starts and ends servers on loopback. Each writes a log."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path


class Daemon:
    """A running server. `stop` ends it, with SIGTERM first. If setpriv is installed, it also ends with the tests."""

    def __init__(self, command: Sequence[str], log: Path, environ: Mapping[str, str] | None = None) -> None:
        self.log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [*_end_with_tests(), *command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=None if environ is None else dict(environ),
                cwd=log.parent,
            )

    @property
    def has_ended(self) -> bool:
        return self._process.poll() is not None

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(30)


def _end_with_tests() -> tuple[str, ...]:
    """Ends the server if the tests are killed."""
    return ("setpriv", "--pdeathsig", "KILL") if shutil.which("setpriv") else ()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def wait_for_port(port: int, daemon: Daemon, seconds: float = 60) -> None:
    """Wait until a server listens.

    Raises:
        RuntimeError: it did not in time, or it ended. The message contains the end of its log.
    """
    until = time.monotonic() + seconds
    while time.monotonic() < until and not daemon.has_ended:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise RuntimeError(f"no server listens on port {port}: {daemon.log.read_text(errors='replace')[-2000:]}")
