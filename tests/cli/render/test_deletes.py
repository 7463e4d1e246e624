"""The list of deletes that the user approves: complete, in columns, the sums last."""

from __future__ import annotations

import pytest

from mhsync.cli.render.deletes import deletes_text
from mhsync.cli.render.terminal import Style, width_of
from mhsync.core.manifest import Entry, State
from mhsync.core.plan import Action, ProjectPlan, Verdict

DELETE = (Action.DELETE,)


def planned(id, actions=DELETE, state=State.DELETED, verdict=Verdict.CHANGE, status="complete", **fields):
    return ProjectPlan(Entry(id, state), verdict, "unwanted", "to be deleted", actions, status, **fields)


def every_kind():
    return [
        planned("clx7uu86w0a5qp55yxz310001"),
        planned("clx7uu86w0a5qp55yxz310002", (Action.DOWNLOAD, Action.DELETE), State.ARCHIVED),
        planned("clx7uu86w0a5qp55yxz310003", (), verdict=Verdict.PENDING, status="queued"),
        planned("clx7uu86w0a5qp55yxz310004", (), State.ARCHIVED, verdict=Verdict.PENDING, status="rendering"),
        planned("clx7uu86w0a5qp55yxz310005", never_stored=True, status="canceled"),
        planned("clx7uu86w0a5qp55yxz310006", never_stored=True, status="新しい\x1b[2J"),
    ]


@pytest.mark.parametrize("width", [40, 80, 120])
def test_every_kind_of_delete_in_columns(golden, width):
    projects = every_kind()
    text = deletes_text(projects, projects[:-1], Style(width))
    golden(f"deletes-{width}-columns", text + "\n")
    assert max(width_of(line) for line in text.splitlines()[1:]) <= width


def test_deletes_that_cannot_be_undone_have_a_colour_of_their_own(golden):
    golden("deletes-colour", deletes_text(every_kind(), every_kind(), Style(80, is_colored=True)) + "\n")


def test_a_long_list_is_complete_and_the_projects_without_a_copy_come_first():
    stored = [planned(f"stored-{n:05}") for n in range(3000)]
    never = [planned(f"never-{n:05}", never_stored=True) for n in range(500)]
    lines = deletes_text(stored + never, stored + never, Style(80)).splitlines()
    assert [line.split()[1] for line in lines[2:-2]] == [p.id for p in never + stored]
    assert lines[-1] == "3,500 projects to delete: 500 without a copy, 3,000 with a stored copy."
