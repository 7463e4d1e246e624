"""A process that runs mhsync in forks of itself, each killed at a step (see `forking.py`)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mhsync.sandbox.server import Sandbox


@dataclass
class Runner:
    """The process."""

    process: subprocess.Popen[str]
    log: Path

    def run(self, argv: list[str], at: int) -> int:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"at": at, "argv": argv, "log": str(self.log)}) + "\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())


@contextmanager
def running(sandbox: Sandbox) -> Iterator[Runner]:
    """A process whose environment names the sandbox. It ends with the block."""
    root = Path(__file__).parents[2]
    with tempfile.TemporaryDirectory(prefix="mhsync-crash-") as folder:
        environ = os.environ | {
            "MHSYNC_API_URL": sandbox.api_url,
            "MAGIC_HOUR_API_KEY": sandbox.key,
            "PYTHONPATH": str(root),
            "TMPDIR": folder,
        }
        command = [sys.executable, "-m", "tests.crash.forking"]
        with subprocess.Popen(
            command, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process:
            try:
                yield Runner(process, Path(folder, "log"))
            finally:
                process.kill()
