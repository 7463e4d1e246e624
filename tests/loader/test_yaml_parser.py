"""Strict YAML: the values and positions of the tree, and each problem once, with its position."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mhsync.errors import ManifestError, Problem
from mhsync.loader.yaml_nodes import Key, ListNode, MapNode, Scalar
from mhsync.loader.yaml_parser import Node, plain, read
from mhsync.settings import ManifestSettings

SETTINGS = ManifestSettings()


def refused(text: str | bytes, settings: ManifestSettings = SETTINGS) -> list[Problem]:
    with pytest.raises(ManifestError) as error:
        read(text.encode() if isinstance(text, str) else text, "f.yaml", settings)
    return list(error.value.problems)


def test_each_value_and_key_knows_its_line_and_column_from_one() -> None:
    tree = read("a: 1\nбв:\n  - 'x'\n  - {c: }\n".encode(), "f.yaml", SETTINGS)
    assert isinstance(tree, MapNode)
    assert tree.keys == {"a": Key(1, 1), "бв": Key(2, 1)}
    assert tree.fields["a"] == Scalar("1", False, 1, 4)
    items = tree.fields["бв"]
    assert isinstance(items, ListNode)
    assert items.items[0] == Scalar("x", True, 3, 5)
    assert isinstance(items.items[1], MapNode)
    assert (items.items[1].line, items.items[1].column) == (4, 5)
    assert plain(tree) == {"a": 1, "бв": ["x", {"c": None}]}


@pytest.mark.parametrize("written", ["'5'", '"5"', "|-\n  5", ">-\n  5"])
def test_a_text_in_quotes_or_a_block_is_a_text(written: str) -> None:
    assert plain(read(f"a: {written}".encode(), "f.yaml", SETTINGS)) == {"a": "5"}


REFUSED = [
    ("a: &x 1", [(1, 4, "anchor")]),
    ("a: *x", [(1, 4, "alias")]),
    ("*x : 1", [(1, 1, "alias")]),
    ("a: {<<: *x}", [(1, 5, "merge_key")]),
    ("a: {<<: [*x, &y 1], <<: 2}", [(1, 5, "merge_key"), (1, 21, "merge_key")]),
    ("a: !!str 5", [(1, 4, "tag")]),
    ("a: ! 5", [(1, 4, "tag")]),
    ("a: !!python/object/apply:os.system [ls]", [(1, 4, "tag")]),
    ("a: &x !y [1]", [(1, 4, "anchor"), (1, 4, "tag")]),
    ("a: 1\nb: 2\na: 3", [(3, 1, "duplicate_key")]),
    ("a: 1\n'a': 3", [(2, 1, "duplicate_key")]),
    ("a: 1\na: {b: *x, b: 1}", [(2, 1, "duplicate_key")]),
    ("? [a, *x]\n: [*y]", [(1, 3, "key")]),
    ("{[a]: 1, {b: 1}: 2}", [(1, 2, "key"), (1, 10, "key")]),
    ("a: 1\n---\nb: 2\n", [(2, 1, "documents")]),
    ("a: 1\n...\n---\nb: 2\n", [(3, 1, "documents")]),
    ("[[[[[[[[[1]]]]]]]]]", [(1, 9, "depth")]),
    ("", [(1, 1, "empty")]),
    ("\ufeff", [(1, 1, "empty")]),
    ("# nothing\n", [(1, 1, "empty")]),
    ("---\n", [(1, 1, "empty")]),
    ("a: 1\nb: x\x00y", [(2, 5, "control")]),
    ("a: \x1b[31m", [(1, 4, "control")]),
    ("a: \x85", [(1, 4, "control")]),
    ("a: \u2028", [(1, 4, "control")]),
    ("a: 1\r\nb: \ufeff", [(2, 4, "control")]),
    (b"a: 1\nb: \xc3\xa9\xff", [(2, 5, "encoding")]),
    ("a: 1".encode("utf-16"), [(1, 1, "encoding")]),
    (b"\xed\xa0\x80", [(1, 1, "encoding")]),
]


@pytest.mark.parametrize(("text", "places"), REFUSED)
def test_each_problem_is_reported_once_with_its_position(
    text: str | bytes, places: list[tuple[int, int, str]]
) -> None:
    found = refused(text)
    assert [(problem.position.line, problem.position.column, problem.code) for problem in found] == places
    assert all(problem.hint and problem.message.isprintable() for problem in found)


def test_a_quoted_merge_key_is_a_key_like_any_other() -> None:
    assert plain(read(b"'<<': 1", "f.yaml", SETTINGS)) == {"<<": 1}


def test_a_duplicate_key_is_reported_with_both_positions() -> None:
    (problem,) = refused("a: 1\nb: 2\na: 3")
    assert str(problem) == "f.yaml:3:1: the key 'a' is used twice: first at 1:1"


def test_problems_in_different_places_are_reported_together() -> None:
    found = refused("a: *x\nb: !t 1\nc: 1\nc: &y 2\n")
    assert [(problem.position.line, problem.code) for problem in found] == [
        (1, "alias"),
        (2, "tag"),
        (4, "duplicate_key"),
    ]


@pytest.mark.parametrize(
    ("text", "settings", "code"),
    [
        ("a: 12345", ManifestSettings(size=7), "size"),
        ("a: [[1]]", ManifestSettings(depth=2), "depth"),
        ("a: [1, 2]", ManifestSettings(values=4), "values"),
        ("a: 12345", ManifestSettings(text=4), "long"),
    ],
)
def test_every_bound_is_a_setting(text: str, settings: ManifestSettings, code: str) -> None:
    assert [problem.code for problem in refused(text, settings)] == [code]


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        ("a: 12345", ManifestSettings(size=8)),
        ("a: [[1]]", ManifestSettings(depth=3)),
        ("a: [1, 2]", ManifestSettings(values=5)),
        ("a: 12345", ManifestSettings(text=5)),
    ],
)
def test_a_bound_itself_is_allowed(text: str, settings: ManifestSettings) -> None:
    read(text.encode(), "f.yaml", settings)


def test_beyond_the_bound_problems_are_counted() -> None:
    found = refused("\n".join(["a: 1"] * 61))
    assert len(found) == 51
    assert str(found[-1]) == "f.yaml: and 10 more problems"


def test_with_thousands_of_problems_the_rest_is_not_read() -> None:
    found = refused("[" + "*a," * 100_000 + "]")
    assert len(found) == 51
    assert str(found[-1]) == "f.yaml: and at least 951 more problems"


def test_the_pure_python_parser_reads_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    text = b"a: 1\nb: [x, {c: 'y'}]\n"
    quick = read(text, "f.yaml", SETTINGS)
    monkeypatch.setattr(yaml, "__with_libyaml__", False)
    assert read(text, "f.yaml", SETTINGS) == quick
    for bad, places in REFUSED:
        assert [(found.position.line, found.position.column, found.code) for found in refused(bad)] == places
    assert [problem.code for problem in refused('a: "\\Uffffffff"')] == ["yaml"]


def as_texts(node: Node) -> object:
    """The tree as PyYAML's BaseLoader would give it: every value as its text."""
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, ListNode):
        return [as_texts(item) for item in node.items]
    assert isinstance(node, MapNode)
    return {key: as_texts(value) for key, value in node.fields.items()}


TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufeff\ufffe\uffff")
)
DATA = st.recursive(
    TEXTS | st.integers() | st.booleans() | st.none() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(TEXTS, DATA, min_size=1, max_size=4), st.booleans(), st.booleans())
def test_the_tree_holds_what_the_usual_loader_reads(data: dict[str, object], flow: bool, unicode: bool) -> None:
    text = yaml.safe_dump(data, default_flow_style=flow, allow_unicode=unicode)
    settings = ManifestSettings(depth=20)
    if "\u2028" in text or "\u2029" in text:
        return
    assert as_texts(read(text.encode(), "f.yaml", settings)) == yaml.load(text, Loader=yaml.BaseLoader)
