"""Unquoted words: their value, and whether another YAML reader would read another one."""

from __future__ import annotations

import re
from datetime import date

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mhsync.loader.yaml_nodes import plain_value, reads_as


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None), ("~", None), ("null", None), ("NULL", None),
        ("true", True), ("False", False),
        ("0", 0), ("-12", -12), ("+3", 3), ("0x1F", 31), ("999999999999999999", 10**18 - 1),
        ("1.5", 1.5), ("1e5", 1e5), (".5", 0.5), ("-1.", -1.0), ("1.5e-3", 0.0015),
        ("yes", "yes"), ("no", "no"), ("on", "on"),
        ("012", "012"), ("1_000", "1_000"), ("12:30", "12:30"), ("2024-01-01", "2024-01-01"),
        (".inf", ".inf"), (".nan", ".nan"), ("1e999", "1e999"), ("9" * 19, "9" * 19), ("1" * 5000, "1" * 5000),
        ("nulL", "nulL"), ("-", "-"), ("+", "+"), (".", "."), ("e5", "e5"), ("١٢", "١٢"), ("1.2.3", "1.2.3"),
    ],
)  # fmt: skip
def test_an_unquoted_word_has_the_value_that_its_text_shows(text: str, value: object) -> None:
    found = plain_value(text)
    assert found == value
    assert type(found) is type(value)


READ_BY_ANY = {
    "null": ["", "~", "null", "Null", "NULL"],
    "true or false": ["y", "Y", "n", "yes", "No", "ON", "off", "true", "FALSE"],
    "a number": ["0", "012", "0o17", "0b11", "0x1f", "1e5", "1E5", "123e4567", "1_000", "-1", "+1", "1.5", ".5", "1.",
                 "12:30", "1:20:30.5", "190:20:30", ".inf", "-.INF", ".nan", "1_0e5", "089"],
    "a date": ["2024-01-01", "2024-1-1 1:02:03", "2024-01-01T00:00:00Z"],
}  # fmt: skip


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in READ_BY_ANY.items() for text in texts])
def test_a_word_that_any_yaml_reads_as_something_else_is_known(kind: str, text: str) -> None:
    assert reads_as(text) == kind


@pytest.mark.parametrize(
    "text", ["a", "nope", "e5", "1e", "1e5x", "0x", "0b2", "2024-01", "2024-1-1", "-", "1a", "x1"]
)
def test_a_word_that_every_yaml_reads_as_text_needs_no_quotes(text: str) -> None:
    assert reads_as(text) is None


# PyYAML's own resolver is a YAML 1.1 reader; the core schema of YAML 1.2 is section 10.3.2 of its specification.
CORE = re.compile(
    r"null|Null|NULL|~||true|True|TRUE|false|False|FALSE|[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+"
    r"|[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
)


@given(st.one_of(st.text("0123456789_-+.:eExobTZ", max_size=14), st.from_regex(CORE, fullmatch=True)))
def test_nothing_that_yaml_1_1_or_1_2_reads_as_something_else_is_missed(text: str) -> None:
    resolver = yaml.SafeLoader("")
    by_1_1 = resolver.resolve(yaml.ScalarNode, text, (True, False))
    if by_1_1 not in ("tag:yaml.org,2002:str", "tag:yaml.org,2002:merge") or CORE.fullmatch(text):
        assert reads_as(text) is not None


@given(st.dates())
def test_every_date_is_known_as_one(day: date) -> None:
    assert reads_as(day.isoformat()) == "a date"
