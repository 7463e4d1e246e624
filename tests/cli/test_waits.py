"""Long waits for another attempt are reported on stderr: by every command that asks the API, never under -q."""

from __future__ import annotations

import re

import pytest

from mhsync.sandbox import faults as f
from mhsync.sandbox.rules import Faults, Rule
from tests.cli.cli_runner import CliRunner
from tests.cli.terminal import Terminal

_LINE = re.compile(
    r"the API returned 503 and asked to wait 2 s \(Retry-After\); next attempt in 2 s \(attempt 2 of 6\)"
)
_COMMANDS = {
    "plan": ("plan", "m.yaml"),
    "apply": ("apply", "m.yaml"),
    "get": ("get", "done"),
    "check": ("check", "done"),
    "delete": ("delete", "done", "--yes"),
}


@pytest.fixture(autouse=True)
def busy(cli_runner: CliRunner) -> None:
    cli_runner.manifest("done")
    cli_runner.sandbox.faults = Faults(Rule(f.Status(503, retry_after=2), nth=1, host="api"))


@pytest.mark.parametrize("name", _COMMANDS)
def test_a_long_wait_is_reported_once_with_its_reason_length_and_attempt(cli_runner: CliRunner, name: str):
    done = cli_runner.run(*_COMMANDS[name])
    assert done.code == 0, done.err
    assert len(_LINE.findall(done.err)) == 1, done.err
    assert "503" not in done.out


def test_quiet_commands_report_no_wait(cli_runner: CliRunner):
    assert cli_runner.run("apply", "-q", "m.yaml").err == ""


def test_on_a_terminal_the_notice_has_its_own_line(cli_runner: CliRunner):
    with Terminal(cli_runner, "apply", "m.yaml") as terminal:
        terminal.finish()
    assert terminal.code == 0
    lines = [line.rpartition("\x1b[K")[2] for line in terminal.shown.replace("\r\n", "\n").split("\n")]
    assert [line for line in lines if "503" in line] == [line for line in lines if _LINE.fullmatch(line)] != []
