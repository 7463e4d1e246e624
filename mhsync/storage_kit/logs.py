"""Log records of libraries, which contain URLs and other secrets."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class _ThreadFilter(logging.Filter):
    """Suppresses the records of one thread."""

    def __init__(self, on_record: Callable[[logging.LogRecord], None]) -> None:
        super().__init__()
        self._thread = threading.get_ident()
        self._on_record = on_record

    def filter(self, record: logging.LogRecord) -> bool:
        if record.thread != self._thread:
            return True
        self._on_record(record)
        return False


@contextmanager
def log_filter(*names: str, on_record: Callable[[logging.LogRecord], None] = lambda _: None) -> Iterator[None]:
    """Suppress the records that this thread logs while the block runs. Other threads are not affected.

    Args:
        names: of the loggers. A logger's children are not included: list them too.
        on_record: called with each suppressed record, to learn why an operation failed.
    """
    suppressing = _ThreadFilter(on_record)
    loggers = [logging.getLogger(name) for name in names]
    for logger in loggers:
        logger.addFilter(suppressing)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(suppressing)
