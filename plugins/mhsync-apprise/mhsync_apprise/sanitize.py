"""Text from the API or a server, made safe for messages: it must not act as markup or mention anyone."""

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
"""Characters of markup and mentions, and similar characters that have no effect. Apprise escapes markup only for
the services that it knows."""


def sanitize(text: str, limit: int) -> str:
    """The text on one line, printable, without markup, in at most `limit` characters."""
    line = " ".join(text.split())
    line = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in line)
    line = line.translate(_LOOKALIKES)
    return line if len(line) <= limit else line[: limit - 1] + "…"
