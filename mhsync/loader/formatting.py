"""Format the text of a YAML manifest: one indentation, no trailing spaces; comments, order and quotes stay."""

from __future__ import annotations

import io
import re

import yaml
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from mhsync.errors import UsageError

_WIDTH = 1 << 20
"""Columns after which ruamel.yaml would break a line: never."""


def format_text(text: str) -> str:
    """The text in the standard layout: lists indented by two spaces, one space inside flow mappings' separators.

    Formatting a formatted text changes nothing.

    Args:
        text: a valid manifest.

    Raises:
        UsageError: more than spaces would change.
    """
    round_trip = YAML()
    round_trip.preserve_quotes = True
    round_trip.width = _WIDTH
    round_trip.indent(mapping=2, sequence=4, offset=2)
    round_trip.explicit_start = re.search("^---[ \t]*\r?$", text, re.MULTILINE) is not None or None
    stream = io.StringIO()
    try:
        round_trip.dump(round_trip.load(text), stream)
        lines = [line.rstrip() for line in stream.getvalue().splitlines()]
        formatted = "\n".join(_without_outer_blanks(lines)) + "\n"
        is_equal = _values(formatted) == _values(text) and _visible(formatted) == _visible(text)
    except (YAMLError, yaml.YAMLError):
        is_equal = False
    if not is_equal:
        raise UsageError(
            "the manifest cannot be formatted without other changes than spaces", hint="format it by hand"
        )
    return formatted


def _visible(text: str) -> str:
    """The text without spaces and line ends: formatting changes nothing else, so that no comment is ever lost."""
    return "".join(text.split())


def _values(text: str) -> object:
    """The values, with every scalar as the text that it is."""
    return yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - makes strings only


def _without_outer_blanks(lines: list[str]) -> list[str]:
    start, end = 0, len(lines)
    while start < end and not lines[start]:
        start += 1
    while end > start and not lines[end - 1]:
        end -= 1
    return lines[start:end]
