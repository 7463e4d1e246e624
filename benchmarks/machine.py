"""Facts about the machine, for the report."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path


def describe(folder: Path) -> dict[str, str]:
    """Cores, processor, kernel, Python, and the file system of the folder."""
    return {
        "cores": str(len(os.sched_getaffinity(0))),
        "processor": _processor(),
        "kernel": f"{platform.system()} {platform.release()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "file system": _file_system(folder),
    }


def _processor() -> str:
    found = re.search(r"^model name\s*:\s*(.+)$", _read("/proc/cpuinfo"), re.MULTILINE)
    return found[1] if found else platform.machine()


def _file_system(folder: Path) -> str:
    """The type of the mount that holds the folder."""
    kind, longest = "unknown", -1
    for line in _read("/proc/mounts").splitlines():
        _, mount, found, *_ = line.split()
        if folder.resolve().is_relative_to(mount) and len(mount) > longest:
            kind, longest = found, len(mount)
    return kind


def _read(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""
