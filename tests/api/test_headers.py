"""`Content-Range`, validators and `Retry-After`, parsed strictly."""

from __future__ import annotations

import pytest

from mhsync.api.headers import (
    ContentRange,
    parse_content_range,
    parse_retry_after,
    parse_unsatisfied_range,
    strong_validator,
)

LATER, EARLIER = "Mon, 02 Nov 2026 10:00:05 GMT", "Mon, 02 Nov 2026 10:00:00 GMT"


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("bytes 0-0/1", ContentRange(0, 0, 1)),
        ("bytes 5-9/10", ContentRange(5, 9, 10)),
        (" Bytes 5-9/*", ContentRange(5, 9, None)),
        ("bytes 5-10/10", None),
        ("bytes 9-5/10", None),
        ("bytes */10", None),
        ("bytes -5-9/10", None),
        ("bytes 5-9", None),
        ("lines 5-9/10", None),
        ("bytes ٥-9/10", None),
        ("bytes 5-9/10, bytes 1-2/10", None),
        ("", None),
    ],
)
def test_content_range_is_parsed_strictly(text: str, part: ContentRange | None):
    assert parse_content_range(text) == part
    assert part is None or part.size == part.end - part.start + 1


def test_the_total_of_an_unsatisfied_range_is_parsed_strictly():
    assert parse_unsatisfied_range("bytes */10") == 10
    assert parse_unsatisfied_range("bytes */x") is None
    assert parse_unsatisfied_range("bytes 1-2/10") is None


@pytest.mark.parametrize(
    ("etag", "modified", "date", "validator"),
    [
        ('"a"', "", "", '"a"'),
        ('""', "", "", '""'),
        ('W/"a"', "", "", None),
        ("a", "", "", None),
        ('"a"\r\nX: "', "", "", None),
        ('W/"a"', EARLIER, LATER, EARLIER),
        ("", EARLIER, EARLIER, None),
        ("", EARLIER, "", None),
        ("", "yesterday", LATER, None),
        ("", "", LATER, None),
    ],
)
def test_only_strong_validators_are_used(etag: str, modified: str, date: str, validator: str | None):
    assert strong_validator(etag, modified, date) == validator


WALL = 1_793_613_600.0  # Mon, 02 Nov 2026 10:00:00 GMT


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry_After": "0"}, 0),
        ({"Retry_After": "120"}, 120),
        ({"Retry_After": "9" * 50}, 999_999_999_999),
        ({"Retry_After": "-5"}, None),
        ({"Retry_After": "1.5"}, None),
        ({"Retry_After": "soon"}, None),
        ({"Retry_After": "٣"}, None),
        ({"Retry_After": "Mon, 02 Nov 2026 10:00:30 GMT"}, 30),
        ({"Retry_After": "Mon, 02 Nov 2026 09:00:00 GMT"}, 0),
        ({"Retry_After": "Mon, 02 Nov 2026 12:00:30 GMT", "Date": "Mon, 02 Nov 2026 12:00:00 GMT"}, 30),
        ({"Retry_After": "Mon, 02 Nov 2026 10:00:30 GMT", "Date": "never"}, 30),
        ({"Retry_After": "Mon, 99 Nov 2026 10:00:30 GMT"}, None),
    ],
)
def test_retry_after_is_seconds_or_a_date_compared_to_the_servers_clock(headers, seconds):
    retry_after, date = headers.get("Retry_After", ""), headers.get("Date", "")
    assert parse_retry_after(retry_after, date, WALL) == seconds
