"""Set up logging: to stderr, without secrets and without control characters."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from mhsync.cli.console import Console
from mhsync.cli.render.terminal import escape

_NOISY = ("urllib3", "asyncio")
"""The logs of these libraries contain URLs with queries; mhsync logs what matters itself."""

_VERBOSE_TRACEBACK = 2
"""The number of `-v` from which on tracebacks are printed, as for errors that end a command."""


@contextmanager
def logging_to(console: Console) -> Iterator[None]:
    """Send log records to stderr within the block; the console's options are read for each record."""
    handler = _Handler(console)
    root = logging.getLogger()
    loggers = [root, *map(logging.getLogger, _NOISY)]
    levels = [logger.level for logger in loggers]
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    for logger in loggers[1:]:
        logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        root.removeHandler(handler)
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


class _Handler(logging.Handler):
    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno >= _level(self._console) and bool(super().filter(record))

    def emit(self, record: logging.LogRecord) -> None:
        try:
            shows_traceback = self._console.verbose >= _VERBOSE_TRACEBACK
            text = self.format(record) if shows_traceback else _without_traceback(record)
            message = self._console.redact(text)
        except (TypeError, ValueError):
            self.handleError(record)
            return
        self._console.error(
            _as_json(record, message) if self._console.log_format == "json" else _as_text(record, message)
        )


def _level(console: Console) -> int:
    if console.is_quiet:
        return logging.ERROR
    return {0: logging.WARNING, 1: logging.INFO}.get(console.verbose, logging.DEBUG)


def _without_traceback(record: logging.LogRecord) -> str:
    """The message, followed by the first line of the exception if the message does not contain it."""
    message = record.getMessage()
    error = record.exc_info[1] if record.exc_info else None
    if error is None:
        return message
    reason = next(iter(str(error).splitlines()), "")
    return message if reason and reason in message else f"{message}: {type(error).__name__}: {reason}".rstrip(": ")


def _as_text(record: logging.LogRecord, message: str) -> str:
    lines = [escape(line) for line in message.splitlines()] or [""]
    return f"{record.levelname.lower()}: " + "\n  ".join(lines)


def _as_json(record: logging.LogRecord, message: str) -> str:
    time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    document = {"time": time, "level": record.levelname.lower(), "logger": record.name, "message": message}
    return json.dumps(document)
