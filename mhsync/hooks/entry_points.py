"""Which plugins the environment chooses, and whether one may be installed.

Importing `importlib.metadata` takes longer than reading the metadata of the installed packages as files, so
nothing is imported here.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from importlib.machinery import PathFinder

_SUFFIXES = (".dist-info", ".egg-info")


def plugins_to_load(environ: Mapping[str, str]) -> tuple[str, ...] | None:
    """The distribution names that `MHSYNC_PLUGINS` lists; None where it is not set, which means all of them."""
    listed = environ.get("MHSYNC_PLUGINS")
    return None if listed is None else tuple(name.strip() for name in listed.split(",") if name.strip())


def may_be_installed() -> bool:
    """Whether a distribution has the entry-point group `mhsync`. It is true where files do not show that."""
    if any(hasattr(finder, "find_distributions") and finder is not PathFinder for finder in sys.meta_path):
        return True
    return any(os.path.isfile(entry) or _is_in_folder(entry or ".") for entry in sys.path)  # noqa: PTH113 - see above


def _is_in_folder(folder: str) -> bool:
    return any("[mhsync" in _text(name) for name in _metadata(folder))


def _metadata(folder: str) -> Iterator[str]:
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.lower().endswith(_SUFFIXES):
                    yield os.path.join(entry.path, "entry_points.txt")  # noqa: PTH118 - see above
    except OSError:
        return


def _text(file: str) -> str:
    try:
        with open(file, encoding="utf-8", errors="replace") as stream:  # noqa: PTH123 - see above
            return stream.read()
    except OSError:
        return ""
