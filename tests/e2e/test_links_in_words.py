"""Signed links inside the API's own words: nothing of their query is printed, stored, logged or sent in an event."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from mhsync.core.project import ProjectError
from mhsync.sandbox.account import Account, SandboxProject
from mhsync.sandbox.faults import WrongType
from mhsync.sandbox.rules import Faults, Rule
from mhsync.sandbox.server import Sandbox
from tests.cli.cli_runner import CliRunner, complete
from tests.examples.installed import lay_down

LINK = "https://files.example/a.wav?signature=5ecre7&expires=5ecre7"
LISTENER = """
import os
from mhsync import hookimpl
@hookimpl
def mhsync_event(event):
    with open(os.environ["EVENTS"], "a") as file:
        file.write(repr(event) + repr(event.to_json()) + "\\n")
@hookimpl
def mhsync_check_output(project, output, file):
    return {"seen": "at https://files.example/a.wav?signature=5ecre7", "all": [repr(project)]}
"""


@pytest.fixture
def cli_runner(tmp_path: Path) -> Iterator[CliRunner]:
    folder = tmp_path / "desk"
    folder.mkdir()
    lay_down(tmp_path / "site", "mhsync-listener", LISTENER)
    account = Account(
        [
            complete("whole", name=f"from {LINK}", type=LINK),
            complete("archived", name=f"from {LINK}", type=LINK),
            SandboxProject("failed", status="error", name=LINK, error=ProjectError(LINK, f"see {LINK} for more")),
            SandboxProject("paused", status=f"paused, see {LINK}"),
        ]
    )
    with Sandbox(account) as sandbox:
        sandbox.faults = Faults(Rule(WrongType("preview", {"link": LINK, LINK: [f"and {LINK}"]}), host="api"))
        cli_runner = CliRunner(folder, sandbox)
        cli_runner.environ.update(
            PYTHONPATH=str(tmp_path / "site"), MHSYNC_PLUGINS="mhsync-listener", EVENTS=str(tmp_path / "events")
        )
        yield cli_runner


def test_no_query_of_a_link_in_the_api_s_words_goes_anywhere(cli_runner: CliRunner) -> None:
    path = 'path: "{type}/{name}/{id}/{filename}"'
    projects = "[{id: whole}, {id: archived, state: archived}, {id: failed}, {id: paused}]"
    file = cli_runner.write(f"policy: {{deletes: allow, durable_storage: true}}\n{path}\nprojects: {projects}")
    said = []
    for args in (
        ["plan", file, "-vv"],
        ["plan", file, "--format", "json"],
        ["plan", file, "--log-format", "json", "-vv"],
        ["get", "failed"],
        ["get", "paused", "-vv"],
        ["get", "whole", "--format", "json"],
        ["check", "failed"],
        ["check", "whole", "--format", "json"],
        ["apply", file, "-vv"],
        ["apply", file, "--format", "json"],
        ["verify", file, "--format", "json"],
    ):
        done = cli_runner.process(*args)
        said += [done.out, done.err]
    kept = [file.read_bytes().decode(errors="replace") for file in cli_runner.folder.rglob("*") if file.is_file()]
    names = [str(file) for file in cli_runner.folder.rglob("*")]
    events = Path(cli_runner.environ["EVENTS"]).read_text()
    everything = "\n".join([*said, *kept, *names, events])
    for secret in ("5ecre7", "signature=", "expires="):
        at = everything.find(secret)
        assert at < 0, everything[max(0, at - 300) : at + 100]
    assert "see https://files.example/a.wav" in everything, "the words themselves are shown"
    receipt = json.loads((cli_runner.folder / "outputs/.mhsync/receipts/archived.json").read_text())
    assert receipt["deletion"] == "deleted"


def test_show_urls_shows_them(cli_runner: CliRunner) -> None:
    shown = cli_runner.process("get", "whole", "--show-urls", "--format", "json")
    assert shown.document["preview"]["link"] == LINK
