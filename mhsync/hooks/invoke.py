"""Calling what others wrote: whatever it raises comes back as a value, and its words on one line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import unquote

import pluggy

from mhsync.core.text import without_queries
from mhsync.errors import Interrupted, MhsyncError

T = TypeVar("T")

_TEXT_MAX = 300
_SECRET_MIN = 4
"""Shorter parts of a URL are no secrets, and stand in half of all words."""


def attempt(call: Callable[[], T]) -> T | BaseException:
    """What the call returns, or the exception it ended with; `sys.exit` in a plugin is one more of those.

    Raises:
        KeyboardInterrupt: as it comes.
        Interrupted: as it comes.
    """
    try:
        return call()
    except Interrupted:
        raise
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a plugin may raise anything
        return error


def call(implementation: pluggy.HookImpl, arguments: Mapping[str, object]) -> Any:
    """Call one implementation with those of the hook's arguments that it takes."""
    return implementation.function(*[arguments[name] for name in implementation.argnames])


def one_line(error: BaseException) -> str:
    """An exception in one line without control characters; our own errors speak for themselves."""
    if isinstance(error, MhsyncError):
        return flat(error.message)
    text = flat(str(error))
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def flat(text: str) -> str:
    """The text on one line, printable, bounded, and without the query of any URL in it."""
    line = " ".join(without_queries(text).split())
    safe = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in line)
    return safe if len(safe) <= _TEXT_MAX else safe[: _TEXT_MAX - 1] + "…"


def without(text: str, url: str) -> str:
    """The text without the URL and without any longer part of it: a notifier's URL is a secret as a whole."""
    scheme, _, rest = url.partition("://")
    for mark in "/?&=@:;,#":
        rest = rest.replace(mark, " ")
    raw = rest.split()
    parts = {part for part in (*raw, *map(unquote, raw)) if len(part) >= _SECRET_MIN}
    text = text.replace(url, f"{scheme}://…")
    for part in sorted(parts, key=len, reverse=True):
        text = text.replace(part, "…")
    return text
