"""Whether the value of `storage` is a path or a URL: one rule and one wording for `validate` and `apply`."""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes, urlsplit

from mhsync.errors import Problem

URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_ALMOST_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")
"""One letter and a colon is a drive of Windows, which a path may begin with."""


def is_url(storage: str) -> bool:
    """Whether a storage is a URL, for a plugin, and not a path."""
    return URL.match(storage) is not None


def path_problem(storage: str) -> Problem | None:
    """Why a storage that is not a URL is not a usable path either. The message does not contain the path."""
    if storage.startswith("~"):
        return Problem(
            "storage",
            "storage begins with '~', which is not expanded",
            "write the full path, such as /home/me/audio",
        )
    if "://" in storage:
        return Problem(
            "storage",
            "storage is a URL whose scheme cannot be one",
            "write SCHEME://… with letters, digits, '+', '-' or '.'",
        )
    if _ALMOST_URL.match(storage):
        return Problem(
            "storage",
            "storage begins with a scheme and is no URL",
            "write SCHEME://…, with two slashes; a path may begin with ./",
        )
    return None


def folder_problem(url: str) -> Problem | None:
    """Why a `file://` URL does not name a folder of this machine. The message does not contain the URL.

    Raises:
        ValueError: it cannot be read as a URL.
    """
    parts = urlsplit(url)
    if parts.netloc not in ("", "localhost") or not parts.path.startswith("/"):
        return Problem("storage", "not a folder of this machine", "write file:///absolute/path, or a plain path")
    if parts.query or parts.fragment:
        return Problem("storage", "a folder's URL has neither ? nor #", "write them as %3F and %23")
    if b"\0" in unquote_to_bytes(parts.path):
        return Problem("storage", "a folder's path cannot hold a NUL character", "remove it")
    return None
