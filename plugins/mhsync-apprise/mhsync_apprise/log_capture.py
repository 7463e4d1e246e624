"""Apprise's log records: suppressed, and read for the reason of a failure, which Apprise reports nowhere else."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

from mhsync.storage_kit import log_filter

_LOGGERS = ("apprise", "urllib3.connectionpool", "urllib3.connection", "urllib3.util.retry", "requests")
_STATUS = re.compile(r"\berror=(\d{3})\b")


class FailureReason:
    """Why a service failed, as the end of a message. It contains no URL, token or recipient."""

    def __init__(self) -> None:
        self.text = "did not accept the message"

    def read(self, record: logging.LogRecord) -> None:
        """Keep the HTTP status of a record, or that there was no connection."""
        if record.name != "apprise" or record.levelno < logging.WARNING:
            return
        message = record.getMessage()
        status = _STATUS.search(message)
        if status is not None:
            self.text = f"answered {status[1]}"
        elif "connection error" in message.lower():
            self.text = "could not be reached"


@contextmanager
def log_capture() -> Iterator[FailureReason]:
    """Suppress the records of this thread, which contain URLs and tokens, and give the reason of a failure."""
    reason = FailureReason()
    with log_filter(*_LOGGERS, on_record=reason.read):
        yield reason
