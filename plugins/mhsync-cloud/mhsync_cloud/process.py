"""obstore hangs in a process that was forked after it was used: such a process is told so instead."""

from __future__ import annotations

import os
from functools import cache

from mhsync import StorageUnavailable


@cache
def home() -> int:
    """The process in which this was first asked; a fork keeps the answer."""
    return os.getpid()


def must_be_home(where: str) -> None:
    """Refuse to go on in a forked process.

    Raises:
        StorageUnavailable: this process is a fork of the one that first opened a cloud storage.
    """
    if os.getpid() != home():
        raise StorageUnavailable(
            f"{where} cannot be used in a forked process", hint="start processes with spawn, not with fork"
        )
