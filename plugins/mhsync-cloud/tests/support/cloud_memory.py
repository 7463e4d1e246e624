"""Measures the peak memory of a program, which runs as a process of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from mhsync.testing import Opener

MIB = 1024 * 1024
BOUND = 60 * MIB
"""The maximum for mhsync, for outputs of any size."""


class Run(NamedTuple):
    """The exit code, the output and the peak memory in bytes of a program."""

    status: int
    out: str
    err: str
    peak: int


def run(command: Sequence[str], environ: Mapping[str, str], folder: Path, timeout: float) -> Run:
    """Run a program until it ends.

    Raises:
        TimeoutError: it took longer.
    """
    with (
        (folder / "out").open("w+") as out,
        (folder / "err").open("w+") as err,
        subprocess.Popen(list(command), cwd=folder, env=dict(environ), stdout=out, stderr=err) as process,
    ):
        peak, until = 0, time.monotonic() + timeout
        while process.poll() is None:
            if time.monotonic() > until:
                process.kill()
                raise TimeoutError(f"{command[:4]} took longer than {timeout} s")
            with suppress(OSError):
                status = Path(f"/proc/{process.pid}/status").read_text()
                found = re.search(r"VmHWM:\s+(\d+) kB", status)
                peak = max(peak, int(found[1]) * 1024 if found else 0)
            time.sleep(0.01)
        return Run(process.returncode, (folder / "out").read_text(), (folder / "err").read_text(), peak)


def stream(opener: Opener, size: int, folder: Path, timeout: float) -> Run:
    """Write, read, copy and remove a file of `size` bytes."""
    program = str(Path(__file__).with_name("cloud_stream.py"))
    task = json.dumps({"factory": opener.factory, "arguments": opener.arguments, "size": size})
    return run([sys.executable, program, task], {**os.environ, **opener.environment}, folder, timeout)
