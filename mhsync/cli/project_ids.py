"""Project ids from arguments and from standard input: words, or the JSON that the vendor's tools print."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from mhsync.errors import UsageError

_DEPTH = 8
"""Levels of JSON that are searched."""


def read_ids(arguments: Sequence[str], stdin: str) -> list[str]:
    """The ids of the arguments, each once; `-` stands for those on standard input.

    Args:
        arguments: ids, or `-`.
        stdin: the text of standard input; used only where an argument is `-`.

    Raises:
        UsageError: standard input has no id.
    """
    ids: list[str] = []
    for argument in arguments:
        ids += ids_of_text(stdin) if argument == "-" else [argument]
    return list(dict.fromkeys(ids))


def ids_of_text(text: str) -> list[str]:
    """The ids in a text.

    JSON (one document, or one on each line): the value of the key `id` of each object that has one, and the
    strings of lists. Any other text: its words; `#` starts a comment.

    Raises:
        UsageError: there is no id.
    """
    documents = _documents(text)
    ids = list(_of_words(text)) if documents is None else [id_ for item in documents for id_ in _of_json(item, 0)]
    if not ids:
        raise UsageError("standard input has no project ids", hint="pass ids, or JSON objects with the key 'id'")
    return ids


def _documents(text: str) -> list[object] | None:
    """The JSON documents of a text; None where it is not JSON."""
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        return [json.loads(text)]
    except ValueError:
        pass
    try:
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    except ValueError:
        raise UsageError(
            "standard input is not valid JSON", hint="pass one document, or one on each line"
        ) from None


def _of_words(text: str) -> Iterator[str]:
    for line in text.splitlines():
        yield from line.partition("#")[0].split()


def _of_json(value: object, depth: int) -> Iterator[str]:
    if isinstance(value, str) and depth:
        yield value
    elif isinstance(value, dict) and isinstance(value.get("id"), str):
        yield value["id"]
    elif isinstance(value, list | dict) and depth < _DEPTH:
        # Of an object only lists and objects are searched: its other strings are no ids.
        items = value if isinstance(value, list) else [v for v in value.values() if isinstance(v, list | dict)]
        for item in items:
            yield from _of_json(item, depth + 1)
