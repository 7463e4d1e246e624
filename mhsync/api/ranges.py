"""Parts of files: what `Content-Range` says, and what a transfer may be resumed by."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

_PART = re.compile(r"bytes\s+([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18}|\*)", re.IGNORECASE)
_NO_PART = re.compile(r"bytes\s+\*/([0-9]{1,18})", re.IGNORECASE)
_STRONG_ETAG = re.compile(r'"[\x21\x23-\x7e]*"')


@dataclass(frozen=True, slots=True)
class Part:
    """The bytes `start` to `end`, both included, of a file of `total` bytes (None: not said)."""

    start: int
    end: int
    total: int | None

    @property
    def size(self) -> int:
        return self.end - self.start + 1


def part_of(content_range: str) -> Part | None:
    """What the `Content-Range` of a 206 says, or None where it cannot be one."""
    match = _PART.fullmatch(content_range.strip())
    if match is None:
        return None
    start, end = int(match[1]), int(match[2])
    total = None if match[3] == "*" else int(match[3])
    if end < start or (total is not None and end >= total):
        return None
    return Part(start, end, total)


def total_of(content_range: str) -> int | None:
    """The size of the whole file that the `Content-Range` of a 416 gives."""
    match = _NO_PART.fullmatch(content_range.strip())
    return None if match is None else int(match[1])


def validator_of(etag: str, last_modified: str, date: str) -> str | None:
    """What tells for certain that a file is still the same one: for `If-Range`.

    A strong ETag; else `Last-Modified`, where `Date` shows that it cannot have changed within the same second.
    """
    if _STRONG_ETAG.fullmatch(etag):
        return etag
    changed, now = _seconds(last_modified), _seconds(date)
    if changed is None or now is None or now - changed < 1:
        return None
    return last_modified


def _seconds(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp() if text else None
    except (ValueError, OverflowError, TypeError):
        return None
