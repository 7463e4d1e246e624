"""Tables that fit into 80 columns, on a terminal and in a CI log. No text is cut off."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from mhsync.cli.render.terminal import Color, Style, escape, padded, width_of, wrapped
from mhsync.dataclass import dataclass

_GAP = "  "
_NAME_MOST = 36
"""A longer id gets its own line."""
_TEXT_LEAST = 24
"""If less width is left for the last column, its text is printed below the row."""
_UNDER = " " * 6
_SAME = 10


@dataclass(frozen=True, slots=True)
class Row:
    """One row. Its text may come from outside: render_table escapes it."""

    sign: str
    name: str
    word: str
    text: str = ""
    color: Color = Color.PLAIN
    lines: tuple[str, ...] = ()
    """Lines below the row, under its text."""
    about: tuple[str, ...] = ()
    """Lines below the row, under its name."""
    can_collapse: bool = False
    """Whether many rows with the same word and text may become a few rows and a count."""
    is_shared: bool = False
    """Whether it reports a fault of a resource that many projects share: those rows become one."""

    @property
    def message(self) -> tuple[str, str]:
        return self.word, self.text


def collapse_repeats(rows: Sequence[Row]) -> Iterator[Row]:
    """The rows, with only the first ones of many equal rows, and a count of the rest.

    A fault of a shared resource becomes one row, with the number of projects in place of an id.
    """
    counts = Counter(row.message for row in rows if row.can_collapse)
    seen: Counter[tuple[str, str]] = Counter()
    for row in rows:
        seen[row.message] += row.can_collapse
        if row.is_shared and counts[row.message] > 1:
            if seen[row.message] == 1:
                yield replace(row, name=f"{counts[row.message]:,} projects", about=())
        elif not row.can_collapse or counts[row.message] <= _SAME + 1 or seen[row.message] <= _SAME:
            yield row
        elif seen[row.message] == counts[row.message]:
            rest = counts[row.message] - _SAME
            yield Row(row.sign, f"and {rest:,} more", row.word, "same reason; -v lists them", row.color)


def render_table(rows: Iterable[Row], header: tuple[str, str, str], style: Style) -> list[str]:
    """The table's lines; the last column is wrapped, and no line ends with spaces."""
    escaped = [_escaped(row) for row in rows]
    if not escaped:
        return []
    columns = _Columns.fit(escaped, header, style)
    top = [padded("", columns.sign), padded(header[0], columns.name), padded(header[1], columns.word)]
    if columns.text >= _TEXT_LEAST:
        top.append(header[2])
    lines = [style.paint(_GAP.join(top).rstrip(), Color.DIM)]
    for row in escaped:
        lines += columns.lines(row, style)
    return lines


def _escaped(row: Row) -> Row:
    name, word, text = escape(row.name), escape(row.word), escape(row.text)
    lines, about = tuple(map(escape, row.lines)), tuple(map(escape, row.about))
    return Row(row.sign, name, word, text, row.color, lines, about)


@dataclass(frozen=True, slots=True)
class _Columns:
    sign: int
    name: int
    word: int
    text: int

    @classmethod
    def fit(cls, rows: Sequence[Row], header: tuple[str, str, str], style: Style) -> _Columns:
        short = (width_of(row.name) for row in rows if width_of(row.name) <= _NAME_MOST)
        sign = max(len(row.sign) for row in rows)
        name = max([*short, len(header[0])])
        word = max([*(width_of(row.word) for row in rows), len(header[1])])
        return cls(sign, name, word, style.width - sign - name - word - 3 * len(_GAP))

    def lines(self, row: Row, style: Style) -> list[str]:
        sign = style.paint(padded(row.sign, self.sign), row.color)
        word = style.paint(row.word, row.color) + " " * (self.word - width_of(row.word))
        margin = " " * (self.sign + len(_GAP))
        found = []
        start = f"{sign}{_GAP}{padded(row.name, self.name)}"
        if width_of(row.name) > self.name:
            found.append(f"{sign}{_GAP}{row.name}")
            start = margin + " " * self.name
        under = self.text < _TEXT_LEAST
        inset = _UNDER if under else " " * (self.sign + self.name + self.word + 3 * len(_GAP))
        room = style.width - len(inset)
        text = [line for line in wrapped(row.text, room) if line]
        if text and not under:
            found.append(f"{start}{_GAP}{word}{_GAP}{text.pop(0)}")
        else:
            found.append(f"{start}{_GAP}{word}".rstrip())
        below = [piece for line in row.lines for piece in wrapped(line, room)]
        indent = margin + _GAP
        about = [piece for line in row.about for piece in wrapped(line, style.width - len(indent))]
        return [
            *found,
            *(f"{inset}{line}" for line in text),
            *(f"{indent}{line}" for line in about),
            *(f"{inset}{line}" for line in below),
        ]
