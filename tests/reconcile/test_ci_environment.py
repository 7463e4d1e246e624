"""CI services are recognized by their environment variables."""

from __future__ import annotations

import pytest

from mhsync.reconcile.ci_environment import GithubStep, github_step, is_ci_runner


@pytest.mark.parametrize(
    ("value", "is_ci"),
    [("true", True), ("1", True), ("woodpecker", True), ("", False), (" ", False), ("false", False), ("0", False)],
)
def test_ci_is_a_runner_unless_it_is_empty_false_or_0(value, is_ci):
    assert is_ci_runner({"CI": value}) is is_ci


def test_without_ci_it_is_not_a_runner():
    assert not is_ci_runner({})


def test_a_step_of_github_actions_is_recognized_by_its_variable():
    files = {"GITHUB_STEP_SUMMARY": "/s", "GITHUB_OUTPUT": "/o"}
    assert github_step({"GITHUB_ACTIONS": "true", **files}) == GithubStep("/s", "/o")
    assert github_step({"GITHUB_ACTIONS": "true"}) == GithubStep(None, None)
    assert github_step({"GITHUB_ACTIONS": "false", **files}) is None
    assert github_step(files) is None
