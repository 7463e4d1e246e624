"""Recognise a saved plan among the files of a command. Every command does, so it imports little."""

from __future__ import annotations

import re
from pathlib import Path

_START = 4096
"""Bytes at the start of a file in which `format` identifies a saved plan."""
_IS_PLAN = re.compile(rb'"format"\s*:\s*"mhsync\.plan/')


def is_saved_plan(file: str | Path) -> bool:
    """Whether a file is a saved plan: its `format` decides, not its name. False where it cannot be read.

    A pipe is not read: what is read of it is lost for the loader.
    """
    try:
        if not Path(file).is_file():
            return False
        with Path(file).open("rb") as stream:
            start = stream.read(_START)
    except (OSError, ValueError):
        return False
    return begins_as_plan(start)


def begins_as_plan(start: bytes) -> bool:
    """Whether a file that begins with these bytes is a saved plan."""
    return start.lstrip().startswith(b"{") and _IS_PLAN.search(start) is not None
