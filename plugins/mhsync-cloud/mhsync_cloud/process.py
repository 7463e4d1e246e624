"""Refuses to use obstore in a forked process, where it would hang."""

from __future__ import annotations

import os
from functools import cache

from mhsync import StorageUnavailable


@cache
def first_process() -> int:
    """The id of the process that first called this function. A forked process gets the same id."""
    return os.getpid()


def refuse_fork(where: str) -> None:
    """Refuse to use a storage in a forked process.

    Raises:
        StorageUnavailable: this process is a fork of the one that first opened a cloud storage.
    """
    if os.getpid() != first_process():
        raise StorageUnavailable(
            f"{where} cannot be used in a forked process", hint="start processes with spawn, not with fork"
        )
