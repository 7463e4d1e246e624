"""Formatting changes spaces and line ends only."""

from __future__ import annotations

from pathlib import Path

import pytest

from mhsync.errors import UsageError
from mhsync.loader.formatting import format_text

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))
UGLY = (
    "version: 1\r\nprojects:   # the list\r\n# about a\r\n- id: a   # behind a\r\n- id:   'b'\r\n"
    "  state:    deleted  # behind b\r\n\r\n# at the end\r\npolicy:  {deletes:   allow,max_deletes: 30%}   \r\n\r\n"
)
FORMATTED = """\
version: 1
projects:   # the list
# about a
  - id: a # behind a
  - id: 'b'
    state: deleted   # behind b

# at the end
policy: {deletes: allow, max_deletes: 30%}
"""


def test_spaces_and_line_ends_are_made_equal():
    assert format_text(UGLY) == FORMATTED


def test_a_formatted_manifest_is_not_changed():
    assert format_text(FORMATTED) == FORMATTED


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_the_examples_are_formatted(example):
    assert format_text(example.read_text()) == example.read_text()


@pytest.mark.parametrize(
    "text",
    [
        "# a comment that would be lost\n---\nversion: 1\nprojects: []\n",
        "version: 1\nstorage_options: {size: 123e4567}\nprojects: []\n",
    ],
    ids=["comment", "number"],
)
def test_a_text_that_would_lose_something_is_refused(text):
    with pytest.raises(UsageError, match="without other changes than spaces"):
        format_text(text)
