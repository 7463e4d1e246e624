"""Text from outside: messages of the API, errors of storages, reports of plugins.

A signed query in it is a secret. It is removed where such text becomes a value, so that no later reader has to.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

DEPTH = 64
"""Levels of a value that are read: what Python can read of JSON is deeper than it can walk."""

_URL = re.compile(
    # Every part that repeats is bounded or cannot fail once begun: a text of 1 MB takes linear time.
    r"([A-Za-z][A-Za-z0-9+.-]{0,30}:(?:\\?/){2})"  # the scheme; JSON may write \/ for /
    r"(?:[^\s/?#\"<>@\\]{0,500}@)?"  # a user and a password, which are removed too
    r"([^\s?#\"<>]*)"
    r"(?:[?#][^\s\"<>]*)?"
)
_QUERY = re.compile(
    # What follows a path without a scheme, or in a URL that was encoded once more.
    r"(?:\?|%3F)[\w.~%\[\]-]{1,80}?(?:=|%3D)[^\s\"<>]*",
    re.IGNORECASE,
)


def without_queries(text: str) -> str:
    """The text with query, fragment, user and password of every URL in it removed."""
    if "?" not in text and "#" not in text and "@" not in text and "%" not in text:
        return text
    return _QUERY.sub("", _URL.sub(r"\1\2", text))


def printable(text: str) -> str:
    """The text on one line, encodable in UTF-8: a line feed becomes `\\x0a`, an undecodable byte `\\udcff`."""
    safe = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in safe)


def values_without_queries(value: object, *, depth: int = DEPTH) -> object:
    """The same for all texts in a value of JSON, keys included. What lies deeper than `depth` becomes `…`."""
    if isinstance(value, str):
        return without_queries(value)
    if not isinstance(value, Mapping | list | tuple):
        return value
    if depth == 0:
        return "…"
    if isinstance(value, Mapping):
        return {without_queries(str(k)): values_without_queries(v, depth=depth - 1) for k, v in value.items()}
    return [values_without_queries(item, depth=depth - 1) for item in value]
