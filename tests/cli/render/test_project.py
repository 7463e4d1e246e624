"""A project as text: one aligned line for each value, escaped, and links without their query."""

from __future__ import annotations

from datetime import UTC, datetime

from mhsync.cli.render.project import project_text
from mhsync.cli.render.terminal import Style
from mhsync.core.project import Download, Project, ProjectError, Status

PLAIN = Style(80)
LINK = "https://files.example/one/output.wav"
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


def test_every_value_has_a_line():
    project = Project(
        "one",
        Status.COMPLETE,
        "complete",
        type="VOICE_GENERATOR",
        name="Morning \x1b[31m",
        created_at=NOW,
        credits_charged=5,
        downloads=(Download(f"{LINK}?sig=SECRET", NOW),),
        extra={"style": {"a": 1}, "link": f"{LINK}?sig=SECRET"},
    )
    assert project_text(project, PLAIN).splitlines() == [
        "id        one",
        "name      Morning \\x1b[31m",
        "status    complete",
        "type      VOICE_GENERATOR",
        "created   2026-11-01T12:00:00Z",
        "credits   5",
        f"output 1  {LINK}",
        "          the link expires at 2026-11-01T12:00:00Z",
        'style     {"a": 1}',
        f"link      {LINK}",
    ]


def test_missing_values_are_a_dash_and_a_deleted_project_is_marked():
    project = Project("one", Status.ERROR, "error", enabled=False, error=ProjectError("code", "why"))
    assert project_text(project, PLAIN).splitlines() == [
        "id       one",
        "name     -",
        "status   error (deleted)",
        "type     -",
        "created  -",
        "credits  -",
        "error    code: why",
    ]


def test_complete_links_are_shown_on_request():
    project = Project("one", Status.COMPLETE, "complete", downloads=(Download(f"{LINK}?sig=SECRET"),))
    assert f"output 1  {LINK}?sig=SECRET" in project_text(project, PLAIN, show_urls=True)
