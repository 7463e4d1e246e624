"""Errors keep their problems; every error of the tree has an exit code and a code."""

from __future__ import annotations

import pytest

from mhsync import errors
from mhsync.errors import GuardRefused, Locked, ManifestError, MhsyncError, Position, Problem, StorageError
from mhsync.exit_codes import ExitCode


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
