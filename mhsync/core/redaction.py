"""Secrets in options and messages: which option names stand for one, and how a known secret is masked."""

from __future__ import annotations

import re
from collections.abc import Iterable

from mhsync.core.text import without_queries

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


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """The text with each secret masked, and without the query, user and password of any URL.

    Args:
        text: a message from a server or a library.
        secrets: values to mask, as for `mask_secrets`.
    """
    return without_queries(mask_secrets(text, secrets))
