"""What an unquoted word means: YAML 1.1 and YAML 1.2 disagree, and people mean what they wrote.

YAML 1.1 (https://yaml.org/type/) reads `no` as false, `012` as ten and `12:30` as 750; YAML 1.2's core schema
reads `1e5` and `012` as numbers. Where the two differ, the word itself is kept, but for YAML 1.2's floats.
"""

from __future__ import annotations

import math
import re

_NULL = frozenset(("", "~", "null", "Null", "NULL"))
_BOOL = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_BOOL_11 = frozenset(
    form for word in ("y", "n", "yes", "no", "on", "off") for form in (word, word.capitalize(), word.upper())
)
_INT = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})|0x[0-9a-fA-F]{1,15}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+\.[0-9]*|[0-9]+(?=[eE]))([eE][-+]?[0-9]+)?")
_ANY_NUMBER = re.compile(
    r"[-+]?("
    r"(\.[0-9][0-9_]*|[0-9][0-9_]*(\.[0-9_]*)?)([eE][-+]?[0-9]+)?"
    r"|0b[01_]+|0o[0-7_]+|0x[0-9a-fA-F_]+"
    r"|[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?"
    r"|\.(inf|Inf|INF)"
    r")|\.(nan|NaN|NAN)"
)
_DATE = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt]|[ \t]+)[0-9]{1,2}:.*", re.DOTALL
)
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
    if _INT.fullmatch(text):
        return int(text, 0)
    if _FLOAT.fullmatch(text):
        number = float(text)
        return number if math.isfinite(number) else text
    return text


def reads_as(text: str) -> str | None:
    """What YAML 1.1 or 1.2 reads an unquoted word as, where that is not a text: `a number`, `a date` and so on."""
    if text in _NULL:
        return "null"
    if text in _BOOL or text in _BOOL_11:
        return "true or false"
    if _ANY_NUMBER.fullmatch(text):
        return "a number"
    return "a date" if _DATE.fullmatch(text) else None
