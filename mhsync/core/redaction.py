"""Removal of secrets: names of options that hold one, known secrets in messages, queries of URLs.

The query of a signed URL is a secret. It is removed where text from outside (messages of the API, errors of
storages, reports of plugins) becomes a value, so that no later reader has to remove it. `cli/console.py` does it
once more for all that it prints.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit, urlunsplit

MASK = "***"
"""Replaces a secret in a message."""

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_SECRET_WORD = re.compile(
    r"secrets?|tokens?|pass(word|wd|phrase)?|pwd|sas|credentials?|authorization|bearer|(access|api|secret|account)keys?"
)
_SECRET_PART = re.compile(
    r"secret|token|pass(word|wd|phrase)|pass$|pwd|sas|credential|auth|bearer|key(?![a-z])"
    r"|private|cookie|signature|connection_?string",
    re.IGNORECASE,
)
_REFERENCES = frozenset(("file", "path", "env", "name", "prefix", "suffix", "var", "variable"))
"""Last words of option names that say where a secret is stored. The value is not the secret."""

DEPTH = 64
"""The most levels of a value that are read: Python can parse JSON that is too deep to be walked recursively."""

_URL = re.compile(
    # Every part that repeats is bounded or cannot fail once begun: a text of 1 MB takes linear time.
    r"([A-Za-z][A-Za-z0-9+.-]{0,30}:(?:\\?/){2})"  # the scheme; JSON may write \/ for /
    r"([^\s/?#\"<>@\\]{0,500}@)?"  # a user and a password, which are removed too
    r"([^\s?#\"<>]*)"
    r"(?:[?#][^\s\"<>]*)?"
)
_PLAIN_URL = re.compile(r"(https?://[A-Za-z0-9.-]+(?::[0-9]+)?/[A-Za-z0-9/._~-]*)(?:\?[A-Za-z0-9/._~%&=+-]*)?")
"""URLs in the usual form: the query is all that follows the first `?`."""
_QUERY = re.compile(
    # What follows a path without a scheme, or in a URL that was encoded once more.
    r"(?:\?|%3F)[\w.~%\[\]-]{1,80}?(?:=|%3D)[^\s\"<>]*",
    re.IGNORECASE,
)


def names_secret(name: str) -> bool:
    """Whether the value of an option is certainly a secret, such as `secret_access_key` or `apiToken`.

    A name that says where the secret is stored, such as `token_file` or `secret_env`, is accepted.
    """
    words = [word.lower() for word in _WORDS.findall(name[:200])]
    if not words or words[-1] in _REFERENCES:
        return False
    is_key = words[-1] in ("key", "keys") or words[-3:] == ["access", "key", "id"]
    return is_key or any(_SECRET_WORD.fullmatch(word) for word in words)


def may_name_secret(name: str) -> bool:
    """Whether the value of an option may be a secret, or say where one is stored: `private`, `token_file`.

    For options that are refused anyway, and for checks that must not miss a secret. It includes all names for
    which `names_secret` is true.
    """
    return names_secret(name) or _SECRET_PART.search(name) is not None


def mask_secrets(text: str, secrets: Iterable[str]) -> str:
    """The text with each secret replaced by `***`. Leave out short values: they occur in ordinary words."""
    for secret in sorted(secrets, key=len, reverse=True):
        if secret:
            text = text.replace(secret, MASK)
    return text


def redact(text: str, secrets: Iterable[str] = (), *, keep_user: bool = False) -> str:
    """The text with each secret masked, and without the query, user and password of any URL.

    Args:
        text: a message from a server or a library.
        secrets: values to mask, as for `mask_secrets`.
        keep_user: as for `without_queries`.
    """
    return without_queries(mask_secrets(text, secrets), keep_user=keep_user)


def without_queries(text: str, *, keep_user: bool = False) -> str:
    """The text with query, fragment, user and password of every URL in it removed.

    Args:
        text: a message.
        keep_user: keep a user without a password. Only for text of mhsync itself, such as a hint with the form
            of a URL: in text from outside it may be a token.
    """
    if "?" not in text and "#" not in text and "@" not in text and "%" not in text:
        return text
    return _QUERY.sub("", _URL.sub(_with_user if keep_user else r"\1\3", text))


def _with_user(url: re.Match[str]) -> str:
    user = url[2] if url[2] and ":" not in url[2] else ""
    return f"{url[1]}{user}{url[3]}"


def without_query(url: str) -> str:
    """The URL without query, fragment and credentials: it identifies an output and contains no secret."""
    plain = _PLAIN_URL.fullmatch(url)
    if plain is not None:
        return plain[1]
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, "", ""))


def values_without_queries(value: object, *, depth: int = DEPTH) -> object:
    """The JSON value with the queries removed from all of its texts, keys included.

    Values deeper than `depth` levels become `…`.
    """
    if isinstance(value, str):
        return without_queries(value)
    if not isinstance(value, Mapping | list | tuple):
        return value
    if depth == 0:
        return "…"
    if isinstance(value, Mapping):
        return {without_queries(str(k)): values_without_queries(v, depth=depth - 1) for k, v in value.items()}
    return [values_without_queries(item, depth=depth - 1) for item in value]
