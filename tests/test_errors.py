"""Positions and problems as values and as text; every error of the tree has an exit code and a code."""

from __future__ import annotations

import pytest

from mhsync import errors
from mhsync.errors import GuardRefused, Locked, ManifestError, MhsyncError, Position, Problem, StorageError
from mhsync.exit_codes import ExitCode


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


def test_an_error_keeps_hint_id_and_position_in_its_problem():
    error = StorageError("cannot read", hint="look", id="clx1", position=Position("m.yaml", 2))
    assert error.problems == (Problem("storage", "cannot read", "look", Position("m.yaml", 2), "clx1"),)
    assert str(error) == "cannot read"


@pytest.mark.parametrize("kind", [ManifestError, GuardRefused])
def test_an_error_with_several_problems_lists_them(kind: type[ManifestError | GuardRefused]):
    problems = (Problem("a", "one", position=Position("m.yaml", 1)), Problem("b", "two"))
    assert kind(iter(problems)).problems == problems
    assert str(kind(problems)) == "m.yaml:1: one\ntwo"


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (Locked("process 1 on host a", "2026-11-01T12:00:00Z"), "held by process 1 on host a since 2026-11-01T12:00:00Z"),
        (Locked(), "held by another run"),
    ],
)  # fmt: skip
def test_a_lock_names_its_holder(error: Locked, message: str):
    assert error.message == message


def test_every_error_is_in_the_tree_with_a_code_and_an_exit_code():
    kinds = {
        kind for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, Exception) and not name.startswith("_")
    }  # fmt: skip
    assert all(issubclass(kind, MhsyncError) for kind in kinds)
    assert all(kind.exit_code in tuple(ExitCode) for kind in kinds)
    assert all(kind.__name__ in (errors.__doc__ or "") for kind in kinds)
    codes = [kind.code for kind in kinds if kind is not MhsyncError]
    assert len(set(codes)) == len(codes)
