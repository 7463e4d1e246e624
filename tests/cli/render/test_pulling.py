"""The report of `pull` as text."""

from __future__ import annotations

from mhsync.cli.render.pulling import pull_text
from mhsync.cli.render.terminal import Style
from mhsync.core.pulled import PulledFile, PulledProject, PullOutcome, PullReport
from mhsync.errors import Problem

MISSING = Problem("not_stored", "nothing is stored of it", "run apply")


def text(*projects, is_verbose=False, **more):
    return pull_text(PullReport("x", projects, **more), Style(), is_verbose=is_verbose)


def test_links_and_removed_files_are_counted():
    linked = PulledFile("a.wav", 2048, "0" * 64, PullOutcome.LINKED)
    found = text(PulledProject("a", PullOutcome.PULLED, (linked,)), pruned=("b.wav",))
    assert found == "Pulled 1 file (2.0 KiB, 1 as links); 0 unchanged; 1 removed."


def test_many_missing_projects_are_collapsed_unless_all_are_asked_for():
    projects = [PulledProject(f"p{n}", PullOutcome.MISSING, error=MISSING) for n in range(30)]
    assert "and 20 more" in text(*projects)
    assert "and 20 more" not in text(*projects, is_verbose=True)
    assert text(*projects).endswith("Pulled 0 files; 0 unchanged; 30 projects missing.")
