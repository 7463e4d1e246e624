"""What a host says of parts of files, read strictly."""

from __future__ import annotations

import pytest

from mhsync.api.ranges import Part, part_of, total_of, validator_of

LATER, EARLIER = "Mon, 02 Nov 2026 10:00:05 GMT", "Mon, 02 Nov 2026 10:00:00 GMT"


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("bytes 0-0/1", Part(0, 0, 1)),
        ("bytes 5-9/10", Part(5, 9, 10)),
        (" Bytes 5-9/*", Part(5, 9, None)),
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
def test_a_content_range(text: str, part: Part | None):
    assert part_of(text) == part
    assert part is None or part.size == part.end - part.start + 1


def test_the_total_of_a_refused_range():
    assert total_of("bytes */10") == 10
    assert total_of("bytes */x") is None
    assert total_of("bytes 1-2/10") is None


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
def test_only_what_is_certain_is_a_validator(etag: str, modified: str, date: str, validator: str | None):
    assert validator_of(etag, modified, date) == validator
