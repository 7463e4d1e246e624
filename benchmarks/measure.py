"""Runs processes and measures wall time, CPU time and peak memory, as the operating system counts them."""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

MIB = 1024 * 1024


class ProcessFailed(Exception):
    """A contender did not end with an expected exit code. The message holds the end of its output."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One run of one process, with all processes that it started and waited for."""

    wall: float
    """Seconds from before the start of the process until it was reaped."""
    cpu: float
    """Seconds in user and kernel mode."""
    memory: int
    """Bytes: the largest resident set of any one of the processes (`ru_maxrss`).

    Linux counts what a child shares with its parent before it starts its own program: a value below the size of
    this process cannot be measured. See `floor`.
    """


def floor() -> int:
    """Bytes: the resident set of this process, the least value that `Sample.memory` can have."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE")


def run_process(
    command: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    log: Path,
    exit_codes: Sequence[int] = (0,),
    timeout: float = 900.0,
) -> Sample:
    """Run a command to its end.

    Args:
        log: receives stdout and stderr, so that no pipe slows the command down.
        exit_codes: the codes that mean success.
        timeout: seconds after which the command and its children are killed.

    Raises:
        ProcessFailed: another exit code, or the time was up.
    """
    with log.open("wb") as output:
        began = time.perf_counter()
        process = subprocess.Popen(
            list(command),
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # so that its children can be killed with it
        )
        timer = threading.Timer(timeout, os.killpg, (process.pid, signal.SIGKILL))
        timer.start()
        try:
            _, status, usage = os.wait4(process.pid, 0)
            wall = time.perf_counter() - began
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
        finally:
            timer.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in exit_codes:
        end = log.read_bytes()[-2000:].decode("utf-8", "replace")
        raise ProcessFailed(f"exit code {process.returncode} after {wall:.1f} s: {' '.join(command)}\n{end}")
    return Sample(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def median(samples: Sequence[Sample]) -> Sample:
    """The median of each figure by itself."""
    return Sample(
        statistics.median(sample.wall for sample in samples),
        statistics.median(sample.cpu for sample in samples),
        int(statistics.median(sample.memory for sample in samples)),
    )
