"""The findings of `verify` as text: a row for each problem, the worst first, then the totals."""

from __future__ import annotations

from mhsync.cli.render.terminal import Style
from mhsync.cli.render.verification import verification_text
from mhsync.core.verification import Finding, Verification, VerifiedFile

PLAIN = Style(100)


def file(finding: Finding, path: str, message: str = "") -> VerifiedFile:
    return VerifiedFile(finding, "outputs", path, "one", 1024, message)


FOUND = Verification(
    (
        file(Finding.OK, "a.wav"),
        file(Finding.UNKNOWN, "b.wav", "no receipt names this file"),
        file(Finding.MISSING, "c.wav", "the file is missing; its receipt names it"),
    ),
    not_stored=("two", "three"),
)


def test_problems_have_rows_the_worst_first_and_totals_follow():
    lines = verification_text(FOUND, PLAIN).splitlines()
    assert [line.split()[1] for line in lines[1:3]] == ["c.wav", "b.wav"]
    assert lines[-1] == "Verified: 1 file unchanged (1.0 KiB); 1 missing, 1 unknown; 2 projects not stored yet."


def test_verbose_adds_unchanged_files_and_the_ids_that_are_not_stored():
    text = verification_text(FOUND, PLAIN, is_verbose=True)
    assert "=  a.wav" in text
    assert text.endswith("Not stored yet: two, three")


def test_without_a_problem_there_is_only_the_line_of_totals():
    assert verification_text(Verification(), PLAIN) == "Verified: 0 files unchanged."
    assert verification_text(Verification(is_interrupted=True), PLAIN) == "Interrupted: 0 files unchanged."


def test_each_row_names_its_storage_where_there_are_several():
    other = VerifiedFile(
        Finding.CHANGED, "s3://b/audio", "a.wav", "one", 1024, "its bytes do not match its receipt"
    )
    text = verification_text(Verification((*FOUND.files, other)), PLAIN)
    assert "in s3://b/audio: one: its bytes" in text
    assert "in outputs: one: the file is missing" in text
    assert "in outputs" not in verification_text(FOUND, PLAIN)
