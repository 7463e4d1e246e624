"""Translate errors of the YAML parser into a message and a hint."""

from __future__ import annotations

import re

import yaml

from mhsync.loader.problems import Problems, show
from mhsync.loader.yaml_nodes import Key

_INDENT = "look at the indentation, and for a missing '-', ',' or quote in this line and the one before"
_UNCLOSED = "a list or mapping in brackets is not closed, or has no ','"
_CLOSE = "close it, or put ',' between its parts"
_AFTER_END = "text after the end of the document"
_EXPLANATIONS = (
    (
        "mapping values are not allowed",
        "unexpected ':'",
        "quote a value that has ': ' in it, or look at the indentation",
    ),
    ("sequence entries are not allowed", "unexpected '-'", "begin the list on a line of its own"),
    ("did not find expected ',' or", _UNCLOSED, _CLOSE),
    ("expected ',' or", _UNCLOSED, _CLOSE),
    ("found unexpected end of stream", "a quote is not closed", "close it with the same quote"),
    ("node content", "a value is missing, or there is an extra bracket", "write the value, or remove the bracket"),
    ("could not find expected ':'", "a key has no ':'", "write 'key: value'"),
    (
        "escape",
        "a text in double quotes has an escape that YAML does not know",
        "write it in single quotes, or write two backslashes for one",
    ),
    ("incompatible YAML document", "the file requires another version of YAML", "remove the '%YAML' line"),
    ("expected <document start>", _AFTER_END, _INDENT),
    ("expected '<document start>'", _AFTER_END, _INDENT),
    ("expected key", "a line does not fit the mapping around it", _INDENT),
    ("expected '-' indicator", "a line does not fit the list around it", _INDENT),
    ("<block end>", "a line does not fit what is around it", _INDENT),
)
"""Part of the parser's message (libyaml's or PyYAML's own), what it means, what to do."""
_BARE_BRACES = re.compile(r"""[:,\[{-]\s*[^\s"'{}\[\],]*\{\w*\}""")
"""A value such as `{id}/{filename}` or `${NAME}` without its quotes."""
_LINE_MAX = 1000


def explain(error: yaml.YAMLError, text: str, problems: Problems) -> None:
    """Add the problem that a parser error reports."""
    found = getattr(error, "problem", None) or str(error)
    mark = getattr(error, "problem_mark", None)
    opened = getattr(error, "context_mark", None)
    message, hint = _meaning(found)
    if "is not closed" in message and opened is not None:
        mark = opened
    if mark is None:
        problems.add("yaml", message, hint)
        return
    place = Key(mark.line + 1, mark.column + 1)
    line = _line(text, place.line)
    if "cannot start any token" in found:
        message, hint = _no_token(line[place.column - 1 : place.column])
    elif "node content" in found and not line[place.column - 1 :].strip():
        message, hint = "a value is missing, or a bracket is not closed", "write the value, or close the bracket"
    elif _BARE_BRACES.search(line[:_LINE_MAX]):
        message, hint = "a value with braces needs quotes", 'write it in quotes, such as "{id}/{filename}"'
    problems.add("yaml", message, hint, place)


def _meaning(found: str) -> tuple[str, str]:
    for part, message, hint in _EXPLANATIONS:
        if part in found:
            return message, hint
    return f"not YAML: {show(found, 120)[1:-1]}", _INDENT


def _line(text: str, number: int) -> str:
    """One line, counted from 1, as far as it is worth looking at."""
    lines = text.split("\n", number)
    return lines[number - 1] if len(lines) >= number else ""


def _no_token(char: str) -> tuple[str, str]:
    if char == "\t":
        return "a tab where YAML does not allow one", "indent with spaces"
    return f"nothing can begin with {show(char)}", "put the value in quotes"
