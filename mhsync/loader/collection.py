"""Pause the garbage collector while many objects are made that are kept."""

from __future__ import annotations

import functools
import gc
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def pauses_collection(function: Callable[P, T]) -> Callable[P, T]:
    """Call the function while the garbage collector is paused; afterwards it is as it was before.

    The collector runs after a number of new objects, and visits all that there are: with a million of them that
    takes longer than to make them. Other threads are not collected meanwhile either.
    """

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        if not gc.isenabled():
            return function(*args, **kwargs)
        gc.disable()
        try:
            return function(*args, **kwargs)
        finally:
            gc.enable()

    return call
