"""Starts a server process, waits until it accepts connections, and ends it."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

START_TIMEOUT = 15.0


class ServerMissing(Exception):
    """A program that a row needs is not installed. The message names the package."""


def require(program: str, package: str) -> str:
    """The path of a program.

    Raises:
        ServerMissing: it is not installed.
    """
    found = shutil.which(program) or shutil.which(program, path="/usr/sbin:/usr/local/sbin")
    if found is None:
        raise ServerMissing(
            f"{program} is missing: install Debian's package {package} (apt-get install {package})"
        )
    return found


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def serving(command: Sequence[str], port: int, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server in the foreground until the block ends.

    Raises:
        RuntimeError: it ended early, or does not accept connections in time.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(list(command), stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    try:
        _wait_until_open(process, port, log)
        yield process
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(5)
        if process.returncode is None:
            process.kill()
            process.wait()


def _wait_until_open(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    end = log.read_bytes()[-2000:].decode("utf-8", "replace")
    raise RuntimeError(f"the server did not start: {' '.join(map(str, process.args))}\n{end}")  # type: ignore[arg-type]
