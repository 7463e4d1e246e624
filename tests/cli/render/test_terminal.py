"""What comes from the API cannot move a cursor, hide, or turn text; widths are those of a terminal."""

from __future__ import annotations

import pytest

from mhsync.cli.render.terminal import Color, Style, escape, padded, truncated, width_of, wrapped


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("plain — Café 音楽 🎵", "plain — Café 音楽 🎵", id="printable text stays"),
        pytest.param("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m", id="colour"),
        pytest.param("\x1b]0;title\x07", "\\x1b]0;title\\x07", id="window title"),
        pytest.param("a\r\nb\tc", "a\\r\\nb\\tc", id="line breaks and tabs"),
        pytest.param("\x9b2J", "\\x9b2J", id="C1 control"),
        pytest.param("\x7f\x00", "\\x7f\\x00", id="delete and NUL"),
        pytest.param("abc\u202egpj.exe", "abc\\u202egpj.exe", id="right-to-left override"),
        pytest.param("\u2066x\u2069\u200f", "\\u2066x\\u2069\\u200f", id="isolates and marks"),
        pytest.param("a\u2028b\u2029c\x85d", "a\\u2028b\\u2029c\\x85d", id="separators of lines"),
        pytest.param("zero\u200bwidth\ufeff", "zero\\u200bwidth\\ufeff", id="invisible"),
        pytest.param("\U000e0041", "\\U000e0041", id="tags"),
        pytest.param("\ud800", "\\ud800", id="lone surrogate"),
    ],
)
def test_control_characters_are_escaped(text, shown):
    assert escape(text) == shown


def test_widths_are_columns():
    assert width_of("abc") == 3
    assert width_of("音楽") == 4
    assert width_of("Cafe\u0301") == 4
    assert padded("音", 4) == "音  "


def test_truncated_text_fits_and_says_so():
    assert truncated("abcdef", 6) == "abcdef"
    assert truncated("abcdefg", 6) == "abcde…"
    assert truncated("音楽音楽", 6) == "音楽…"
    assert truncated("abc", 0) == ""


def test_wrapping_loses_nothing_and_fits():
    text = "the render ended in error because 音楽音楽音楽音楽 " + "x" * 50
    lines = wrapped(text, 16)
    assert all(width_of(line) <= 16 for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert wrapped("", 10) == [""]


def test_colour_is_used_only_where_it_is_enabled():
    assert Style(is_colored=True).paint("x", Color.RED) == "\x1b[31mx\x1b[0m"
    assert Style().paint("x", Color.RED) == "x"
    assert Style(is_colored=True).paint("", Color.RED) == ""
