"""A table fits into its width and cuts nothing off."""

from __future__ import annotations

import pytest

from mhsync.cli.render.table import Row, render_table
from mhsync.cli.render.terminal import Color, Style, width_of

HEADER = ("PROJECT", "ACTION", "WHY")
REASON = "the render ended in error (no_speech_found: There is no speech in the source file.)"


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("id_", ["a", "c" * 25, "u" * 36, "x" * 128])
def test_no_line_is_wider_than_the_style_and_no_word_is_lost(width, id_):
    lines = render_table(
        [Row("+-", id_, "download, delete", REASON, Color.RED, ("-> a/b c.wav",))], HEADER, Style(width)
    )
    assert all(width_of(line) <= width or id_ in line for line in lines)
    words = " ".join(lines).split()
    assert [word for word in REASON.split() if word not in words] == []
    assert id_ in words
    assert "c.wav" in words


def test_columns_are_aligned():
    lines = render_table(
        [Row("+", "short", "download", "one"), Row("-", "a-longer-id", "delete", "two")], HEADER, Style(80)
    )
    assert lines == [
        "   PROJECT      ACTION    WHY",
        "+  short        download  one",
        "-  a-longer-id  delete    two",
    ]


def test_foreign_text_is_escaped_and_only_our_own_colour_is_kept():
    lines = render_table([Row("!", "id", "blocked", "\x1b[2J\u202egone", Color.RED)], HEADER, Style(80))
    assert "\x1b" not in "".join(lines)
    assert "\\x1b[2J\\u202egone" in lines[1]
    colored = render_table([Row("!", "id", "blocked", "why", Color.RED)], HEADER, Style(80, is_colored=True))
    assert "\x1b[31mblocked\x1b[0m" in colored[1]


def test_no_rows_are_no_table():
    assert render_table([], HEADER, Style(80)) == []
