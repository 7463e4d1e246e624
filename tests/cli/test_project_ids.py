"""Ids come from arguments, from words, and from the JSON of the vendor's tools."""

from __future__ import annotations

import pytest

from mhsync.cli.project_ids import ids_of_text, read_ids
from mhsync.errors import UsageError


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("a b\nc  # a comment\n# d\n", ["a", "b", "c"]),
        ('{"id": "a", "name": "x", "downloads": [{"id": "no", "url": "u"}]}', ["a"]),
        ('[{"id": "a"}, {"id": "b"}]', ["a", "b"]),
        ('["a", "b"]', ["a", "b"]),
        ('{"object": "list", "data": [{"id": "a"}, {"id": "b"}]}', ["a", "b"]),
        ('{"id": "a"}\n{"id": "b"}\n', ["a", "b"]),
    ],
    ids=["words", "one project", "list of objects", "list of strings", "nested list", "JSON Lines"],
)
def test_the_forms(text, ids):
    assert ids_of_text(text) == ids


@pytest.mark.parametrize("text", ["", "# only a comment", "{}", '{"name": "a"}', "{broken", "[" * 100 + "]" * 100])
def test_a_text_without_ids_is_refused(text):
    with pytest.raises(UsageError):
        ids_of_text(text)


def test_a_dash_stands_for_standard_input_and_each_id_counts_once():
    assert read_ids(["a", "-", "b"], "c\na\n") == ["a", "c", "b"]
