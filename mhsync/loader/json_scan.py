"""Read the entries of the common form out of a JSON or JSON Lines manifest: see `scanned`.

The common form is an object whose texts have no escapes: `{"id": "clx7", "state": "archived"}`.
"""

from __future__ import annotations

import json
import re

from mhsync.loader.scanned import ID, STATES, ScannedProjects
from mhsync.loader.yaml_nodes import Key

_HEAD = re.compile(r'"projects"\s*:\s*\[')
_SPACE = re.compile(r"[ \t\n]*")
_AFTER = re.compile(r"[ \t\n]*([,\]])")
_FIRST_LINE = re.compile(r"[ \t\n]*([^ \t\n][^\n]*)(?:\n|\Z)")
_LINE = re.compile(r"[^\n]*(?:\n|\Z)")
_DECODER = json.JSONDecoder()


def _entry(space: str) -> str:
    """The pattern of an entry, by its white space. Groups: the quoted id, the id, two states and two paths."""
    state = rf'"state"{space}:{space}("(?:{STATES})")'
    path = rf'"path"{space}:{space}("[^"\\\x00-\x1f]{{1,1024}}")'
    more = rf"(?:,{space}(?:{state}|{path}){space})?"
    return rf'{space}\{{{space}"id"{space}:{space}("({ID})"){space}{more}{more}\}}'


def scan(text: str) -> ScannedProjects | None:
    """The entries of a JSON manifest that can be read without the parser.

    Args:
        text: a manifest with line feeds as its only line breaks.

    Returns:
        None if there are none, or if the list is not JSON.
    """
    head = _HEAD.search(text)
    if head is None:
        return None
    reader = _Reader(text)
    found = ScannedProjects(reader.place(head.start()))
    found.list_at = reader.place(head.end() - 1)
    entry = re.compile(_entry(r"[ \t\n]*"))
    at = head.end()
    while True:
        match = entry.match(text, at)
        end = match.end() if match else _end_of_value(text, at)
        after = None if end is None else _AFTER.match(text, end)
        if end is None or after is None:
            return None
        if match is None or not reader.add(found, match):
            reader.keep(at, end)
            found.is_empty = False
        at = after.end()
        if after[1] == "]":
            break
    found.rest = f"{text[: head.end()]}{reader.kept(head.end(), at - 1)}{text[at - 1 :]}"
    return found if len(found) else None


def scan_lines(text: str) -> ScannedProjects | None:
    """The entries of a JSON Lines manifest that can be read without the parser; None if there are none.

    Args:
        text: a manifest with line feeds as its only line breaks.
    """
    head = _FIRST_LINE.match(text)
    if head is None:
        return None
    reader = _Reader(text)
    found = ScannedProjects(Key(reader.place(head.start(1)).line + 1, 1))
    entry = re.compile(_entry(r"[ \t]*") + r"[ \t]*(?:\n|\Z)")
    parts = [text[: head.end()]]
    at = head.end()
    while at < len(text):
        match = entry.match(text, at)
        if match is not None and reader.add(found, match):
            parts.append("\n")
            at = match.end()
            continue
        line = _LINE.match(text, at)
        assert line is not None
        parts.append(line[0])
        found.is_empty = found.is_empty and not line[0].strip(" \t\n")
        at = line.end()
    found.rest = "".join(parts)
    return found if len(found) else None


def _end_of_value(text: str, at: int) -> int | None:
    """Where the value ends that begins after white space; None if it is not JSON."""
    begin = _SPACE.match(text, at)
    try:
        return None if begin is None else _DECODER.raw_decode(text, begin.end())[1]
    except (ValueError, RecursionError):
        return None


class _Reader:
    """Counts lines and columns from the beginning of a text to its end, and collects what is kept of a list."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._line = 1
        self._line_start = 0
        self._parts: list[tuple[int, int]] = []

    def place(self, at: int) -> Key:
        """The position of an offset, which is never before that of the last call."""
        breaks = self._text.count("\n", self._at, at)
        if breaks:
            self._line += breaks
            self._line_start = self._text.rfind("\n", self._at, at) + 1
        self._at = at
        return Key(self._line, at - self._line_start + 1)

    def add(self, found: ScannedProjects, match: re.Match[str]) -> bool:
        """Take an entry; False if it is not certainly valid."""
        _, id_, state, path, state2, path2 = match.groups()
        if (state and state2) or (path and path2):
            return False
        place = self.place(match.start(1))
        return found.add(id_, state or state2, path or path2, place.line, place.column)

    def keep(self, start: int, end: int) -> None:
        """Keep a value of the list for the parser."""
        begin = _SPACE.match(self._text, start)
        self._parts.append((begin.end() if begin else start, end))

    def kept(self, start: int, end: int) -> str:
        """The list between its brackets with only the values that are kept, each at its position."""
        result: list[str] = []
        at = start
        for number, (first, last) in enumerate(self._parts):
            comma = "," if number else ""
            result += (comma, self._blank(at, first, len(comma)), self._text[first:last])
            at = last
        return "".join((*result, self._blank(at, end)))

    def _blank(self, start: int, end: int, used: int = 0) -> str:
        """White space that leads from one offset to another one, after `used` characters on its first line."""
        breaks = self._text.count("\n", start, end)
        column = end - (self._text.rfind("\n", start, end) + 1) if breaks else end - start - used
        return "\n" * breaks + " " * column
