"""Text for terminals: escaping of foreign text, width in columns, and colour."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from enum import Enum

from mhsync.dataclass import dataclass

_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Controls, invisible and direction-changing characters, lone surrogates, and separators of lines."""
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_COLOR = re.compile(r"\x1b\[[\d;]*m")


def escape(text: str) -> str:
    """The text on one line, with characters that move the cursor, hide or reverse text written as escapes."""
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


def width_of(text: str) -> int:
    """The columns of a text in a terminal: none for combining marks, two for wide characters."""
    if text.isascii():
        return len(text)
    return sum(_char_width(char) for char in text)


def visible_width(text: str) -> int:
    """The columns of a text with colours."""
    return width_of(_COLOR.sub("", text))


def _char_width(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1


def padded(text: str, width: int) -> str:
    """The text, filled with spaces up to `width` columns."""
    return text + " " * max(0, width - width_of(text))


def truncated(text: str, width: int) -> str:
    """The text in at most `width` columns; `…` marks a cut."""
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
    """The text in lines of at most `width` columns, broken at spaces; longer words are broken anywhere."""
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
    """The colours that mhsync uses; a word or a sign always has the same meaning as the colour."""

    PLAIN = ""
    RED = "31"
    GREEN = "32"
    YELLOW = "33"
    BOLD = "1"
    BOLD_RED = "1;31"
    DIM = "2"


@dataclass(frozen=True, slots=True)
class Style:
    """The style of a stream: its width in columns, and whether it has colours."""

    width: int = 80
    is_colored: bool = False

    def paint(self, text: str, color: Color) -> str:
        if not self.is_colored or color is Color.PLAIN or not text:
            return text
        return f"\x1b[{color.value}m{text}\x1b[0m"
