"""Watch manifest files by their status: works on every file system, and with links that are replaced."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from mhsync.loader.languages import SUFFIXES

Snapshot = tuple[tuple[str, int, int, int], ...]
"""Path, inode, size in bytes and modification time in nanoseconds of each file; zeros if it is missing."""


def snapshot(paths: Sequence[str | Path]) -> Snapshot:
    """The status of the manifests that these files and folders mean. A change of any of them changes it."""
    found: list[tuple[str, int, int, int]] = []
    for path in [os.fspath(given) for given in paths]:
        found.append(_status(path) if not Path(path).is_dir() else (path, 0, 0, 0))
        try:
            with os.scandir(path) as children:
                names = [child.path for child in children if Path(child.name).suffix in SUFFIXES]
        except (OSError, ValueError):
            continue
        found += [_status(name) for name in sorted(names) if not Path(name).name.startswith(".")]
    return tuple(found)


def _status(path: str) -> tuple[str, int, int, int]:
    try:
        status = Path(path).stat()
    except (OSError, ValueError):
        return path, 0, 0, 0
    return path, status.st_ino, status.st_size, status.st_mtime_ns
