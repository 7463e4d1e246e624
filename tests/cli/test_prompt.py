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
    assert asked.replace("\r\n", "\n").rpartition("\x1b[K")[2] == (
        "3 projects would be deleted from the account permanently:\n"
        "   PROJECT    STATUS     COPY\n"
        "-  canceled   canceled   NO STORED COPY\n"
        "     VOICE_GENERATOR, 2026-01-15\n"
        "-  rendering  rendering  deleted after render, no copy\n"
        "     VOICE_GENERATOR, 2026-01-15\n"
        "-  takes      complete   downloaded and verified first\n"
        '     "Three takes", VOICE_GENERATOR, 2026-01-15\n'
        "\n"
        "3 projects to delete: 1 without a copy, 1 after a render, 1 after a verified\n"
        "download.\n"
        "Delete all 3? Type 'yes' to continue: "
    )
    assert deleted(cli_runner) == ["canceled", "takes"]
    assert terminal.code == 4
    assert_valid(json.loads(out), "report")


def test_the_prompt_lists_also_deletes_that_another_manifest_allows(cli_runner):
    asking = cli_runner.manifest("canceled: deleted")
    allowing = cli_runner.write(
        "storage: ./other\npolicy: {deletes: allow}\nprojects: [{id: error, state: deleted}]", name="n.yaml"
    )
    with Terminal(cli_runner, "--color=never", "apply", asking, allowing) as terminal:
        asked = terminal.read_until("Type 'yes' to continue: ")
        terminal.type("no\n")
        terminal.finish()
    assert "2 projects to delete: 2 without a copy, 1 allowed by policy.\r\nDelete all 2? " in asked
    assert "error     error" in asked
    assert (terminal.code, deleted(cli_runner)) == (3, [])


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
