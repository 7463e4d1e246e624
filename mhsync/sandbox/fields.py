"""Read values from strict YAML, and collect every problem with its position."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from mhsync.core.suggest import suggest
from mhsync.errors import ManifestError, Position, UsageError
from mhsync.loader import yaml_parser
from mhsync.loader.problems import Problems, show
from mhsync.loader.yaml_nodes import ListNode, MapNode, Node, Scalar
from mhsync.settings import ManifestSettings

T = TypeVar("T")
D = TypeVar("D")

_SIZE = re.compile(r"(\d{1,15}(?:\.\d{1,6})?) ?(B|kB|KB|MB|GB|KiB|MiB|GiB)?")
_UNITS = {"B": 1, "kB": 10**3, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}


def read_file(path: Path) -> bytes:
    """The bytes of a file.

    Raises:
        UsageError: the file cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read the file: {error.strerror}", position=Position(str(path))) from None


def read_document(text: bytes, file: str, build: Callable[[Fields], T]) -> T:
    """Read a document that is a mapping, and build a value from it.

    Raises:
        ManifestError: the document is invalid; the error holds every problem.
    """
    settings = ManifestSettings()
    problems = Problems(file, settings.problems)
    root = yaml_parser.read(text, file, settings)
    if not isinstance(root, MapNode):
        problems.add(
            "type", "the file is not a mapping of keys to values", "see docs/sandbox.md for the format", root
        )
        raise ManifestError(problems.reported())
    fields = Fields(root, problems)
    value = build(fields)
    fields.close()
    if problems:
        raise ManifestError(problems.reported())
    return value


class Fields:
    """A mapping that is being read.

    Each method reads one key. If the key is missing or its value is invalid, the method returns the default, and
    an invalid value is added to the problems. `close` adds a problem for each key that was not read.
    """

    def __init__(self, node: MapNode, problems: Problems, id: str | None = None) -> None:
        self.node = node
        self.id = id
        self._problems = problems
        self._asked: dict[str, None] = {}

    def __contains__(self, key: str) -> bool:
        return key in self.node.fields

    def close(self) -> None:
        for key, place in self.node.keys.items():
            if key not in self._asked:
                near = suggest(key, self._asked)
                hint = f"did you mean {near!r}?" if near else f"known here: {', '.join(self._asked)}"
                self._problems.add("unknown_key", f"unknown key {show(key)}", hint, place, self.id)

    def wrong(self, message: str, hint: str, key: str | None = None) -> None:
        """Add a problem at the value of a key, or at the mapping."""
        at: Node = self.node.fields.get(key, self.node) if key else self.node
        self._problems.add("value", message, hint, at, self.id)

    def text(self, key: str, default: T) -> str | T:
        """A text. For an unquoted null the default is returned."""
        return self._scalar(key, default, "a text", lambda node: node.text, allows_null=True)

    def choice(self, key: str, default: T, words: Sequence[str]) -> str | T:
        return self._scalar(key, default, f"one of {', '.join(words)}", lambda node: _among(node.text, words))

    def flag(self, key: str, default: T) -> bool | T:
        return self._scalar(key, default, "true or false", lambda node: _typed(node, bool))

    def integer(self, key: str, default: T, least: int = 0) -> int | T:
        return self._scalar(key, default, f"a whole number from {least}", lambda node: _integer(node, least))

    def number(self, key: str, default: T) -> float | T:
        return self._scalar(key, default, "a number from 0", _number)

    def size(self, key: str, default: T) -> int | T:
        """Bytes: `512`, `200MB`, `1.5MiB`."""
        return self._scalar(key, default, "a size such as 512, 64KiB or 200MB", lambda node: _size(node.text))

    def value(self, key: str, default: object) -> object:
        """A value of any type, as plain Python values."""
        node = self._ask(key)
        return default if node is None else yaml_parser.plain(node)

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts."""
        return tuple(node.text for node in self.items(key) if isinstance(node, Scalar))

    def mapping(self, key: str) -> Fields | None:
        """A mapping in this mapping; the caller closes it."""
        node = self._ask(key)
        if node is None or isinstance(node, MapNode):
            return None if node is None else Fields(node, self._problems, self.id)
        self.wrong(f"{key} is not a mapping", f"write '{key}: {{…}}'", key)
        return None

    def items(self, key: str) -> Sequence[Node]:
        """The items of a list."""
        node = self._ask(key)
        if node is None or isinstance(node, ListNode):
            return () if node is None else node.items
        self.wrong(f"{key} is not a list", f"write '{key}: […]'", key)
        return ()

    def mappings(self, key: str) -> Sequence[Fields]:
        """The items of a list of mappings; the caller closes each."""
        found: list[Fields] = []
        for node in self.items(key):
            if isinstance(node, MapNode):
                found.append(Fields(node, self._problems))
            else:
                self._problems.add("type", f"an item of {key} is not a mapping", "write '- key: value'", node)
        return found

    def is_list(self, key: str) -> bool:
        return isinstance(self.node.fields.get(key), ListNode)

    def is_mapping(self, key: str) -> bool:
        return isinstance(self.node.fields.get(key), MapNode)

    def knows(self, key: str) -> None:
        """Add a key to the known keys, whether or not the mapping has it."""
        self._asked[key] = None

    def _ask(self, key: str) -> Node | None:
        self._asked[key] = None
        return self.node.fields.get(key)

    def _scalar(
        self,
        key: str,
        default: D,
        wanted: str,
        read: Callable[[Scalar], T | None],
        *,
        allows_null: bool = False,
    ) -> T | D:
        node = self._ask(key)
        if node is None or (allows_null and isinstance(node, Scalar) and not node.quoted and node.value is None):
            return default
        value = read(node) if isinstance(node, Scalar) else None
        if value is None:
            shown = show(node.text) if isinstance(node, Scalar) else "a list or mapping"
            self.wrong(f"{key} is {shown}", f"write {wanted}", key)
            return default
        return value


def _among(text: str, words: Sequence[str]) -> str | None:
    return text if text in words else None


def _typed(node: Scalar, wanted: type[T]) -> T | None:
    value = node.value
    return value if isinstance(value, wanted) else None


def _integer(node: Scalar, least: int) -> int | None:
    value = node.value
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= least else None


def _number(node: Scalar) -> float | None:
    value = node.value
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0 else None


def _size(text: str) -> int | None:
    found = _SIZE.fullmatch(text)
    return None if found is None else round(float(found[1]) * _UNITS[found[2] or "B"])
