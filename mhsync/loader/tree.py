"""Strict YAML as values that know where they stand. Lines and columns count from 1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mhsync.loader.scalars import PlainValue, plain_value, reads_as


@dataclass(frozen=True, slots=True)
class Scalar:
    """One word or text. `text` is what stands there, without its quotes."""

    text: str
    quoted: bool
    line: int
    column: int

    @property
    def value(self) -> PlainValue:
        """A quoted text as it is; an unquoted one as what a person plainly meant."""
        return self.text if self.quoted else plain_value(self.text)

    @property
    def reads_as(self) -> str | None:
        """What YAML 1.1 or 1.2 takes an unquoted word for, where that is not a text; None: it is one to both."""
        return None if self.quoted else reads_as(self.text)

    @property
    def is_nothing(self) -> bool:
        """Whether nothing stands where a value could."""
        return self.text == "" and not self.quoted


@dataclass(frozen=True, slots=True)
class ListNode:
    items: Sequence[Node]
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Key:
    """Where a key stands."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class MapNode:
    fields: Mapping[str, Node]
    keys: Mapping[str, Key]
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Broken:
    """Stands where something refused stood; only ever seen in a tree that comes with problems."""

    line: int
    column: int


Node = Scalar | ListNode | MapNode | Broken


def plain(node: Node) -> object:
    """The tree as plain values; what is broken stays a `Broken`."""
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, ListNode):
        return [plain(item) for item in node.items]
    if isinstance(node, MapNode):
        return {key: plain(value) for key, value in node.fields.items()}
    return node
