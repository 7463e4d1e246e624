"""Parses response headers: `Content-Range`, the validators for `If-Range`, and `Retry-After`."""

from __future__ import annotations

import re
from functools import lru_cache

from mhsync.dataclass import dataclass

_RANGE = re.compile(r"bytes\s+([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18}|\*)", re.IGNORECASE)
_UNSATISFIED_RANGE = re.compile(r"bytes\s+\*/([0-9]{1,18})", re.IGNORECASE)
_STRONG_ETAG = re.compile(r'"[\x21\x23-\x7e]*"')


@dataclass(frozen=True, slots=True)
class ContentRange:
    """The bytes `start` to `end`, both included, of a file of `total` bytes (None: unknown)."""

    start: int
    end: int
    total: int | None

    @property
    def size(self) -> int:
        return self.end - self.start + 1


def parse_content_range(text: str) -> ContentRange | None:
    """The `Content-Range` of a 206 response; None where it is missing or invalid."""
    match = _RANGE.fullmatch(text.strip())
    if match is None:
        return None
    start, end = int(match[1]), int(match[2])
    total = None if match[3] == "*" else int(match[3])
    if end < start or (total is not None and end >= total):
        return None
    return ContentRange(start, end, total)


def parse_unsatisfied_range(text: str) -> int | None:
    """The size of the whole file in bytes, from the `Content-Range` of a 416 response; None where missing."""
    match = _UNSATISFIED_RANGE.fullmatch(text.strip())
    return None if match is None else int(match[1])


def strong_validator(etag: str, last_modified: str, date: str) -> str | None:
    """The value for `If-Range` that proves that a file did not change, or None.

    A strong ETag; else `Last-Modified`, if it is at least 1 s older than `Date`: the file could otherwise have
    changed within the same second.
    """
    if _STRONG_ETAG.fullmatch(etag):
        return etag
    changed, now = parse_date(last_modified), parse_date(date)
    if changed is None or now is None or now - changed < 1:
        return None
    return last_modified


def parse_retry_after(retry_after: str, date: str, now: float) -> float | None:
    """The seconds to wait according to `Retry-After`, or None where it is missing or invalid.

    Args:
        retry_after: the header: a number of seconds, or a date.
        date: the `Date` header: the server's own clock, to which a date in `Retry-After` is compared.
        now: seconds since 1970, used where `date` is missing.
    """
    if retry_after.isascii() and retry_after.isdigit():
        return float(retry_after[:12])
    moment = parse_date(retry_after)
    if moment is None:
        return None
    server_now = parse_date(date)
    return max(0.0, moment - (now if server_now is None else server_now))


@lru_cache(maxsize=16)
def parse_date(text: str) -> float | None:
    """An HTTP date in seconds since 1970. Responses of one second have the same."""
    if not text:
        return None
    # Imported here: a run without requests reads no header.
    from email.utils import parsedate_to_datetime

    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError, TypeError):
        return None
