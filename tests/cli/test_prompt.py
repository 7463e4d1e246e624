"""Deletes are confirmed on a terminal with the word yes; any other answer changes nothing."""

from __future__ import annotations

import json

import pytest

from tests.cli.cli_runner import deleted
from tests.cli.schemas import assert_valid
from tests.cli.terminal import Terminal


def test_the_prompt_on_a_terminal_marks_projects_that_were_never_stored(cli_runner):
    manifest = cli_runner.manifest("done", "canceled: deleted", "takes: archived", "rendering: deleted")
    with Terminal(
        cli_runner, "--color=never", "apply", manifest, "--wait", "0.1s", "--format", "json"
    ) as terminal:
        asked = terminal.read_until("Type 'yes' to continue: ")
        assert deleted(cli_runner) == []
        terminal.type("yes\n")
        out = terminal.finish()
    assert "3 projects would be deleted from the account permanently:" in asked
    lines = [line.strip() for line in asked.splitlines()]
    assert "- canceled  canceled, NEVER STORED: no copy is kept" in lines
    assert "- takes  complete, after its download is verified" in lines
    assert "- rendering  rendering: deleted when its render ends" in lines
    assert deleted(cli_runner) == ["canceled", "takes"]
    assert terminal.code == 4
    assert_valid(json.loads(out), "report")


@pytest.mark.parametrize(
    "answer", ["no\n", "y\n", "YES\n", "\n", "\x04"], ids=["no", "y", "YES", "empty", "Ctrl-D"]
)
def test_any_other_answer_changes_nothing(cli_runner, answer):
    with Terminal(cli_runner, "apply", cli_runner.manifest("done", "canceled: deleted")) as terminal:
        terminal.read_until("Type 'yes' to continue: ")
        terminal.type(answer)
        terminal.finish()
    assert terminal.code == 3
    assert deleted(cli_runner) == []
    assert not (cli_runner.folder / "outputs/done").exists()


def test_ctrl_c_at_the_prompt_changes_nothing(cli_runner):
    with Terminal(cli_runner, "apply", cli_runner.manifest("canceled: deleted"), "--format", "json") as terminal:
        terminal.read_until("Type 'yes' to continue: ")
        terminal.type("\x03")
        out = terminal.finish()
    assert terminal.code == 130
    assert_valid(json.loads(out), "error")
    assert "nothing was changed" in terminal.shown
    assert deleted(cli_runner) == []
