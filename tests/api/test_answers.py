"""Retry-After, and what servers say."""

from __future__ import annotations

import pytest

from mhsync.api.answers import retry_after
from mhsync.api.text import shown

WALL = 1_793_613_600.0  # Mon, 02 Nov 2026 10:00:00 GMT


class Answered:
    def __init__(self, **headers: str) -> None:
        self._headers = {name.replace("_", "-").lower(): value for name, value in headers.items()}

    def header(self, name: str) -> str:
        return self._headers.get(name, "")


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
def test_retry_after_in_seconds_or_as_a_date_by_the_servers_own_clock(headers, seconds):
    assert retry_after(Answered(**headers), WALL) == seconds


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("plain", "plain"),
        ("two\nlines\tand a tab", "two lines and a tab"),
        ("\x1b[31m\x00\x9b", "\\x1b[31m\\x00\\x9b"),
        ("\u202eevil\u200b \U000e0041", "\\u202eevil\\u200b \\U000e0041"),
        ("see https://a.example/b?sig=1&x=2 now", "see https://a.example/b now"),
        ("see HTTP://a.example/b#frag", "see HTTP://a.example/b"),
        ("the k3y k3y", "the *** ***"),
        ("ä" * 400, "ä" * 299 + "…"),
    ],
)
def test_foreign_text_becomes_one_safe_line(text: str, line: str):
    assert shown(text, secrets=("k3y", "")) == line
