"""Nodes of a YAML document, each with its line and column (from 1), and the meaning of an unquoted scalar.

YAML 1.1 (https://yaml.org/type/) reads `no` as false, `012` as ten and `12:30` as 750; the core schema of YAML 1.2
reads `1e5` and `012` as numbers. Where the two differ, the text of the scalar is kept, except for YAML 1.2 floats.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from functools import cache

from mhsync.dataclass import dataclass

_NULL = frozenset(("", "~", "null", "Null", "NULL"))
_BOOL = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_BOOL_11 = frozenset(
    form for word in ("y", "n", "yes", "no", "on", "off") for form in (word, word.capitalize(), word.upper())
)
_INT = r"[-+]?(0|[1-9][0-9]{0,17})|0x[0-9a-fA-F]{1,15}"
_FLOAT = r"[-+]?(\.[0-9]+|[0-9]+\.[0-9]*|[0-9]+(?=[eE]))([eE][-+]?[0-9]+)?"
_ANY_NUMBER = (
    r"[-+]?("
    r"(\.[0-9][0-9_]*|[0-9][0-9_]*(\.[0-9_]*)?)([eE][-+]?[0-9]+)?"
    r"|0b[01_]+|0o[0-7_]+|0x[0-9a-fA-F_]+"
    r"|[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?"
    r"|\.(inf|Inf|INF)"
    r")|\.(nan|NaN|NAN)"
)
_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt]|[ \t]+)[0-9]{1,2}:(?s:.*)"
_FIRST_OF_NUMBERS = frozenset("+-.0123456789")
_LONGEST = 400
"""No number or date worth reading is longer."""

PlainValue = str | int | float | bool | None


def plain_value(text: str) -> PlainValue:
    """The value of an unquoted word: null, true or false, a finite number, or else the word itself."""
    if text in _NULL:
        return None
    if text in _BOOL:
        return _BOOL[text]
    if len(text) > _LONGEST or not (text[0] in "+-." or text[0].isdigit()):
        return text
    if _compiled(_INT).fullmatch(text):
        return int(text, 0)
    if _compiled(_FLOAT).fullmatch(text):
        number = float(text)
        return number if math.isfinite(number) else text
    return text


def reads_as(text: str) -> str | None:
    """The type that YAML 1.1 or 1.2 gives to an unquoted scalar, such as `a number`; None for a text."""
    if text in _NULL:
        return "null"
    if text in _BOOL or text in _BOOL_11:
        return "true or false"
    if text[0] not in _FIRST_OF_NUMBERS:
        return None
    if _compiled(_ANY_NUMBER).fullmatch(text):
        return "a number"
    return "a date" if _compiled(_DATE).fullmatch(text) else None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """Compiled when it is first used: most manifests have no scalar that could be a number or a date."""
    return re.compile(pattern)


@dataclass(frozen=True, slots=True)
class Scalar:
    """A scalar value. `text` is its content without quotes."""

    text: str
    quoted: bool
    line: int
    column: int

    @property
    def value(self) -> PlainValue:
        """The text if quoted, else the null, boolean or number that it is in YAML."""
        return self.text if self.quoted else plain_value(self.text)

    @property
    def reads_as(self) -> str | None:
        """The type that YAML 1.1 or 1.2 gives to an unquoted scalar; None if both read a text."""
        return None if self.quoted else reads_as(self.text)

    @property
    def is_nothing(self) -> bool:
        """Whether the value is missing."""
        return self.text == "" and not self.quoted


@dataclass(frozen=True, slots=True)
class ListNode:
    items: Sequence[Node]
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Key:
    """The position of a key."""

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
    """A placeholder for a refused value; occurs only in a tree that comes with problems."""

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
