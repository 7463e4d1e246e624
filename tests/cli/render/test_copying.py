"""The report of `copy` as text."""

from __future__ import annotations

from mhsync.cli.render.copying import copy_text
from mhsync.cli.render.terminal import Style
from mhsync.core.copy_report import CopiedOutput, CopiedProject, CopyOutcome, CopyReport
from mhsync.errors import Problem

COPIED = CopiedProject("a", CopyOutcome.COPIED, (CopiedOutput("a/o.wav", 2048, "0" * 64, CopyOutcome.COPIED),))
STOPPED = Problem("interrupted", "interrupted before this was tried")


def text(*projects, **more):
    return copy_text(CopyReport("x", "y", projects, **more), Style(is_colored=False), is_verbose=False)


def test_only_the_totals_are_shown_where_all_went_well():
    assert text(COPIED) == "Copied 1 project (1 file, 2.0 KiB); 0 unchanged."


def test_a_note_and_a_problem_have_a_row():
    found = text(COPIED, CopiedProject("b", CopyOutcome.COPIED, note="a file was set aside"))
    assert "+  b        copied   a file was set aside" in found


def test_many_projects_that_were_not_attempted_are_collapsed():
    rest = [CopiedProject(f"p{n}", CopyOutcome.NOT_ATTEMPTED, error=STOPPED) for n in range(30)]
    found = text(COPIED, *rest, is_interrupted=True)
    assert "and 20 more" in found
    assert found.endswith("Interrupted. Copied 1 project (1 file, 2.0 KiB); 0 unchanged; 30 not attempted.")
