"""How much memory a program takes at most, seen from outside."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

MIB = 1024 * 1024


def peak_of(
    command: Sequence[str], environ: Mapping[str, str], folder: Path, timeout: float
) -> tuple[int, str, str, int]:
    """Run a program to its end.

    Returns:
        Exit code, stdout, stderr, and the bytes that lay in memory at its worst moment.
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
        return process.returncode, (folder / "out").read_text(), (folder / "err").read_text(), peak
