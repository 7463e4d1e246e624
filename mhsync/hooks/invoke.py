"""Call code of plugins: an exception is returned as a value, and its text is made safe to print."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import unquote

import pluggy

from mhsync.core.redaction import without_queries
from mhsync.errors import Interrupted, MhsyncError

T = TypeVar("T")

_TEXT_MAX = 300
_SECRET_MIN = 4
"""Characters. Shorter parts of a URL are not redacted: they occur in ordinary words."""


def attempt(call: Callable[[], T]) -> T | BaseException:
    """The result of the call, or the exception it raised, `SystemExit` included.

    Raises:
        KeyboardInterrupt: not caught.
        Interrupted: not caught.
    """
    try:
        return call()
    except Interrupted:
        raise
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a plugin may raise anything
        return error


def attempt_on_thread(call: Callable[[], T]) -> T | BaseException:
    """The result of the call, or whatever exception it raised.

    For plugin code on the thread of the notifications. Ctrl-C reaches the main thread only: a `KeyboardInterrupt`
    here was raised by the plugin itself, and must not end the thread.
    """
    try:
        return call()
    except BaseException as error:  # noqa: BLE001 - see above
        return error


def call(implementation: pluggy.HookImpl, arguments: Mapping[str, object]) -> Any:
    """Call one implementation of a hook with the arguments that it accepts."""
    return implementation.function(*[arguments[name] for name in implementation.argnames])


def one_line(error: BaseException) -> str:
    """An exception on one line, without control characters; an `MhsyncError` without the name of its class."""
    if isinstance(error, MhsyncError):
        return single_line(error.message)
    text = single_line(str(error))
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def single_line(text: str) -> str:
    """The text on one line: printable, at most 300 characters, and without the query of any URL."""
    line = " ".join(without_queries(text).split())
    safe = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in line)
    return safe if len(safe) <= _TEXT_MAX else safe[: _TEXT_MAX - 1] + "…"


def redact_url(text: str, url: str) -> str:
    """The text without the URL and its parts of 4 or more characters: a notifier's URL is a secret."""
    scheme, _, rest = url.partition("://")
    for mark in "/?&=@:;,#":
        rest = rest.replace(mark, " ")
    raw = rest.split()
    parts = {part for part in (*raw, *map(unquote, raw)) if len(part) >= _SECRET_MIN}
    text = text.replace(url, f"{scheme}://…")
    for part in sorted(parts, key=len, reverse=True):
        text = text.replace(part, "…")
    return text
