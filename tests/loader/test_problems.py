"""Problems: sorted, bounded, each reported once."""

from __future__ import annotations

from mhsync.loader.problems import Problems, show
from mhsync.loader.yaml_nodes import Key


def test_problems_are_reported_by_position_and_duplicates_once() -> None:
    problems = Problems("f", 10)
    for line, column in ((2, 1), (1, 9), (1, 2), (2, 1)):
        problems.add("c", "m", "h", Key(line, column))
    assert [(found.position.line, found.position.column) for found in problems.reported()] == [
        (1, 2),
        (1, 9),
        (2, 1),
    ]


def test_further_problems_are_counted_and_memory_is_bounded() -> None:
    problems = Problems("f", 2)
    for line in range(30):
        problems.add("c", "m", "h", Key(line, 1))
    assert str(problems.reported()[-1]) == "f: and 28 more problems"
    for line in range(30, 100):
        problems.add("c", "m", "h", Key(line, 1))
    assert problems.is_full
    assert [str(found) for found in problems.reported()] == [
        "f:0:1: m",
        "f:1:1: m",
        "f: and at least 98 more problems",
    ]


def test_a_text_in_a_message_is_short_and_harmless() -> None:
    assert show("a\x1b[31m\u202e\n") == r"'a\x1b[31m\u202e\n'"
    assert len(show("x" * 1000)) == 62
