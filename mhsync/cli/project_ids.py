"""Project ids from arguments and from standard input."""

from __future__ import annotations

from collections.abc import Sequence

from mhsync.core.named_projects import projects_in_text
from mhsync.errors import UsageError


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
    """The ids in a text: words, CSV or JSON, as in `core/named_projects.py`.

    Raises:
        UsageError: there is no id.
    """
    try:
        ids = [str(details.get("id", "")) for details in projects_in_text(text)]
    except ValueError as error:
        raise UsageError(f"standard input is {error}", hint="pass one document, or one on each line") from None
    if not ids:
        raise UsageError("standard input has no project ids", hint="pass ids, or JSON objects with the key 'id'")
    return ids
