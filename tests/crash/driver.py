"""Runs mhsync and kills itself with SIGKILL at one of its steps, told apart by Python's audit events.

The product knows nothing of this: a step is whatever it is about to do to the folder or to send to a server.
`CRASH_AT` is the number of the step (0: never), `CRASH_COUNT` a file for the number of steps of a whole run.
"""

from __future__ import annotations

import itertools
import os
import signal
import sys
from pathlib import Path

FILE_EVENTS = {"open", "os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.link", "os.truncate"}
SEND_EVENTS = {"http.client.send"}


def main() -> None:
    at = int(os.environ["CRASH_AT"])
    folder = os.environ["CRASH_FOLDER"]
    steps = itertools.count(1)
    last = [0]

    def step() -> None:
        last[0] = next(steps)
        if last[0] == at:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(event: str, args: tuple[object, ...]) -> None:
        if event in SEND_EVENTS:
            step()
        elif event in FILE_EVENTS and _is_below(folder, args):
            step()

    real_fsync = os.fsync

    def fsync(fd: int) -> None:
        real_fsync(fd)
        step()

    os.fsync = fsync
    sys.addaudithook(watch)
    from mhsync.__main__ import main as mhsync

    try:
        mhsync()
    finally:
        if "CRASH_COUNT" in os.environ:
            Path(os.environ["CRASH_COUNT"]).write_text(str(last[0]))


def _is_below(folder: str, args: tuple[object, ...]) -> bool:
    """Whether the event is about the folder; one that names files by a descriptor of their folder is."""
    if any(isinstance(arg, str | bytes | os.PathLike) and folder in os.fsdecode(arg) for arg in args):
        return True
    return any(isinstance(arg, int) and arg >= 0 for arg in args[1:])


if __name__ == "__main__":
    main()
