"""A misspelt name is answered with the most similar name that is known."""

from __future__ import annotations

import pytest

from mhsync.core.suggest import suggest

KNOWN = ("storage", "state", "projects")


@pytest.mark.parametrize(
    ("name", "expected"),
    [("storge", "storage"), ("STATE", "state"), ("projcts", "projects"), ("xyzzy", None), ("", None), (12, None)],
)
def test_a_similar_name_is_suggested(name: object, expected: str | None):
    assert suggest(name, KNOWN) == expected


def test_the_case_of_the_known_name_is_kept():
    assert suggest("clx1a", ["other", "cLX1A"]) == "cLX1A"


def test_a_lower_cutoff_accepts_less_similar_names():
    assert suggest("xyzzt", KNOWN) is None
    assert suggest("xyzzt", KNOWN, cutoff=0.0) in KNOWN


def test_a_name_of_a_megabyte_is_cut_before_it_is_compared():
    assert suggest("s" * 10**6, KNOWN) is None
    assert suggest("storage".ljust(60) + "x" * 10**6, ["storage".ljust(60)]) is not None


def test_the_order_of_the_known_names_does_not_matter():
    assert suggest("ab", ["abd", "abc"]) == suggest("ab", ["abc", "abd"])
