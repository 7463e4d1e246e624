"""Keeping a library's own log records back: they hold URLs, and those are secrets."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class _Mine(logging.Filter):
    """Lets records pass that come from other threads."""

    def __init__(self, thread: int) -> None:
        super().__init__()
        self._thread = thread

    def filter(self, record: logging.LogRecord) -> bool:
        return record.thread != self._thread


@contextmanager
def quiet(*names: str) -> Iterator[None]:
    """No record that this thread makes with one of these loggers goes anywhere while the block lasts."""
    mine = _Mine(threading.get_ident())
    loggers = [logging.getLogger(name) for name in names]
    for logger in loggers:
        logger.addFilter(mine)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(mine)
