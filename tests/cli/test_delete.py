"""`mhsync delete`: needs a confirmation; an already deleted project is no error."""

from __future__ import annotations

import json

import pytest

from tests.cli.schemas import assert_valid
from tests.cli.terminal import Terminal


def deletes(cli_runner):
    return [entry.id for entry in cli_runner.sandbox.requests.of(method="DELETE")]


def test_without_a_terminal_it_needs_yes_and_asks_nothing_of_the_api(cli_runner):
    done = cli_runner.run("delete", "done", "--format", "json")
    assert done.code == 3
    assert_valid(done.document, "error")
    assert "--yes" in done.err
    assert len(cli_runner.sandbox.requests) == 0


def test_yes_deletes_and_a_second_delete_is_no_error(cli_runner):
    first = cli_runner.run("delete", "done", "--yes", "--format", "json")
    assert_valid(first.document, "deletion")
    assert (first.code, first.document["outcome"]) == (0, "deleted")
    second = cli_runner.run("delete", "done", "--yes", "--format", "json")
    assert_valid(second.document, "deletion")
    assert (second.code, second.document["outcome"]) == (0, "gone")
    assert "already deleted" in cli_runner.run("delete", "done", "--yes").out


def test_the_prompt_on_a_terminal_shows_the_project(cli_runner):
    with Terminal(cli_runner, "delete", "done", "--format", "json") as terminal:
        asked = terminal.read_until("Type 'yes' to continue: ")
        assert deletes(cli_runner) == []
        terminal.type("yes\n")
        out = terminal.finish()
    assert "done 'Morning jingle' (complete) would be deleted from the account permanently." in asked
    assert (terminal.code, json.loads(out)["outcome"]) == (0, "deleted")
    assert deletes(cli_runner) == ["done"]


@pytest.mark.parametrize(("typed", "code"), [("no\n", 3), ("\x03", 130)])
def test_any_other_answer_than_yes_deletes_nothing(cli_runner, typed, code):
    with Terminal(cli_runner, "delete", "done") as terminal:
        terminal.read_until("Type 'yes' to continue: ")
        terminal.type(typed)
        terminal.finish()
    assert terminal.code == code
    assert deletes(cli_runner) == []


def test_no_prompt_for_a_project_that_is_already_deleted(cli_runner):
    with Terminal(cli_runner, "delete", "gone") as terminal:
        out = terminal.finish()
    assert terminal.code == 0
    assert "already deleted" in out
    assert deletes(cli_runner) == []
