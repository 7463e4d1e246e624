"""A value that the schema refuses is reported with its position and a hint that shows what to write."""

from __future__ import annotations

import pytest

from mhsync.errors import Problem
from mhsync.loader.schema_messages import SchemaError, example, value_problem
from mhsync.loader.yaml_nodes import MapNode, Scalar

HEAD = "version: 1\nprojects: []\n"
PLACED = [
    # words
    (f"{HEAD}state: archive", 3, 8, "unknown_value", "did you mean archived? It is one of downloaded, deleted, archived"),
    (f"{HEAD}state: xyzzy", 3, 8, "unknown_value", "write one of downloaded, deleted, archived"),
    (f"{HEAD}state: ", 3, 1, "no_value", "write for example 'state: downloaded'"),
    (f"{HEAD}state: [deleted]", 3, 8, "type", "write for example 'state: downloaded'"),
    (f"{HEAD}policy: {{deletes: never}}", 3, 19, "unknown_value", "write one of confirm, allow, forbid"),
    (f"{HEAD}policy: {{deletes: yes}}", 3, 19, "unknown_value", "write one of confirm, allow, forbid"),
    ("version: 1\nprojects: [{id: a, state: DELETED}]", 2, 27, "unknown_value",
     "did you mean deleted? It is one of downloaded, deleted, archived, lost"),
    (f"{HEAD}state: lost", 3, 8, "unknown_value", "write one of downloaded, deleted, archived"),
    # types
    (f"{HEAD}policy: {{durable_storage: yes}}", 3, 27, "type", "write 'durable_storage: true'"),
    (f"{HEAD}policy: {{durable_storage: 'off'}}", 3, 27, "type", "write 'durable_storage: false'"),
    (f"{HEAD}policy: {{durable_storage: 1}}", 3, 27, "type", "write for example 'durable_storage: true'"),
    (f"{HEAD}policy: []", 3, 9, "type", """write for example 'policy: {"deletes": "confirm", "max_deletes": 20}'"""),
    (f"{HEAD}policy: {{max_deletes: -1}}", 3, 23, "type", 'write 20 or "30%"'),
    (f"{HEAD}policy: {{max_deletes: 1.5}}", 3, 23, "type", 'write 20 or "30%"'),
    (f"{HEAD}policy: {{max_deletes: 101%}}", 3, 23, "type", 'write 20 or "30%"'),
    (f"{HEAD}policy: {{max_deletes: '20'}}", 3, 23, "type", 'write 20 or "30%"'),
    (f"{HEAD}policy: {{max_deletes: [20]}}", 3, 23, "type", 'write 20 or "30%"'),
    (f"{HEAD}policy: {{max_deletes: 0x10%}}", 3, 23, "type", 'write 20 or "30%"'),
    (f'{HEAD}policy: {{max_deletes: "30%\\n"}}', 3, 23, "type", 'write 20 or "30%"'),
    (f"{HEAD}policy: {{max_deletes: true}}", 3, 23, "type", 'write 20 or "30%"'),
    (f"{HEAD}path: {{id}}", 3, 7, "type", 'quote a text with braces: path: "{id}"'),
    (f"{HEAD}path: {{id}}/{{filename}}", 3, 11, "yaml", 'write it in quotes, such as "{id}/{filename}"'),
    (f"{HEAD}path: 5", 3, 7, "unquoted", 'quote it: path: "5"'),
    ("version: 1\nprojects:", 2, 1, "no_value", "write for example 'projects: []'"),
    ("version: 1\nprojects: clx7", 2, 11, "type", "write for example 'projects: []'"),
    ("version: 1\nprojects: {id: clx7}", 2, 11, "type", "write for example 'projects: []'"),
    # entries and ids
    ("version: 1\nprojects:\n  - clx7", 3, 5, "type", "write '- id: clx7'"),
    ("version: 1\nprojects:\n  - 'a b'", 3, 5, "type", "write '- id: clx7…'"),
    ("version: 1\nprojects: [{state: deleted}]", 2, 12, "missing_key", "add 'id: clx7uu86w0a5qp55yxz315r6r'"),
    ("version: 1\nprojects: [{id: ''}]", 2, 17, "id", "an id is 1 to 128 of A-Z a-z 0-9 _ -"),
    ("version: 1\nprojects: [{id: a/../b!}]", 2, 17, "id", "an id is 1 to 128 of A-Z a-z 0-9 _ -"),
    ("version: 1\nprojects: [{id: ../x}]", 2, 17, "id", "an id is 1 to 128"),
    ("version: 1\nprojects: [{id: 'https://magichour.ai/a/clx7?x=1'}]", 2, 17, "id", "write only the id: clx7"),
    ("version: 1\nprojects: [{id: ' clx7'}]", 2, 17, "id", "remove the spaces: clx7"),
    ('version: 1\nprojects: [{id: "clx7\\n"}]', 2, 17, "id", "remove the spaces: clx7"),
    (f"version: 1\nprojects: [{{id: {'a' * 129}}}]", 2, 17, "id", "an id is 1 to 128 of A-Z a-z 0-9 _ -"),
    ("version: 1\nprojects: [{id: clх7}]", 2, 17, "id", "an id is 1 to 128 of A-Z a-z 0-9 _ -"),
    ("version: 1\nprojects: [{id: ~}]", 2, 17, "unquoted", 'quote it: id: "~"'),
    ("version: 1\nprojects: [{id: }]", 2, 13, "no_value", "write for example 'id: clx7uu86w0a5qp55yxz315r6r'"),
    ("version: 1\nprojects: [{id: [clx7]}]", 2, 17, "type", "write for example 'id: clx7uu86w0a5qp55yxz315r6r'"),
    # names, notes and tags
    (f"{HEAD}name: Jingle", 3, 1, "unknown_key", "name belongs under projects"),
    ("version: 1\nprojects: [{id: a, title: Jingle}]", 2, 20, "unknown_key", "did you mean name?"),
    ("version: 1\nprojects: [{id: a, name: 2026}]", 2, 26, "unquoted", 'quote it: name: "2026"'),
    ("version: 1\nprojects: [{id: a, name: ''}]", 2, 26, "no_value", "write for example 'name: \"Morning jingle\"'"),
    (f"version: 1\nprojects: [{{id: a, name: {'n' * 201}}}]", 2, 26, "long", "shorten it"),
    ("version: 1\nprojects: [{id: a, tags: podcast}]", 2, 26, "type", "write for example 'tags: [\"podcast\"]'"),
    ("version: 1\nprojects: [{id: a, tags: [a, 7]}]", 2, 30, "unquoted", 'quote it: "7"'),
    ("version: 1\nprojects: [{id: a, tags: [a, '']}]", 2, 30, "no_value", "remove it, or write for example '- podcast'"),
    ("version: 1\nprojects: [{id: a, tags: ['a  b ']}]", 2, 27, "tag_text", 'write "a b"'),
    ("version: 1\nprojects: [{id: a, tags: [a, b, a]}]", 2, 26, "duplicate_tag", "remove one of them"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "column", "code", "hint"), PLACED)
def test_each_problem_has_its_position_once_and_a_hint(
    problems_of, text: str, line: int, column: int, code: str, hint: str
) -> None:
    problems = problems_of(text)
    assert [(found.position.line, found.position.column, found.code) for found in problems] == [
        (line, column, code)
    ]
    assert hint in problems[0].hint
    assert "hunter2" not in f"{problems[0]} {problems[0].hint}"


def test_an_example_is_quoted_where_yaml_would_read_another_value():
    assert example("state", {"examples": ["downloaded"]}) == "state: downloaded"
    assert example("storage", {"examples": ["yes"]}) == 'storage: "yes"'
    assert example(0, {"examples": ["failed"]}) == "- failed"
    assert example("two words", {"examples": [1]}) == '"two words": 1'


def test_a_refused_value_is_truncated_in_the_message():
    error = SchemaError("type", ("storage",), "string", {"examples": ["./outputs"]})
    problem = value_problem(error, Scalar("9" * 1000, False, 3, 10))
    assert problem.code == "unquoted"
    assert len(problem.message) < 150


def test_a_root_that_is_a_list_or_text_is_not_a_manifest():
    error = SchemaError("type", (), "object", {})
    assert value_problem(error, Scalar("x", True, 1, 1)) == Problem(
        "type", "a manifest is a mapping, not a text", "begin it with 'version: 1' and 'projects: []'"
    )


def test_a_mapping_in_place_of_a_text_is_shown_as_the_quoted_text():
    error = SchemaError("type", ("path",), "string", {"examples": ["{id}/{filename}"]})
    node = MapNode({"id": Scalar("", False, 1, 1)}, {}, 1, 1)
    assert value_problem(error, node).hint == 'quote a text with braces: path: "{id}"'
