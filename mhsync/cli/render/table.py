"""Table: rows that a person can read at 80 columns, on a terminal and in a CI log. Nothing is cut off."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from mhsync.cli.render.terminal import Color, Style, escape, padded, width_of, wrapped

_GAP = "  "
_NAME_MOST = 36
"""A longer id has a line of its own."""
_TEXT_LEAST = 24
"""Where less is left for the last column, it goes under the row."""
_UNDER = " " * 6
_SAME = 10


@dataclass(frozen=True, slots=True)
class Row:
    """One project. What stands in it may come from anywhere: it is escaped here."""

    sign: str
    name: str
    word: str
    text: str = ""
    color: Color = Color.PLAIN
    lines: tuple[str, ...] = ()
    """What stands below, each on a line of its own."""
    folds: bool = False
    """Whether many rows that say the same may become a few and a count."""
    is_shared: bool = False
    """Whether it reports a fault of something that many projects share: those become one row."""

    @property
    def saying(self) -> tuple[str, str]:
        return self.word, self.text


def collapse_repeats(rows: Sequence[Row]) -> Iterator[Row]:
    """The rows, but of many that say the same only the first, and a count of the rest.

    A fault of something that many projects share is one row, with their number in place of an id.
    """
    counts = Counter(row.saying for row in rows if row.folds)
    seen: Counter[tuple[str, str]] = Counter()
    for row in rows:
        seen[row.saying] += row.folds
        if row.is_shared and counts[row.saying] > 1:
            if seen[row.saying] == 1:
                yield replace(row, name=f"{counts[row.saying]:,} projects")
        elif not row.folds or counts[row.saying] <= _SAME + 1 or seen[row.saying] <= _SAME:
            yield row
        elif seen[row.saying] == counts[row.saying]:
            rest = counts[row.saying] - _SAME
            yield Row(row.sign, f"and {rest:,} more", row.word, "the same; -v lists them", row.color)


def render_table(rows: Iterable[Row], header: tuple[str, str, str], style: Style) -> list[str]:
    """The table's lines; the last column is wrapped, and no line ends with spaces."""
    escaped = [_escaped(row) for row in rows]
    if not escaped:
        return []
    columns = _Columns.fit(escaped, header, style)
    top = padded("", columns.sign) + _GAP + padded(header[0], columns.name) + _GAP
    lines = [style.paint((top + padded(header[1], columns.word) + _GAP + header[2]).rstrip(), Color.DIM)]
    for row in escaped:
        lines += columns.lines(row, style)
    return lines


def _escaped(row: Row) -> Row:
    return Row(row.sign, escape(row.name), row.word, escape(row.text), row.color, tuple(map(escape, row.lines)))


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
        word = max([*(len(row.word) for row in rows), len(header[1])])
        return cls(sign, name, word, style.width - sign - name - word - 3 * len(_GAP))

    def lines(self, row: Row, style: Style) -> list[str]:
        sign = style.paint(padded(row.sign, self.sign), row.color)
        word = style.paint(row.word, row.color) + " " * (self.word - len(row.word))
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
        return [*found, *(f"{inset}{line}" for line in (*text, *below))]
