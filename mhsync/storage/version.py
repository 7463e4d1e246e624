"""The version of a local file: a token that changes with each change of the file."""

from __future__ import annotations

import os
import time

_SECOND = 1_000_000_000
_TICK = _SECOND // 10
"""Nanoseconds: longer than the steps in which file systems with fine times count them."""
_COARSE_TICK = 3 * _SECOND
"""The same for those that keep times in whole seconds; FAT has steps of two."""


def version_of(info: os.stat_result) -> str | None:
    """The version of a file; None as long as another change could leave all of its times as they are.

    `TemporaryFile` gives a file the exact time as its modification time, which no clock tick of the file system
    equals: a later change always shows. The times of a file that was written otherwise are those of one tick.
    The change time shows changes by programs that set the modification time themselves.
    """
    modified, changed = info.st_mtime_ns, info.st_ctime_ns
    if modified == changed:
        tick = _TICK if modified % _SECOND else _COARSE_TICK
        if time.time_ns() - changed < tick:
            return None
    return f"{info.st_size:x}-{modified:x}-{changed - modified:x}-{info.st_ino:x}"
