"""An edit changes the list of projects and no other byte of a manifest."""

from __future__ import annotations

import difflib

import pytest
import yaml

from mhsync.errors import UsageError
from mhsync.loader.editing import NewEntry, add_entries, remove_entries

TWO = [NewEntry("new"), NewEntry("12345", "archived", "x/{name}{ext}")]
COMMENTED = """\
version: 1
# about the list
projects:   # the list
  # about a
  - id: a   # behind a
  - id: "b"
    state: deleted  # behind b

  # at the end ä 😀
policy:
  deletes: allow
"""
LAYOUTS = {
    "commented": COMMENTED,
    "no indent, no line end": "version: 1\nprojects:\n- id: a\n- {id: b}",
    "wide, CRLF": "version: 1\r\nprojects:\r\n    - id: a\r\n    - {id: b}\r\nstate: deleted\r\n",
    "brackets": "version: 1\nprojects: [{id: a}, {id: b, state: deleted}]  # x\n",
    "brackets on lines": "version: 1\nprojects: [\n  {id: a},\n  {id: b},\n]\n",
    "brackets around all": "{version: 1, projects: [{id: a}, {id: b}]}\n",
    "one entry on two lines": 'version: 1\nprojects:\n  - id: a\n  - {id: b,\n     path: "x/{name}"}\nstate: archived\n',
    "characters beyond ASCII before the list": "# ä 😀 é\nversion: 1\nprojects: [{id: a}, {id: b}]\n",
}
EMPTY = {
    "brackets": "version: 1\nprojects: []\n",
    "a comment behind": "version: 1\nprojects: []  # none yet\nstate: archived\n",
    "no line end": "version: 1\nprojects: []",
}


def values(text):
    return yaml.load(text, Loader=yaml.BaseLoader)


def changed_lines(before, after):
    lines = difflib.ndiff(before.splitlines(), after.splitlines())
    return [line for line in lines if line[:1] in "+-"]


@pytest.mark.parametrize("text", LAYOUTS.values(), ids=LAYOUTS)
def test_entries_are_added_at_the_end(text):
    before, after = values(text), values(add_entries(text, TWO))
    new = [{"id": "new"}, {"id": "12345", "state": "archived", "path": "x/{name}{ext}"}]
    assert after == {**before, "projects": [*before["projects"], *new]}


@pytest.mark.parametrize("text", EMPTY.values(), ids=EMPTY)
def test_an_empty_list_is_filled(text):
    added = add_entries(text, TWO)
    assert [entry["id"] for entry in values(added)["projects"]] == ["new", "12345"]
    assert ("# none yet" in added) == ("# none yet" in text)


@pytest.mark.parametrize("ids", [{"a"}, {"b"}, {"a", "b"}], ids=["first", "last", "all"])
@pytest.mark.parametrize("text", LAYOUTS.values(), ids=LAYOUTS)
def test_entries_are_removed(text, ids):
    before, after = values(text), values(remove_entries(text, ids))
    assert after == {**before, "projects": [entry for entry in before["projects"] if entry["id"] not in ids]}


def test_only_the_lines_of_the_entries_change():
    added = add_entries(COMMENTED, TWO)
    assert changed_lines(COMMENTED, added) == [
        "+   - id: new",
        '+   - {id: "12345", state: archived, path: "x/{name}{ext}"}',
    ]
    assert remove_entries(added, {"new", "12345"}) == COMMENTED
    assert changed_lines(COMMENTED, remove_entries(COMMENTED, {"b"})) == [
        '-   - id: "b"',
        "-     state: deleted  # behind b",
    ]


def test_line_ends_are_kept():
    text = LAYOUTS["wide, CRLF"]
    assert add_entries(text, TWO).replace("\r\n", "").count("\n") == 0


@pytest.mark.parametrize("id_", ["12345", "1e5", "no", "null", "2026-11-01", "-x", "0x1f"])
def test_an_id_that_yaml_would_read_as_something_else_is_quoted(id_):
    text = add_entries("version: 1\nprojects: []\n", [NewEntry(id_)])
    assert f'- id: "{id_}"\n' in text


def test_a_layout_that_cannot_be_edited_is_refused():
    text = "version: 1\nprojects:\n  -\n    id: a\n  - id: b\n"
    with pytest.raises(UsageError, match="the layout of the manifest does not allow this edit"):
        remove_entries(text, {"a"})
