"""Processes: the identity of this one for notes that other runs read, and whether another one still runs."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from mhsync.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    """One process, as a lock file or another note names it."""

    pid: int
    host: str
    machine: str | None
    """The machine since its last start, with its namespace of process numbers. None where that is not known."""

    @classmethod
    def current(cls) -> ProcessIdentity:
        """This process."""
        return cls(os.getpid(), socket.gethostname(), machine_id())

    def to_json(self) -> dict[str, object]:
        return {"pid": self.pid, "host": self.host, "machine": self.machine}


def machine_id() -> str | None:
    """This machine since its last start, with its namespace of process numbers; None where that is not known.

    Two processes with the same value can look each other up by their process number.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        return f"{boot}:{Path('/proc/self/ns/pid').stat().st_ino}"
    except OSError:
        return None


def is_running(pid: int) -> bool:
    """Whether a process of this machine has the number. True where the system cannot be asked."""
    if os.name != "posix":
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def has_ended(note: Mapping[str, object]) -> bool:
    """Whether the process that a note names ran on this machine and has ended.

    Args:
        note: the keys `pid` and `machine`, as `ProcessIdentity.to_json` gives them. Other keys, and values of
            other types, may come from a stored file: they never raise.

    Returns:
        False for a process of another machine, and for a note that does not name a process.
    """
    pid, machine = note.get("pid"), note.get("machine")
    if not isinstance(pid, int) or isinstance(pid, bool) or pid <= 0 or machine is None:
        return False
    return machine == machine_id() and not is_running(pid)


def utc_text(moment: datetime) -> str:
    """A moment in UTC, such as `2026-03-01T12:00:00Z`; whole seconds. The moment must have a time zone."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
