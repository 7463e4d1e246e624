"""Text from servers becomes one safe line."""

from __future__ import annotations

import pytest

from mhsync.api.sanitize import sanitize


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
def test_text_of_a_server_becomes_one_safe_line(text: str, line: str):
    assert sanitize(text, secrets=("k3y", "")) == line
