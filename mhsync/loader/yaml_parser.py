"""Strict YAML to a tree, built directly from PyYAML's events.

PyYAML constructs no objects, so that an alias bomb or 30,000 brackets cost only the time to read them. These are
refused: anchors, aliases, merge keys, tags, several documents, duplicate keys, nesting and sizes above the limits,
bytes that are not UTF-8, control characters and empty files.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from dataclasses import field

import yaml

from mhsync.dataclass import dataclass
from mhsync.errors import ManifestError
from mhsync.loader.decoding import decode
from mhsync.loader.problems import Problems, show
from mhsync.loader.yaml_errors import explain
from mhsync.loader.yaml_nodes import Broken, Key, ListNode, MapNode, Node, Scalar, plain
from mhsync.settings import ManifestSettings

__all__ = ["Broken", "Key", "ListNode", "MapNode", "Node", "Scalar", "parse", "parse_text", "plain", "read"]


def read(text: bytes, file: str, settings: ManifestSettings) -> Node:
    """Read one strict YAML document.

    Args:
        text: the bytes of the file.
        file: its name, for messages.
        settings: the bounds on size, depth, number of values and problems.

    Raises:
        ManifestError: lists every problem that was found.
    """
    problems = Problems(file, settings.problems)
    tree = parse(text, problems, settings).root
    if tree is None or problems:
        raise ManifestError(problems.reported())
    return tree


@dataclass(frozen=True, slots=True)
class Parsed:
    """The tree of a document, as far as it could be read."""

    root: Node | None = None
    """None if nothing could be read."""
    is_partial: bool = False
    """Whether the tree ends at a syntax error: keys that seem to be missing may follow it."""


def parse(data: bytes, problems: Problems, settings: ManifestSettings) -> Parsed:
    """Decode a document and read it, and add its problems to `problems`."""
    text = decode(data, problems, settings)
    return Parsed() if text is None else parse_text(text, problems, settings)


def parse_text(text: str, problems: Problems, settings: ManifestSettings) -> Parsed:
    """Read a document, and add its YAML problems to `problems`."""
    builder = _Builder(problems, settings)
    try:
        # The parser is closed even if the builder stops early.
        with closing(_events(text)) as events:
            for event in events:
                builder.take(event)
    except _StopReading:
        return Parsed()
    except yaml.YAMLError as error:
        explain(error, text, problems)
        return Parsed(builder.close_partial(), is_partial=True)
    except (ValueError, OverflowError):
        # Raised only by the pure Python parser, for an escape beyond Unicode.
        problems.add("yaml", "a quoted text has an escape that is not a character", "write the character itself")
        return Parsed()
    root = builder.root
    if root is None or (isinstance(root, Scalar) and root.is_nothing):
        problems.add("empty", "the file is empty", "begin it with 'version: 1' and 'projects: []'", Key(1, 1))
        return Parsed()
    return Parsed(root)


def _events(text: str) -> Generator[yaml.Event, None, None]:
    yield from yaml.parse(text, Loader=yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader)


class _StopReading(Exception):
    """The rest of the file is not read."""


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end was not read yet."""

    is_map: bool
    line: int
    column: int
    is_flow: bool
    """Written in brackets."""
    muted: bool
    """Whether it is inside a refused value: problems in it are not reported."""
    items: list[Node] = field(default_factory=list)
    fields: dict[str, Node] = field(default_factory=dict)
    keys: dict[str, Key] = field(default_factory=dict)
    key: str | None = None
    """The key whose value comes next."""
    drops_value: bool = False
    """Whether the next value has no valid key and is dropped."""
    drops_key: bool = False
    """Whether the next value is in the place of a key, and is not a valid key."""

    @property
    def needs_key(self) -> bool:
        return self.is_map and self.key is None and not self.drops_value

    @property
    def mutes(self) -> bool:
        return self.muted or self.drops_value or self.drops_key

    def put(self, node: Node) -> None:
        if not self.is_map:
            self.items.append(node)
        elif self.drops_key:
            self.drops_key, self.drops_value = False, True
        else:
            if self.key is not None:
                self.fields[self.key] = node
            self.key, self.drops_value = None, False

    def close_partial(self, *, is_root: bool, is_innermost: bool) -> Node:
        """The values before a syntax error, without those that the error may have damaged.

        If a quote is missing, the last value may contain text that does not belong to it. A mapping inside the
        document may lack keys. Neither is kept.
        """
        if self.is_flow or (self.is_map and not is_root):
            return Broken(self.line, self.column)
        if self.key is not None:
            del self.keys[self.key]
        elif is_innermost and self.fields:
            name, value = self.fields.popitem()
            is_block = not isinstance(value, Scalar) and value.line > self.keys[name].line
            self.fields[name] = value if is_block else Broken(value.line, value.column)
        elif is_innermost and self.items:
            self.items[-1] = Broken(self.items[-1].line, self.items[-1].column)
        return self.close()

    def close(self) -> Node:
        if self.is_map:
            return MapNode(self.fields, self.keys, self.line, self.column)
        return ListNode(self.items, self.line, self.column)


class _Builder:
    """Builds the tree from the events of the parser, in order."""

    def __init__(self, problems: Problems, settings: ManifestSettings) -> None:
        self.root: Node | None = None
        self._problems = problems
        self._settings = settings
        self._values_left = settings.values
        self._open: list[_Open] = []
        self._top: _Open | None = None
        self._documents = 0

    def take(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.ScalarEvent):
            self._scalar(event)
        elif isinstance(event, yaml.CollectionStartEvent):
            self._start(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._end()
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event)
        elif isinstance(event, yaml.DocumentStartEvent):
            self._document(event)

    def close_partial(self) -> Node | None:
        """The tree before a syntax error; None if it is not a mapping."""
        root: Node | None = None
        is_innermost = True
        while self._open:
            ended = self._open.pop()
            self._top = self._open[-1] if self._open else None
            root = ended.close_partial(is_root=self._top is None, is_innermost=is_innermost)
            self._put(root)
            is_innermost = False
        return root if isinstance(root, MapNode) else None

    def _document(self, event: yaml.DocumentStartEvent) -> None:
        self._documents += 1
        if self._documents > 1:
            hint = "one file is one document: remove the '---', or write two files"
            self._problems.add("documents", "a second YAML document begins here", hint, _place(event))
            raise _StopReading

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        place = self._look_at(event)
        text = event.value
        if len(text) > self._settings.text:
            message = f"a text is longer than {self._settings.text} characters"
            self._problems.add("long", message, "shorten it", place)
            raise _StopReading
        top = self._top
        quoted = not event.implicit[0]
        if top is not None and top.needs_key:
            self._key(top, text, place, quoted=quoted)
        else:
            self._put(Scalar(text, quoted, place.line, place.column))

    def _start(self, event: yaml.CollectionStartEvent) -> None:
        place = self._look_at(event)
        if len(self._open) >= self._settings.depth:
            message = f"nested deeper than {self._settings.depth} levels"
            self._problems.add("depth", message, "write the list or mapping flatter", place)
            raise _StopReading
        top = self._top
        if top is not None and top.needs_key:
            self._refuse("key", "a list or mapping in the place of a key", "write 'key: value'", place)
            top.drops_key = True
        muted = top is not None and top.mutes
        is_map, is_flow = isinstance(event, yaml.MappingStartEvent), bool(event.flow_style)
        self._top = _Open(is_map, place.line, place.column, is_flow, muted)
        self._open.append(self._top)

    def _end(self) -> None:
        ended = self._open.pop()
        self._top = self._open[-1] if self._open else None
        self._put(ended.close())

    def _alias(self, event: yaml.AliasEvent) -> None:
        place = _place(event)
        self._count(place)
        self._refuse(
            "alias", f"aliases are refused: {show(f'*{event.anchor}')}", "write the value out here", place
        )
        if self._top is not None and self._top.needs_key:
            self._top.drops_value = True
        else:
            self._put(Broken(place.line, place.column))

    def _key(self, top: _Open, text: str, place: Key, *, quoted: bool) -> None:
        if text == "<<" and not quoted:
            self._refuse("merge_key", "merge keys are refused: '<<'", "write the keys out here", place)
            top.drops_value = True
            return
        first = top.keys.setdefault(text, place)
        if first is not place:
            message = f"the key {show(text)} is used twice: first at {first.line}:{first.column}"
            self._refuse("duplicate_key", message, "keep one of them", place)
            top.drops_value = True
        else:
            top.key = text

    def _put(self, node: Node) -> None:
        if self._top is not None:
            self._top.put(node)
        else:
            self.root = node

    def _look_at(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent) -> Key:
        place = _place(event)
        self._count(place)
        if event.anchor is not None:
            self._refuse("anchor", f"anchors are refused: {show(f'&{event.anchor}')}", "remove it", place)
        if event.tag is not None:
            self._refuse("tag", f"tags are refused: {show(event.tag)}", "remove it; quote texts", place)
        return place

    def _count(self, place: Key) -> None:
        self._values_left -= 1
        if self._values_left < 0:
            message = f"more than {self._settings.values} keys and values in one file"
            self._problems.add("values", message, "spread the projects over several files", place)
            raise _StopReading

    def _refuse(self, code: str, message: str, hint: str, place: Key) -> None:
        """Note a problem, unless it is inside a value that is refused as a whole."""
        if self._top is not None and self._top.mutes:
            return
        self._problems.add(code, message, hint, place)
        if self._problems.is_full:
            self._problems.count_more()
            raise _StopReading


def _place(event: yaml.Event) -> Key:
    mark = event.start_mark
    assert mark is not None  # every event of a parser has one
    return Key(mark.line + 1, mark.column + 1)
