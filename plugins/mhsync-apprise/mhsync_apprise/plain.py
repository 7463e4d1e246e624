"""Words of others made plain: what the API or a server says is data, never markup, and calls nobody."""

from __future__ import annotations

_LOOKALIKES = str.maketrans(
    {
        "@": "\N{FULLWIDTH COMMERCIAL AT}",  # @everyone, @here, @channel, @room
        "<": "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}",  # HTML; Slack's <!channel> and <@U1>
        ">": "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}",
        "`": "\N{MODIFIER LETTER GRAVE ACCENT}",
        "*": "\N{ASTERISK OPERATOR}",
        "[": "\N{FULLWIDTH LEFT SQUARE BRACKET}",  # [links](…) and ![images](…)
        "]": "\N{FULLWIDTH RIGHT SQUARE BRACKET}",
        "|": "\N{DIVIDES}",
        "~": "\N{TILDE OPERATOR}",
    }
)
"""Apprise escapes for the services whose markup it knows. These hold for the others too, and in any order of
escaping and unescaping on the way."""


def plain(text: str, limit: int) -> str:
    """A text on one line, printable, without markup, at most so long."""
    line = " ".join(text.split())
    line = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in line)
    line = line.translate(_LOOKALIKES)
    return line if len(line) <= limit else line[: limit - 1] + "…"
