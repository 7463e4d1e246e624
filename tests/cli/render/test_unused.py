"""The report of `gc` as text."""

from __future__ import annotations

from mhsync.cli.render.terminal import Style
from mhsync.cli.render.unused import unused_text
from mhsync.core.unused import Reason, UnusedFile, UnusedOutcome, UnusedReport


def test_unused_files_come_first_and_problems_are_shown():
    kept = UnusedFile("s", "mine.txt", 4, Reason.UNTRACKED, UnusedOutcome.KEPT, message="no receipt names it")
    unused = UnusedFile("s", "old.wav", 2048, Reason.SUPERSEDED, UnusedOutcome.UNUSED, "a")
    text = unused_text(UnusedReport((kept, unused), ("a receipt is broken",)), Style())
    assert text.splitlines()[1].startswith("-  old.wav")
    assert "error: a receipt is broken" in text
    assert text.endswith("1 file unused; 1 kept. Remove the unused files with --yes.")


def test_an_interrupted_run_is_reported():
    assert unused_text(UnusedReport(is_interrupted=True), Style()) == "Interrupted. 0 files unused."
