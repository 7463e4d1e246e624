"""Positions and problems as values, as text and as JSON."""

from __future__ import annotations

import pytest

from mhsync.problem import Position, Problem


@pytest.mark.parametrize(
    ("position", "text"),
    [(Position(), ""), (Position("m.yaml"), "m.yaml"), (Position("m.yaml", 3), "m.yaml:3"), (Position("m.yaml", 3, 9), "m.yaml:3:9")],
)  # fmt: skip
def test_a_position_shows_the_parts_that_are_known(position: Position, text: str):
    assert str(position) == text


def test_a_problem_as_text_and_as_json():
    problem = Problem("code", "it failed", "try again", Position("m.yaml", 3, 9), "clx1")
    assert str(problem) == "m.yaml:3:9: it failed"
    assert problem.text == "it failed (try again)"
    assert Problem("code", "it failed").text == str(Problem("code", "it failed")) == "it failed"
    assert problem.to_json() == {
        "file": "m.yaml", "line": 3, "column": 9, "id": "clx1", "code": "code", "message": "it failed", "hint": "try again",
    }  # fmt: skip
