"""The result of a verification: problems, totals and exit code."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest
from jsonschema import Draft202012Validator

from mhsync.core.verification import Finding, Verification, VerifiedFile

SCHEMA = Draft202012Validator(json.loads((files("mhsync.schemas") / "verification.schema.json").read_text()))


def found(*findings: Finding, not_stored: tuple[str, ...] = (), is_interrupted: bool = False) -> Verification:
    verified = tuple(VerifiedFile(finding, "outputs", f"{n}.wav", "one", 10) for n, finding in enumerate(findings))
    return Verification(verified, not_stored, is_interrupted)


def test_every_finding_except_ok_is_a_problem():
    verification = found(*Finding)
    assert [file.finding for file in verification.problems] == [f for f in Finding if f is not Finding.OK]


def test_findings_and_projects_that_are_not_stored_are_counted():
    assert found(Finding.OK, Finding.OK, Finding.CHANGED, not_stored=("a",)).summary == {
        "ok": 2, "missing": 0, "changed": 1, "unreadable": 0, "unknown": 0, "not_stored": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("verification", "expected"),
    [
        (found(), 0),
        (found(Finding.OK, not_stored=("a",)), 0),
        (found(Finding.OK, Finding.MISSING), 1),
        (found(Finding.MISSING, is_interrupted=True), 130),
    ],
)
def test_the_exit_code_is_1_only_for_a_problem_of_a_file(verification: Verification, expected: int):
    assert verification.exit_code == expected


def test_the_json_is_valid_by_its_schema():
    SCHEMA.validate(found(*Finding, not_stored=("a",)).to_json())
