"""Where outputs and notifications go: what a storage, its options and a notify URL may hold.

No message here ever shows a URL's password, or any part of a notify URL: those are secrets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

from mhsync.core.redaction import names_secret
from mhsync.core.storage_url import folder_problem, is_url, path_problem
from mhsync.errors import Problem

_VARIABLE = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*\}")
NAMED_BY = "name a variable instead, such as secret_env: NAME"
"""How a notify target refers to its secret."""
_FROM_ENVIRONMENT = "remove it: secrets come from the backend's own environment"


def check_storage(storage: str) -> Iterator[Problem]:
    """What is wrong with the text of `storage`."""
    if not storage.strip():
        yield Problem("no_value", "storage is empty", "write for example 'storage: ./outputs'")
    elif any(ord(char) < 32 or 127 <= ord(char) < 160 or 0xD800 <= ord(char) < 0xE000 for char in storage):
        yield Problem("storage", "storage has a control character", "remove it")
    elif "${" in storage:
        yield Problem(
            "variable", "storage has a variable", "write the value: ${NAME} is allowed only as a notify url"
        )
    elif is_url(storage):
        yield from _check_storage_url(storage)
    elif (problem := path_problem(storage)) is not None:
        yield problem


def _check_storage_url(url: str) -> Iterator[Problem]:
    try:
        parts = urlsplit(url)
        has_password = parts.password is not None
        options = [name for name, _ in parse_qsl(parts.query, keep_blank_values=True)]
        of_folder = folder_problem(url) if parts.scheme == "file" else None
    except ValueError:
        yield Problem("storage", "storage is a URL that cannot be read", "write SCHEME://HOST/PATH")
        return
    if of_folder is not None:
        yield of_folder
    if has_password:
        yield Problem("storage_secret", "storage has a password in its URL", _FROM_ENVIRONMENT)
    for name in options:
        if names_secret(name):
            yield Problem(
                "storage_secret",
                f"storage has what looks like a secret in its URL: {name[:40]!r}",
                _FROM_ENVIRONMENT,
            )


def check_storage_option(name: str, value: object) -> Iterator[Problem]:
    """What is wrong with one of `storage_options`."""
    if names_secret(name):
        yield Problem(
            "storage_secret", f"storage_options has what looks like a secret: {name[:40]!r}", _FROM_ENVIRONMENT
        )
    elif isinstance(value, str) and is_url(value):
        try:
            has_password = urlsplit(value).password is not None
        except ValueError:
            has_password = "@" in value
        if has_password:
            yield Problem(
                "storage_secret",
                f"the storage option {name[:40]!r} has a password in its URL",
                _FROM_ENVIRONMENT,
            )


def check_notify_url(url: str) -> Iterator[Problem]:
    """What is wrong with the text of a notify `url`; it is never shown."""
    if _VARIABLE.fullmatch(url):
        return
    if "${" in url:
        yield Problem(
            "variable",
            "a notify url has a variable inside it",
            'a variable must be the whole value: write url: "${NAME}" and put the whole URL into NAME',
        )
    elif url.startswith("$"):
        yield Problem("variable", "a notify url has a variable without braces", 'write url: "${NAME}"')
    elif not is_url(url):
        yield Problem("notify_url", "a notify url has no scheme", 'write SCHEME://… or "${NAME}"')
    elif any(ord(char) < 33 or 127 <= ord(char) < 160 or 0xD800 <= ord(char) < 0xE000 for char in url):
        yield Problem(
            "notify_url", "a notify url has a space or a control character", "encode it, such as %20 for a space"
        )
