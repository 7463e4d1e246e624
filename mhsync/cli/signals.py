"""Signals: the first Ctrl-C or SIGTERM asks the run to stop, the second ends the process immediately."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from mhsync.errors import Interrupted
from mhsync.exit_codes import ExitCode

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_STOPPING = b"\nstopping: no new work is started (interrupt again to stop immediately)\n"
_Handler = Callable[[int, FrameType | None], object]


@contextmanager
def stopping(request: Callable[[], None]) -> Iterator[None]:
    """Within the block the first signal calls `request`, the second ends the process with exit 130.

    It writes past Python's own buffers: a handler may run in the middle of a write to them.
    """
    is_asked = False

    def handle(_number: int, _frame: FrameType | None) -> None:
        nonlocal is_asked
        if is_asked:
            os._exit(ExitCode.INTERRUPTED)
        is_asked = True
        request()
        os.write(sys.__stderr__.fileno() if sys.__stderr__ is not None else 2, _STOPPING)

    with _handled_by(handle):
        yield


@contextmanager
def interrupting() -> Iterator[None]:
    """Within the block a signal raises `Interrupted`; for prompts, while no work is in progress."""

    def handle(_number: int, _frame: FrameType | None) -> None:
        raise Interrupted("interrupted; nothing was changed")

    with _handled_by(handle):
        yield


@contextmanager
def _handled_by(handler: _Handler) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, handler) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, former in before.items():
            signal.signal(number, former)
