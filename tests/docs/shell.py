"""A bash that runs the commands of a document one after the other, as a reader types them."""

from __future__ import annotations

import os
import selectors
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self

MARKER = "=== the command ended with"
NOISE = "mhsync sandbox: the default ports"
SECONDS = 60


class Shell:
    """A bash in `folder`; `environ` replaces variables of this process, and removes those that are None."""

    def __init__(self, folder: Path, environ: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            cwd=folder, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def run(self, command: str) -> tuple[int, str]:
        """The exit code and the output of a command. It reads nothing: its input would be the next command."""
        assert self._process.stdin is not None
        # The subshell sets $? to the exit code again, for the next command.
        script = f"{command}\n_code=$?; printf '{MARKER} %s\\n' $_code; (exit $_code)\n"
        self._process.stdin.write(script.encode())
        self._process.stdin.flush()
        printed = self._read_to_marker(command)
        output, _, code = printed.rpartition(MARKER)
        return int(code), output

    def _read_to_marker(self, command: str) -> str:
        assert self._process.stdout is not None
        output = b""
        deadline = time.monotonic() + SECONDS
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            while not (MARKER.encode() in output and output.endswith(b"\n")):
                if not selector.select(timeout=max(0.0, deadline - time.monotonic())):
                    raise AssertionError(f"after {SECONDS} s, {command!r} had only printed {output.decode()!r}")
                part = os.read(self._process.stdout.fileno(), 65536)
                if not part:
                    raise AssertionError(f"bash ended in {command!r} after {output.decode()!r}")
                output += part
        return output.decode()
