"""Syntax errors of YAML are reported in plain words, at the position of the mistake."""

from __future__ import annotations

import pytest

from mhsync.errors import ManifestError
from mhsync.loader.yaml_parser import read
from mhsync.settings import ManifestSettings

BROKEN = [
    ("a: [1", "1:4", "is not closed", "close it"),
    ("a: [", "2:1", "a bracket is not closed", "close the bracket"),
    ("a: {b: 1, c: 2]", "1:4", "is not closed", "close it"),
    ("a: ]", "1:4", "an extra bracket", "remove the bracket"),
    ("a: 'x\nb: 1", "1:4", "a quote is not closed", "close it with the same quote"),
    ("a:\n\t- b", "2:1", "a tab where", "indent with spaces"),
    ("a: @x", "1:4", "nothing can begin with '@'", "put the value in quotes"),
    ("a: `x", "1:4", "nothing can begin with '`'", "put the value in quotes"),
    ("a: %x", "1:4", "nothing can begin with '%'", "put the value in quotes"),
    ("a: b: c", "1:5", "unexpected ':'", "quote a value that has ': ' in it"),
    ("key: - a", "1:6", "unexpected '-'", "a line of its own"),
    ("- a\nb: c", "2:1", "does not fit the list", "indentation"),
    ("a: 1\n- b", "2:1", "does not fit the mapping", "indentation"),
    ("a: b\n...\nc: d", "3:1", "after the end", "indentation"),
    ('a: "\\q"', "1:5", "an escape", "single quotes"),
    ("%YAML 2.0\n---\na: 1", "1:1", "another version of YAML", "remove the '%YAML' line"),
    ("a: |x\n", "1:5", "not YAML: ", "indentation"),
    ("path: {id}/x", "1:11", "a value with braces needs quotes", "write it in quotes"),
    ("- {url: ${NAME}, on: [x]}", "1:3", "a value with braces needs quotes", "write it in quotes"),
]


@pytest.mark.parametrize(("text", "place", "message", "hint"), BROKEN)
def test_a_syntax_error_is_reported_in_plain_words(text: str, place: str, message: str, hint: str) -> None:
    with pytest.raises(ManifestError) as error:
        read(text.encode(), "f.yaml", ManifestSettings())
    (problem,) = error.value.problems
    assert str(problem.position) == f"f.yaml:{place}"
    assert problem.code == "yaml"
    assert message in problem.message
    assert hint in (problem.hint or "")


def test_a_notify_url_next_to_a_mistake_is_not_shown() -> None:
    for text in ("notify: [{url: hunter2: x}]", "url: hunter2\n\t- b", "url: '${A}hunter2", "url: {a}/hunter2"):
        with pytest.raises(ManifestError) as error:
            read(text.encode(), "f.yaml", ManifestSettings())
        assert "hunter2" not in str(error.value.problems)
