"""Environment variables that a run reads."""

from __future__ import annotations

import pytest

from mhsync.reconcile.environment import is_ci_runner, plugins_to_load


@pytest.mark.parametrize(
    ("value", "is_ci"),
    [("true", True), ("1", True), ("woodpecker", True), ("", False), (" ", False), ("false", False), ("0", False)],
)
def test_ci_is_a_runner_unless_it_is_empty_false_or_0(value, is_ci):
    assert is_ci_runner({"CI": value}) is is_ci


def test_without_ci_it_is_not_a_runner():
    assert not is_ci_runner({})


@pytest.mark.parametrize(
    ("environ", "names"),
    [({}, None), ({"MHSYNC_PLUGINS": ""}, ()), ({"MHSYNC_PLUGINS": " a, b,,"}, ("a", "b"))],
)
def test_plugins_are_those_that_are_listed(environ, names):
    assert plugins_to_load(environ) == names
