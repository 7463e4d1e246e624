"""Signed links inside the API's own words: nothing of their query is printed, stored, logged or sent in an event."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from mhsync.core.project import ProjectError
from mhsync.sandbox.faults import WrongType
from mhsync.sandbox.rules import Faults, Rule
from mhsync.sandbox.server import Sandbox
from mhsync.sandbox.world import SandboxProject, World
from tests.cli.desk import Desk, complete
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
def desk(tmp_path: Path) -> Iterator[Desk]:
    folder = tmp_path / "desk"
    folder.mkdir()
    lay_down(tmp_path / "site", "mhsync-listener", LISTENER)
    world = World(
        [
            complete("whole", name=f"from {LINK}", type=LINK),
            complete("archived", name=f"from {LINK}", type=LINK),
            SandboxProject("failed", status="error", name=LINK, error=ProjectError(LINK, f"see {LINK} for more")),
            SandboxProject("paused", status=f"paused, see {LINK}"),
        ]
    )
    with Sandbox(world) as sandbox:
        sandbox.faults = Faults(Rule(WrongType("preview", {"link": LINK, LINK: [f"and {LINK}"]}), host="api"))
        desk = Desk(folder, sandbox)
        desk.environ.update(
            PYTHONPATH=str(tmp_path / "site"), MHSYNC_PLUGINS="mhsync-listener", EVENTS=str(tmp_path / "events")
        )
        yield desk


def test_no_query_of_a_link_in_the_api_s_words_goes_anywhere(desk: Desk) -> None:
    path = 'path: "{type}/{name}/{id}/{filename}"'
    projects = "[{id: whole}, {id: archived, state: archived}, {id: failed}, {id: paused}]"
    file = desk.write(f"policy: {{deletes: allow, durable_storage: true}}\n{path}\nprojects: {projects}")
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
        done = desk.process(*args)
        said += [done.out, done.err]
    kept = [file.read_bytes().decode(errors="replace") for file in desk.folder.rglob("*") if file.is_file()]
    names = [str(file) for file in desk.folder.rglob("*")]
    events = Path(desk.environ["EVENTS"]).read_text()
    everything = "\n".join([*said, *kept, *names, events])
    for secret in ("5ecre7", "signature=", "expires="):
        at = everything.find(secret)
        assert at < 0, everything[max(0, at - 300) : at + 100]
    assert "see https://files.example/a.wav" in everything, "the words themselves are shown"
    receipt = json.loads((desk.folder / "outputs/.mhsync/receipts/archived.json").read_text())
    assert receipt["deletion"] == "deleted"


def test_show_urls_shows_them(desk: Desk) -> None:
    shown = desk.process("get", "whole", "--show-urls", "--format", "json")
    assert shown.document["preview"]["link"] == LINK
