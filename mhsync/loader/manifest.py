"""A tree to the core's values, with the checks that a JSON Schema cannot make."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any, TypeVar

from mhsync.core.manifest import (
    DEFAULT_PATH,
    DEFAULT_STORAGE,
    NO_LABELS,
    Deletes,
    Entry,
    Labels,
    Limit,
    ManifestFile,
    NotifyTarget,
    Policy,
    Retention,
    State,
    StorageCopy,
)
from mhsync.core.project import is_valid_id
from mhsync.core.redaction import names_secret
from mhsync.core.retention import parse_retention
from mhsync.core.template import check_template
from mhsync.dataclass import dataclass
from mhsync.errors import Position, Problem
from mhsync.loader.discover import read_discover
from mhsync.loader.problems import Problems
from mhsync.loader.scanned import ScannedProjects
from mhsync.loader.schema_messages import not_a_limit, not_an_id, unquoted
from mhsync.loader.urls import NAMED_BY, check_notify_url, check_storage, check_storage_option
from mhsync.loader.yaml_nodes import ListNode, MapNode, Node, Scalar, plain

_Word = TypeVar("_Word", bound=StrEnum)
_NO_FIELDS = MapNode({}, {}, 1, 1)


@dataclass(frozen=True, slots=True)
class Source:
    """A file as it was read: its name for messages, its absolute folder, the sha256 of its bytes."""

    file: str
    folder: str
    sha256: str


def build(tree: Node, source: Source, problems: Problems, scanned: ScannedProjects | None = None) -> ManifestFile:
    """The values of one file. Of a tree with problems, what can be understood, so that the rest is checked too.

    Args:
        scanned: the entries that are not in the tree.
    """
    root = tree if isinstance(tree, MapNode) else _NO_FIELDS
    storages = [_storage(node, source.file, problems) for node in _storage_nodes(root)]
    first = storages[0]
    options = _storage_options(root, problems)
    min_copies = _number(root, "min_copies")
    if min_copies is not None and min_copies > len(storages):
        message = f"min_copies is {min_copies}, and the manifest names {len(storages)} storage(s)"
        problems.add(
            "min_copies", message, "name more storages, or write a lower number", root.fields["min_copies"]
        )
    entries = _Entries(root, source.file, problems)
    return ManifestFile(
        file=source.file,
        folder=source.folder,
        sha256=source.sha256,
        storage=first.storage,
        storage_options=MappingProxyType({**options, **first.options}),
        policy=_policy(_map(root, "policy"), problems),
        notify=tuple(_notify(item, source.file, problems) for item in _maps(root, "notify")),
        entries=entries.merged(scanned),
        retain=entries.retain,
        discover=read_discover(root, entries.path, source.file, problems),
        storage_position=first.position,
        copies=tuple(storages[1:]),
        min_copies=min_copies,
    )


def _position(file: str, node: Node | None) -> Position:
    return Position(file) if node is None else Position(file, node.line, node.column)


def _storage_nodes(root: MapNode) -> list[Node | None]:
    """The nodes that name the primary storage and the others; the first is None where the default is used."""
    found = root.fields.get("storage")
    nodes: list[Node | None] = list(found.items) if isinstance(found, ListNode) else [found]
    return [*(nodes or [None]), *_items(root, "copies")]


def _storage(node: Node | None, file: str, problems: Problems) -> StorageCopy:
    """One storage: a text, or a mapping with `url` and `options`."""
    if node is None:
        return StorageCopy(DEFAULT_STORAGE, position=Position(file))
    url = _text(node, "url") if isinstance(node, MapNode) else node
    is_text = isinstance(url, Scalar) and isinstance(url.value, str) and url.text
    text = url.text if is_text and isinstance(url, Scalar) else DEFAULT_STORAGE
    if is_text:
        for problem in check_storage(text):
            problems.put(problem, url)
    options = _options(_map(node, "options"), problems) if isinstance(node, MapNode) else MappingProxyType({})
    return StorageCopy(text, options, _position(file, node))


def _storage_options(root: MapNode, problems: Problems) -> Mapping[str, Any]:
    return _options(_map(root, "storage_options"), problems)


def _options(options: MapNode, problems: Problems) -> Mapping[str, Any]:
    values = {name: plain(node) for name, node in options.fields.items()}
    for name, value in values.items():
        for problem in check_storage_option(name, value):
            problems.put(problem, options.keys[name])
    return MappingProxyType(values)


def _policy(node: MapNode, problems: Problems) -> Policy:
    deletes = _text(node, "deletes")
    return Policy(
        deletes=_word(Deletes, deletes) or Deletes.CONFIRM,
        max_deletes=_limit(node.fields.get("max_deletes"), problems),
        durable_storage=_flag(node, "durable_storage", default=False),
        audio_only=_flag(node, "audio_only", default=True),
    )


def _flag(node: MapNode, name: str, *, default: bool) -> bool:
    found = node.fields.get(name)
    return found.value if isinstance(found, Scalar) and isinstance(found.value, bool) else default


def _limit(node: Node | None, problems: Problems) -> Limit | None:
    """The limit. One that cannot be read is a problem, even where the schema lets it through: none is no limit."""
    value = node.value if isinstance(node, Scalar) else None
    try:
        if isinstance(value, str):
            return Limit.parse(value)
        return None if value is None else Limit(int(value))
    except ValueError:
        assert isinstance(node, Scalar)
        problems.put(not_a_limit(node), node)
        return None


def _notify(node: MapNode, file: str, problems: Problems) -> NotifyTarget:
    url = _text(node, "url")
    if url is not None:
        for problem in check_notify_url(url.text):
            problems.put(problem, url)
    given = _map(node, "options")
    options = {name: plain(value) for name, value in given.fields.items()}
    for name in filter(names_secret, options):
        message = f"notify options has what looks like a secret: {name[:40]!r}"
        problems.add("notify_secret", message, NAMED_BY, given.keys[name])
    return NotifyTarget(
        url="" if url is None else url.text,
        on=_texts(node, "on"),
        options=MappingProxyType(options),
        position=_position(file, node),
    )


class _Entries:
    """The entries of one file, one by one, with the file's defaults."""

    def __init__(self, root: MapNode, file: str, problems: Problems) -> None:
        self._items = _maps(root, "projects")
        self._file = file
        self._problems = problems
        self._checked: dict[str, tuple[Problem, ...]] = {}
        path = _text(root, "path")
        self.path = DEFAULT_PATH if path is None else path.text
        self._state = _word(State, _text(root, "state")) or State.DOWNLOADED
        if path is not None:
            self._validate_path(path, None)
        self.retain = self._retention(root, self._state, None)

    def merged(self, scanned: ScannedProjects | None) -> tuple[Entry, ...]:
        """All entries of the file in the order of their lines."""
        if scanned is None:
            return tuple(self)
        quick = scanned.entries(self._file, self._state, self.path, self.retain)
        slow = list(self)
        return tuple(sorted((*quick, *slow), key=_by_place)) if slow else tuple(quick)

    def __iter__(self) -> Iterator[Entry]:
        for item in self._items:
            entry = self._entry(item)
            if entry is not None:
                yield entry

    def _entry(self, item: MapNode) -> Entry | None:
        found = item.fields.get("id")
        id_ = found if isinstance(found, Scalar) and is_valid_id(found.text) else None
        path = _text(item, "path")
        if path is not None:
            self._validate_path(path, None if id_ is None else id_.text)
        if id_ is None:
            # The schema has reported it, except for a line end after it: `$` matches before one.
            if isinstance(found, Scalar) and isinstance(found.value, str):
                self._problems.put(not_an_id(found), found)
            return None
        if isinstance(id_.value, str) and id_.reads_as is not None:
            self._problems.put(unquoted("id", id_, "id"), id_, id_.text)
        state = _word(State, _text(item, "state")) or self._state
        retain = self._retention(item, state, id_.text)
        return Entry(
            id=id_.text,
            state=state,
            path=self.path if path is None else path.text,
            position=_position(self._file, id_),
            labels=_labels(item),
            retain=retain or (self.retain if state is State.DOWNLOADED else None),
        )

    def _retention(self, node: MapNode, state: State, id: str | None) -> Retention | None:
        """The retention under `retain`. With another state than `downloaded` it is a problem."""
        found = node.fields.get("retain")
        text = _text(_map(node, "retain"), "downloaded")
        if found is None:
            return None
        if state is not State.DOWNLOADED:
            message = f"'retain' applies to 'state: downloaded' only, not to '{state}'"
            key = node.keys["retain"]
            self._problems.add("retain_state", message, "remove 'retain', or use 'state: downloaded'", key, id)
            return None
        try:
            return None if text is None else parse_retention(text.text)
        except ValueError as error:
            self._problems.add("retain", str(error), "30d keeps a project for 30 days", text, id)
            return None

    def _validate_path(self, path: Scalar, id: str | None) -> None:
        problems = self._checked.get(path.text)
        if problems is None:
            problems = self._checked[path.text] = check_template(path.text)
        for problem in problems:
            self._problems.put(problem, path, id)


def _labels(item: MapNode) -> Labels:
    """What an entry says for people; one shared value where it says nothing."""
    name, note = _text(item, "name"), _text(item, "note")
    tags = _texts(item, "tags")
    if name is None and note is None and not tags:
        return NO_LABELS
    return Labels(None if name is None else name.text, None if note is None else note.text, tags)


def _by_place(entry: Entry) -> tuple[int, int]:
    return entry.position.line or 0, entry.position.column or 0


def _text(node: MapNode, name: str) -> Scalar | None:
    """The text under a key; None where there is none, or a value that the schema has refused."""
    found = node.fields.get(name)
    return found if isinstance(found, Scalar) and isinstance(found.value, str) and found.text else None


def _texts(node: MapNode, name: str) -> tuple[str, ...]:
    """The texts of the list under a key, each once; none where there is no list."""
    found = node.fields.get(name)
    items = found.items if isinstance(found, ListNode) else ()
    return tuple(dict.fromkeys(item.text for item in items if isinstance(item, Scalar)))


def _number(node: MapNode, name: str) -> int | None:
    """The number under a key; None where there is none, or a value that the schema has refused."""
    found = node.fields.get(name)
    value = found.value if isinstance(found, Scalar) else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _items(node: MapNode, name: str) -> list[Node]:
    found = node.fields.get(name)
    return list(found.items) if isinstance(found, ListNode) else []


def _map(node: MapNode, name: str) -> MapNode:
    found = node.fields.get(name)
    return found if isinstance(found, MapNode) else _NO_FIELDS


def _maps(node: MapNode, name: str) -> Iterator[MapNode]:
    found = node.fields.get(name)
    for item in found.items if isinstance(found, ListNode) else ():
        if isinstance(item, MapNode):
            yield item


def _word(words: type[_Word], found: Scalar | None) -> _Word | None:
    return next((word for word in words if found is not None and word.value == found.text), None)
