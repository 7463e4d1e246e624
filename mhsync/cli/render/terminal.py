"""What a terminal may be shown: foreign text made harmless, widths as a terminal counts them, and colour."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Controls, invisible and direction-changing characters, lone surrogates, and separators of lines."""
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_QUERY = re.compile(r"\?[\w.%~+-]+=[^\s'\"<>]*")


def escape(text: str) -> str:
    """The text on one line, with everything that could move the cursor, hide or turn text made visible."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escaped(char) if unicodedata.category(char) in _UNSAFE else char for char in text)


def _escaped(char: str) -> str:
    if char in _SHORT:
        return _SHORT[char]
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def without_queries(text: str) -> str:
    """The text with the query of every URL in it left out: the query of a signed link is a secret."""
    return _QUERY.sub("?…", text)


def width_of(text: str) -> int:
    """The columns that a text takes in a terminal: none for marks put over others, two for wide characters."""
    if text.isascii():
        return len(text)
    return sum(_char_width(char) for char in text)


def _char_width(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1


def padded(text: str, width: int) -> str:
    """The text with spaces behind it up to so many columns."""
    return text + " " * max(0, width - width_of(text))


def truncated(text: str, width: int) -> str:
    """The text in so many columns, `…` at its end where something was cut off."""
    if width_of(text) <= width:
        return text
    kept, room = "", width - 1
    for char in text:
        room -= _char_width(char)
        if room < 0:
            break
        kept += char
    return f"{kept}…" if width > 0 else ""


def wrapped(text: str, width: int) -> list[str]:
    """The text in lines of at most so many columns, broken at spaces; a word that is longer is broken anywhere."""
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        for piece in _pieces(word, max(1, width)):
            joined = f"{line} {piece}" if line else piece
            if width_of(joined) <= width or not line:
                line = joined
            else:
                lines.append(line)
                line = piece
    return [*lines, line] if line or not lines else lines


def _pieces(word: str, width: int) -> Iterator[str]:
    if width_of(word) <= width:
        yield word
        return
    piece, used = "", 0
    for char in word:
        if piece and used + _char_width(char) > width:
            yield piece
            piece, used = "", 0
        piece += char
        used += _char_width(char)
    yield piece


class Color(Enum):
    """The few colours that mhsync uses; each comes with a word or a sign that says the same."""

    PLAIN = ""
    RED = "31"
    GREEN = "32"
    YELLOW = "33"
    BOLD = "1"
    BOLD_RED = "1;31"
    DIM = "2"


@dataclass(frozen=True, slots=True)
class Style:
    """How a stream is drawn on: its width in columns, and whether it is coloured."""

    width: int = 80
    is_colored: bool = False

    def paint(self, text: str, color: Color) -> str:
        if not self.is_colored or color is Color.PLAIN or not text:
            return text
        return f"\x1b[{color.value}m{text}\x1b[0m"
