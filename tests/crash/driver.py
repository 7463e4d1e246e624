"""Runs mhsync and kills itself with SIGKILL at one of its steps, which are audit events of Python.

The product is not changed for this: a step is a change of a file or a request to a server.
`CRASH_AT` is the number of the step (0: never), `CRASH_COUNT` a file for the number of steps of a whole run.
"""

from __future__ import annotations

import itertools
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

CHANGES = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.link", "os.truncate", "http.client.send"}
FOR_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def main() -> None:
    steps = kill_at(int(os.environ["CRASH_AT"]))
    from mhsync.__main__ import main as mhsync

    try:
        mhsync()
    finally:
        if "CRASH_COUNT" in os.environ:
            Path(os.environ["CRASH_COUNT"]).write_text(str(steps()))


def kill_at(at: int) -> Callable[[], int]:
    """Kill this process right before its step `at` (0: never).

    Returns:
        The number of steps so far.
    """
    steps = itertools.count(1)
    last = [0]

    def step() -> None:
        number = next(steps)
        last[0] = max(last[0], number)
        if number == at:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(event: str, args: tuple[object, ...]) -> None:
        if event in CHANGES or (event == "open" and _is_for_writing(args)):
            step()

    real_fsync = os.fsync

    def fsync(fd: int) -> None:
        real_fsync(fd)
        step()

    os.fsync = fsync
    sys.addaudithook(watch)
    return lambda: last[0]


def _is_for_writing(args: tuple[object, ...]) -> bool:
    flags = args[2] if len(args) > 2 else 0
    return isinstance(flags, int) and bool(flags & FOR_WRITING)


if __name__ == "__main__":
    main()
