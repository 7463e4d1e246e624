"""The projects that a text names: words, CSV with a header, or the JSON of the vendor's command line and SDKs."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

Details = Mapping[str, Any]
"""At least `id`; from JSON and CSV also what else is known, such as `name`, `type` and `status`."""

_DEPTH = 8
"""Levels of JSON that are searched."""
_SEPARATORS = ",;\t"


def projects_in_text(text: str) -> list[Details]:
    """The projects that a text names, in its order.

    JSON (one document, or one on each line): the objects with the key `id`, and the strings of lists. CSV: the
    rows below a header with the column `id`. Any other text: its words; `#` starts a comment.

    Raises:
        ValueError: the text begins like JSON, and is not JSON.
    """
    documents = _documents(text)
    if documents is not None:
        return [details for item in documents for details in _of_json(item, 0)]
    separator = _separator_of_header(text)
    if separator is not None:
        return [
            {name: value for name, value in row.items() if name is not None and value}
            for row in csv.DictReader(text.splitlines(), delimiter=separator, skipinitialspace=True)
        ]
    return [{"id": word} for line in text.splitlines() for word in line.partition("#")[0].split()]


def projects_in_log(text: str, pattern: str) -> list[Details]:
    """The projects that a pattern finds in a log, in the order of their first occurrence.

    Args:
        text: any text.
        pattern: a regular expression. The id is its group `id`, else its first group, else all that it matches.

    Raises:
        ValueError: the pattern is not a regular expression.
    """
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise ValueError(f"the pattern is not a regular expression: {error}") from None
    group: str | int = "id" if "id" in compiled.groupindex else min(compiled.groups, 1)
    found = (match[group] for line in text.splitlines() for match in compiled.finditer(line))
    return [{"id": id_} for id_ in dict.fromkeys(found) if id_]


def _documents(text: str) -> list[object] | None:
    """The JSON documents of a text; None where it is not JSON."""
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        return [json.loads(text)]
    except (ValueError, RecursionError):
        pass
    try:
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    except (ValueError, RecursionError):
        raise ValueError("not valid JSON") from None


def _of_json(value: object, depth: int) -> Iterator[Details]:
    if isinstance(value, str) and depth:
        yield {"id": value}
    elif isinstance(value, dict) and isinstance(value.get("id"), str):
        yield value
    elif isinstance(value, list | dict) and depth < _DEPTH:
        # Of an object only lists and objects are searched: its other strings are no ids.
        items = value if isinstance(value, list) else [v for v in value.values() if isinstance(v, list | dict)]
        for item in items:
            yield from _of_json(item, depth + 1)


def _separator_of_header(text: str) -> str | None:
    """What separates the columns of a CSV text; None where its first line is not a header with the column `id`."""
    header = text.lstrip().partition("\n")[0]
    for separator in _SEPARATORS:
        names = [name.strip().strip('"') for name in header.split(separator)]
        if len(names) > 1 and "id" in names:
            return separator
    return None
