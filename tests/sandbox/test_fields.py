"""Values of seeds and fault files: read by type, with a default, and with every problem at its position."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mhsync.errors import ManifestError, UsageError
from mhsync.sandbox.fields import Fields, read_document, read_file


def read(text: str, build: Callable[[Fields], object]) -> object:
    return read_document(text.encode(), "f.yaml", build)


def problems(text: str, build: Callable[[Fields], object]) -> list[tuple[str, str, str | None]]:
    """Position, message and hint of each problem."""
    with pytest.raises(ManifestError) as raised:
        read(text, build)
    return [(str(one.position), one.message, one.hint) for one in raised.value.problems]


def test_values_are_read_by_type():
    text = "{a: x, b: 3, c: 1.5, d: true, e: 64KiB, f: [x, y], g: {h: 1}, i: two}"
    assert read(
        text,
        lambda f: [
            f.text("a", None), f.integer("b", 0), f.number("c", 0.0), f.flag("d", False), f.size("e", 0), f.texts("f"),
            f.value("g", None), f.choice("i", "one", ("one", "two")),
        ],
    ) == ["x", 3, 1.5, True, 65_536, ("x", "y"), {"h": 1}, "two"]  # fmt: skip


def test_missing_keys_and_an_unquoted_null_have_the_default():
    assert read("{a: }", lambda f: (f.text("a", "x"), f.integer("b", 7), f.flag("c", None))) == ("x", 7, None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("512", 512), ("0", 0), ("200MB", 200_000_000), ("1.5MiB", 1_572_864), ("3 GiB", 3 * 2**30), ("1kB", 1000)],
)
def test_a_size_has_a_unit(text: str, expected: int):
    assert read(f"{{a: {text}}}", lambda f: f.size("a", 0)) == expected


@pytest.mark.parametrize(
    ("value", "build", "hint"),
    [
        ("[x]", lambda f: f.text("a", ""), "write a text"),
        ("-1", lambda f: f.integer("a", 0), "write a whole number from 0"),
        ("0", lambda f: f.integer("a", 0, least=1), "write a whole number from 1"),
        ("true", lambda f: f.integer("a", 0), "write a whole number from 0"),
        ("-0.5", lambda f: f.number("a", 0), "write a number from 0"),
        ("'yes'", lambda f: f.flag("a", False), "write true or false"),
        ("5 apples", lambda f: f.size("a", 0), "write a size such as 512, 64KiB or 200MB"),
        ("three", lambda f: f.choice("a", "one", ("one", "two")), "write one of one, two"),
        ("x", lambda f: f.items("a"), "write 'a: […]'"),
        ("x", lambda f: f.mapping("a"), "write 'a: {…}'"),
    ],
)
def test_an_invalid_value_is_reported_at_its_position(value: str, build: Callable[[Fields], object], hint: str):
    ((position, message, found),) = problems(f"# comment\na: {value}\n", build)
    assert position == "f.yaml:2:4"
    assert message.startswith("a is ")
    assert found == hint


def test_an_unknown_key_names_the_nearest_known_one_or_all():
    known = lambda f: (f.text("storage", ""), f.text("path", ""))  # noqa: E731
    assert problems("{storge: x, qqq: y}", known) == [
        ("f.yaml:1:2", "unknown key 'storge'", "did you mean 'storage'?"),
        ("f.yaml:1:13", "unknown key 'qqq'", "known here: storage, path"),
    ]


def test_a_key_that_is_only_known_is_no_problem():
    assert read("{a: x}", lambda f: f.knows("a")) is None


def test_the_items_of_a_list_of_mappings_are_read_each():
    def build(fields: Fields) -> list[object]:
        found = []
        for one in fields.mappings("a"):
            found.append(one.integer("n", 0))
            one.close()
        return found

    assert read("a: [{n: 1}, {n: 2}]", build) == [1, 2]
    assert problems("a: [{n: 1}, x]", build) == [
        ("f.yaml:1:13", "an item of a is not a mapping", "write '- key: value'")
    ]


def test_a_document_that_is_not_a_mapping_is_refused():
    ((position, message, _),) = problems("- a\n", lambda f: None)
    assert (position, message) == ("f.yaml:1:1", "the file is not a mapping of keys to values")


def test_a_file_that_cannot_be_read_is_a_usage_error_with_its_name(tmp_path: Path):
    (tmp_path / "a").write_bytes(b"x")
    assert read_file(tmp_path / "a") == b"x"
    with pytest.raises(UsageError, match="cannot read the file: No such file") as raised:
        read_file(tmp_path / "none")
    assert raised.value.position.file == str(tmp_path / "none")
