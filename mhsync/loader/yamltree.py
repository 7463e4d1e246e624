"""Strict YAML to a tree, built straight from PyYAML's events.

Nothing is ever constructed, so that an alias bomb or 30,000 brackets cost no more than reading them. Refused:
anchors, aliases, merge keys, tags, several documents, duplicate keys, nesting and sizes beyond the bounds, what is
not UTF-8, control characters and empty files.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass, field

import yaml

from mhsync.errors import ManifestError
from mhsync.loader.problems import Problems, show
from mhsync.loader.text import decode
from mhsync.loader.tree import Broken, Key, ListNode, MapNode, Node, Scalar, plain
from mhsync.loader.yamlerrors import explain
from mhsync.settings import ManifestSettings

__all__ = ["Broken", "Key", "ListNode", "MapNode", "Node", "Scalar", "parse", "plain", "read"]


def read(text: bytes, file: str, settings: ManifestSettings) -> Node:
    """Read one strict YAML document.

    Args:
        text: the bytes of the file.
        file: its name, for messages.
        settings: the bounds on size, depth, number of values and problems.

    Raises:
        ManifestError: with every problem that was found.
    """
    problems = Problems(file, settings.problems)
    tree = parse(text, problems, settings)
    if tree is None or problems:
        raise ManifestError(problems.told())
    return tree


def parse(data: bytes, problems: Problems, settings: ManifestSettings) -> Node | None:
    """The tree as far as it can be read; None where that is not far enough to look at. Adds to `problems`."""
    text = decode(data, problems, settings)
    if text is None:
        return None
    builder = _Builder(problems, settings)
    try:
        # The parser is let go of even when the builder has seen enough.
        with closing(_events(text)) as events:
            for event in events:
                builder.take(event)
    except _EnoughSeen:
        return None
    except yaml.YAMLError as error:
        explain(error, text, problems)
        return None
    except (ValueError, OverflowError):
        # Only the pure Python parser, on an escape beyond Unicode.
        problems.add("yaml", "a quoted text has an escape that is no character", "write the character itself")
        return None
    root = builder.root
    if root is None or (isinstance(root, Scalar) and root.is_nothing):
        problems.add("empty", "the file is empty", "begin it with 'version: 1' and 'projects: []'", Key(1, 1))
        return None
    return root


def _events(text: str) -> Generator[yaml.Event, None, None]:
    yield from yaml.parse(text, Loader=yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader)


class _EnoughSeen(Exception):
    """What comes next is not worth reading."""


@dataclass(slots=True)
class _Open:
    """A list or mapping that has not ended."""

    is_map: bool
    line: int
    column: int
    muted: bool
    """Inside something that was refused as a whole: what is wrong in it is not told again."""
    items: list[Node] = field(default_factory=list)
    fields: dict[str, Node] = field(default_factory=dict)
    keys: dict[str, Key] = field(default_factory=dict)
    key: str | None = None
    """The key whose value comes next."""
    drops_value: bool = False
    """The value that comes next has no key that could be used."""
    drops_key: bool = False
    """What comes next stands where a key must, and is none."""

    @property
    def wants_key(self) -> bool:
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

    def close(self) -> Node:
        if self.is_map:
            return MapNode(self.fields, self.keys, self.line, self.column)
        return ListNode(self.items, self.line, self.column)


class _Builder:
    """Takes the parser's events in order and keeps the tree."""

    def __init__(self, problems: Problems, settings: ManifestSettings) -> None:
        self.root: Node | None = None
        self._problems = problems
        self._settings = settings
        self._open: list[_Open] = []
        self._values = 0
        self._documents = 0

    def take(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.ScalarEvent):
            self._scalar(event)
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            self._start(event)
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            self._put(self._open.pop().close())
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event)
        elif isinstance(event, yaml.DocumentStartEvent):
            self._document(event)

    def _document(self, event: yaml.DocumentStartEvent) -> None:
        self._documents += 1
        if self._documents > 1:
            self._problems.add(
                "documents",
                "a second YAML document begins here",
                "one file is one document: take the '---' out, or write two files",
                _place(event),
            )
            raise _EnoughSeen

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        place = self._look_at(event)
        if len(event.value) > self._settings.text:
            self._problems.add(
                "long", f"a text is longer than {self._settings.text} characters", "shorten it", place
            )
            raise _EnoughSeen
        node = Scalar(event.value, not event.implicit[0], place.line, place.column)
        if self._open and self._open[-1].wants_key:
            self._key(self._open[-1], node)
        else:
            self._put(node)

    def _start(self, event: yaml.MappingStartEvent | yaml.SequenceStartEvent) -> None:
        place = self._look_at(event)
        if len(self._open) >= self._settings.depth:
            self._problems.add(
                "depth",
                f"nested deeper than {self._settings.depth} levels",
                "a manifest needs three: write the list or mapping flatter",
                place,
            )
            raise _EnoughSeen
        muted = False
        if self._open:
            top = self._open[-1]
            if top.wants_key:
                self._tell("key", "a list or mapping stands where a key must", "write 'key: value'", place, top)
                top.drops_key = True
            muted = top.mutes
        self._open.append(_Open(isinstance(event, yaml.MappingStartEvent), place.line, place.column, muted))

    def _alias(self, event: yaml.AliasEvent) -> None:
        place = _place(event)
        self._count(place)
        top = self._open[-1] if self._open else None
        if top is None or not top.mutes:
            name = show(f"*{event.anchor}")
            self._problems.add("alias", f"aliases are refused: {name}", "write the value out here", place)
        if top is not None and top.wants_key:
            top.drops_value = True
        else:
            self._put(Broken(place.line, place.column))

    def _key(self, top: _Open, node: Scalar) -> None:
        text, place = node.text, Key(node.line, node.column)
        if text == "<<" and not node.quoted:
            top.drops_value = True
            self._tell("merge_key", "merge keys are refused: '<<'", "write the keys out here", place, top)
        elif text in top.keys:
            top.drops_value = True
            first = top.keys[text]
            self._tell(
                "duplicate_key",
                f"the key {show(text)} stands here twice: first at {first.line}:{first.column}",
                "keep one of them",
                place,
                top,
            )
        else:
            top.keys[text] = place
            top.key = text

    def _tell(self, code: str, message: str, hint: str, place: Key, top: _Open) -> None:
        if not top.muted:
            self._problems.add(code, message, hint, place)

    def _put(self, node: Node) -> None:
        if self._open:
            self._open[-1].put(node)
        else:
            self.root = node

    def _look_at(self, event: yaml.ScalarEvent | yaml.MappingStartEvent | yaml.SequenceStartEvent) -> Key:
        place = _place(event)
        self._count(place)
        if (event.anchor is not None or event.tag is not None) and not (self._open and self._open[-1].mutes):
            self._decorated(event.anchor, event.tag, place)
        return place

    def _decorated(self, anchor: str | None, tag: str | None, place: Key) -> None:
        if anchor is not None:
            self._problems.add("anchor", f"anchors are refused: {show(f'&{anchor}')}", "take it out", place)
        if tag is not None:
            self._problems.add("tag", f"tags are refused: {show(tag)}", "take it out; quote what is a text", place)

    def _count(self, place: Key) -> None:
        self._values += 1
        if self._problems.is_full:
            self._problems.count_more()
            raise _EnoughSeen
        if self._values > self._settings.values:
            self._problems.add(
                "values",
                f"more than {self._settings.values} keys and values in one file",
                "spread the projects over several files",
                place,
            )
            raise _EnoughSeen


def _place(event: yaml.Event) -> Key:
    mark = event.start_mark
    assert mark is not None  # every event of a parser has one
    return Key(mark.line + 1, mark.column + 1)
