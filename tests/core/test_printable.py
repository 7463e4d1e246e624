"""A printable text is one line that can be encoded in UTF-8."""

from __future__ import annotations

import pytest

from mhsync.core.printable import printable


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Grüße, 世界", "Grüße, 世界"),
        ("two\nlines", "two\\x0alines"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("caf\udce9.wav", "caf\\udce9.wav"),
        ("", ""),
    ],
)
def test_a_text_becomes_one_line_that_can_be_encoded(text: str, expected: str):
    assert printable(text) == expected
