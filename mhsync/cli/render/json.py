"""JSON as every command prints it: only ASCII, for every terminal and encoding."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping


def dumped(document: Mapping[str, object]) -> str:
    """One document, indented."""
    return json.dumps(document, indent=2)


def dumped_pieces(document: Mapping[str, object]) -> Iterator[str]:
    """The text of `dumped`, in pieces. A value that is an iterator becomes a list whose items are not kept."""
    start = "{\n  "
    for key, value in document.items():
        yield f"{start}{json.dumps(key)}: "
        start = ",\n  "
        if isinstance(value, Iterator):
            yield from _items(value)
        else:
            yield _formatted(value, "\n  ")
    yield "{}" if start == "{\n  " else "\n}"


def _items(values: Iterator[object]) -> Iterator[str]:
    start = "[\n    "
    for value in values:
        yield start + _formatted(value, "\n    ")
        start = ",\n    "
    yield "[]" if start == "[\n    " else "\n  ]"


def _formatted(value: object, line: str) -> str:
    """The text of a value, as `json.dumps` with an indent of 2 formats it, in a fraction of its time.

    Args:
        line: the line end and the indent of the line that the value begins in.
    """
    inner = f"{line}  "
    if isinstance(value, dict) and value:
        fields = [f"{json.dumps(key)}: {_formatted(item, inner)}" for key, item in value.items()]
        return f"{{{inner}{f',{inner}'.join(fields)}{line}}}"
    if isinstance(value, list | tuple) and value:
        return f"[{inner}{f',{inner}'.join([_formatted(item, inner) for item in value])}{line}]"
    return json.dumps(value)
