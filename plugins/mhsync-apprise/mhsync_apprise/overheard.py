"""Keeping Apprise's log records back, and learning from them why a service failed: nothing else says it."""

from __future__ import annotations

import logging
import re
import threading
from types import TracebackType
from typing import Self

_LOGGERS = ("apprise", "urllib3.connectionpool", "urllib3.connection", "urllib3.util.retry", "requests")
_STATUS = re.compile(r"\berror=(\d{3})\b")


class Overheard(logging.Filter):
    """While the block lasts, no record that this thread makes with one of these loggers goes anywhere.

    Records hold URLs, tokens and recipients: nothing of them is kept but an HTTP status, or that there was no
    connection.
    """

    def __init__(self) -> None:
        super().__init__()
        self._thread = threading.get_ident()
        self.reason = "did not take the message"

    def filter(self, record: logging.LogRecord) -> bool:
        if record.thread != self._thread:
            return True
        if record.name == "apprise" and record.levelno >= logging.WARNING:
            self._learn(record.getMessage())
        return False

    def _learn(self, text: str) -> None:
        status = _STATUS.search(text)
        if status is not None:
            self.reason = f"answered {status[1]}"
        elif "connection error" in text.lower():
            self.reason = "could not be reached"

    def __enter__(self) -> Self:
        for name in _LOGGERS:
            logging.getLogger(name).addFilter(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for name in _LOGGERS:
            logging.getLogger(name).removeFilter(self)
