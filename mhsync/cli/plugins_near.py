"""Whether any plugin is installed, told without importing anything: a look that keeps `mhsync --help` quick."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path


def has_plugins(environ: Mapping[str, str]) -> bool:
    """Whether a distribution with an entry point in the group `mhsync` may be installed, and may be loaded."""
    if environ.get("MHSYNC_PLUGINS", "all").strip() == "":
        return False
    return any("[mhsync]" in _read(file) for folder in sys.path for file in _entry_points(Path(folder or ".")))


def _entry_points(folder: Path) -> Iterator[Path]:
    try:
        for entry in folder.iterdir():
            if entry.name.endswith((".dist-info", ".egg-info")):
                yield entry / "entry_points.txt"
    except OSError:
        return


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
