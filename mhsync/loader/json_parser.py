"""Strict JSON (RFC 8259) to a tree of the same nodes as YAML: with positions, and with every bound.

Refused: duplicate keys, text after the value, `NaN` and `Infinity`, half a surrogate pair, and nesting and sizes
beyond the bounds.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right

from mhsync.loader.problems import Problems, show
from mhsync.loader.yaml_nodes import Key, ListNode, MapNode, Node, Scalar
from mhsync.settings import ManifestSettings

_SPACE = re.compile(r"[ \t\n\r]*")
_WORD = re.compile(r"(?:true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)(?![A-Za-z0-9_.+-])")
_SEEN = re.compile(r"[^\s,:{}\[\]\"]+|.", re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")
_WHITE = " \t\n\r"
_LINE = re.compile(r"[^ \t\n][^\n]*")
"""A line that is not empty, from its first character."""
_DECODER = json.JSONDecoder()


class _StopReading(Exception):
    """The rest of the value is not read."""


class JsonParser:
    """Parses values of one text. Line ends are line feeds only.

    Args:
        text: the whole file, so that positions are those of the file.
        problems: every problem is added to it.
        settings: the bounds on depth, number of values and lengths.
    """

    def __init__(self, text: str, problems: Problems, settings: ManifestSettings) -> None:
        self._text = text
        self._problems = problems
        self._settings = settings
        self._values_left = settings.values
        self._starts = [0, *(found.end() for found in re.finditer("\n", text))]
        self._at = 0
        self._end = len(text)

    def parse(self, start: int = 0, end: int | None = None) -> Node | None:
        """The one value between two offsets; None, and a problem, if there is none or it is invalid."""
        self._at, self._end = start, len(self._text) if end is None else end
        try:
            if not self._peek():
                return None
            node = self._value(0)
            if self._peek():
                self._refuse("json", f"text after the end of the value: {self._seen()}", "remove it")
        except _StopReading:
            return None
        return node

    def _peek(self) -> str:
        """The next character that is not white space; empty at the end."""
        found = _SPACE.match(self._text, self._at, self._end)
        self._at = found.end() if found else self._at
        return self._text[self._at : self._at + 1] if self._at < self._end else ""

    def _value(self, depth: int) -> Node:
        char = self._peek()
        place = self._count()
        if char in ("{", "["):
            if depth >= self._settings.depth:
                message = f"nested deeper than {self._settings.depth} levels"
                self._refuse("depth", message, "write the list or mapping flatter")
            self._at += 1
            return self._map(place, depth + 1) if char == "{" else self._list(place, depth + 1)
        if char == '"':
            return Scalar(self._string(), True, place.line, place.column)
        word = _WORD.match(self._text, self._at, self._end)
        if word is None:
            message = f"not a value of JSON: {self._seen()}" if char else "the file ends where a value is expected"
            self._refuse(
                "json", message, "write a text in double quotes, a number, true, false, a list or a mapping"
            )
            raise AssertionError  # not reached
        self._at = word.end()
        self._check_length(word[0], place)
        return Scalar(word[0], False, place.line, place.column)

    def _map(self, place: Key, depth: int) -> Node:
        fields: dict[str, Node] = {}
        keys: dict[str, Key] = {}
        while (char := self._peek()) != "}" or keys:
            at = self._count()
            if char != '"':
                self._refuse(
                    "json", f"a key in double quotes is expected, not {self._seen()}", 'write "key": value'
                )
            name = self._string()
            if self._peek() != ":":
                self._refuse("json", f"a key has no ':' before {self._seen()}", 'write "key": value')
            self._at += 1
            node = self._value(depth)
            first = keys.setdefault(name, at)
            if first is not at:
                message = f"the key {show(name)} is used twice: first at {first.line}:{first.column}"
                self._problems.add("duplicate_key", message, "keep one of them", at)
            else:
                fields[name] = node
            if self._ends("}"):
                return MapNode(fields, keys, place.line, place.column)
        self._at += 1
        return MapNode(fields, keys, place.line, place.column)

    def _list(self, place: Key, depth: int) -> Node:
        items: list[Node] = []
        while self._peek() != "]" or items:
            items.append(self._value(depth))
            if self._ends("]"):
                return ListNode(items, place.line, place.column)
        self._at += 1
        return ListNode(items, place.line, place.column)

    def _ends(self, closing: str) -> bool:
        """Take the comma or the closing bracket after a part; whether it is the bracket."""
        char = self._peek()
        if char not in (",", closing) or not char:
            self._refuse(
                "json",
                f"',' or '{closing}' is expected, not {self._seen()}",
                f"close it with '{closing}', or put ',' between its parts",
            )
        self._at += 1
        if char == "," and self._peek() == closing:
            self._refuse("json", f"a ',' before '{closing}'", "remove the ','")
        return char == closing

    def _string(self) -> str:
        try:
            value, end = _DECODER.raw_decode(self._text, self._at)
        except json.JSONDecodeError as error:
            what = error.msg[:1].lower() + error.msg[1:]
            is_open = error.msg.startswith("Unterminated")
            self._at = self._at if is_open else min(error.pos, self._end)
            message = "a quote is not closed" if is_open else f"a text in quotes is invalid: {what}"
            hint = 'close it with "' if is_open else "write a line end as \\n, a backslash as \\\\"
            self._refuse("json", message, hint)
        assert isinstance(value, str)
        if end > self._end:
            self._refuse("json", "a quote is not closed", 'close it with "')
        if _SURROGATE.search(value):
            self._refuse("json", "a quoted text has an escape that is no character", "write the character itself")
        self._check_length(value, self._place())
        self._at = end
        return value

    def _check_length(self, text: str, place: Key) -> None:
        if len(text) > self._settings.text:
            self._problems.add(
                "long", f"a text is longer than {self._settings.text} characters", "shorten it", place
            )
            raise _StopReading

    def _count(self) -> Key:
        """Count a key or value; its position."""
        self._values_left -= 1
        if self._values_left < 0:
            message = f"more than {self._settings.values} keys and values in one file"
            self._refuse("values", message, "spread the projects over several files")
        return self._place()

    def _seen(self) -> str:
        found = _SEEN.match(self._text, self._at, self._end)
        return show(found[0]) if found else "the end"

    def _refuse(self, code: str, message: str, hint: str) -> None:
        """Add a problem at the current position, and end the value.

        Raises:
            _StopReading: always.
        """
        self._problems.add(code, message, hint, self._place())
        raise _StopReading

    def _place(self) -> Key:
        line = bisect_right(self._starts, self._at)
        return Key(line, self._at - self._starts[line - 1] + 1)


def parse_json(text: str, problems: Problems, settings: ManifestSettings) -> Node | None:
    """The tree of a JSON manifest; None, and a problem, if there is none."""
    if not text.strip(_WHITE):
        problems.add("empty", "the file is empty", 'begin with \'{"version": 1, "projects": []}\'', Key(1, 1))
        return None
    return JsonParser(text, problems, settings).parse()


def parse_json_lines(text: str, problems: Problems, settings: ManifestSettings) -> Node | None:
    """The tree of a JSON Lines manifest: the keys of the file on the first line, then a project on each line.

    Empty lines are skipped. A line that is not JSON does not hide the problems of the others.
    """
    lines = [(found.start(), found.end()) for found in _LINE.finditer(text)]
    if not lines:
        problems.add("empty", "the file is empty", "begin with a line '{\"version\": 1}'", Key(1, 1))
        return None
    parser = JsonParser(text, problems, settings)
    root, *items = (parser.parse(start, end) for start, end in lines)
    if not isinstance(root, MapNode):
        return root
    if "projects" in root.keys:
        message = "the first line of a JSON Lines file has the key projects"
        problems.add("json", message, "write each project on a line of its own after it", root.keys["projects"])
    place = Key(root.line + 1, 1)
    projects = ListNode([item for item in items if item is not None], place.line, place.column)
    fields, keys = {**root.fields, "projects": projects}, {**root.keys, "projects": place}
    return MapNode(fields, keys, root.line, root.column)
