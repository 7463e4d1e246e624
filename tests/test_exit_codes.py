"""One table of exit codes: in the code, in the errors, in docs/commands.md and in `sandbox run`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mhsync import errors
from mhsync.exit_codes import ExitCode, FailOn, detailed_exit_code_of_error, exit_code_of_plan, exit_code_of_run

DOCUMENT = Path(__file__).parents[1] / "docs" / "commands.md"


def test_the_documented_table_lists_the_exit_codes_in_order():
    section = DOCUMENT.read_text(encoding="utf-8").partition("## Exit codes")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (\d+) \|", section, re.MULTILINE)
    assert [int(row) for row in rows] == list(ExitCode)


def test_every_error_has_an_exit_code_of_the_table():
    found = {
        kind.exit_code
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.MhsyncError)
    }
    assert found == set(ExitCode) - {ExitCode.OK, ExitCode.BLOCKED}


@pytest.mark.parametrize(
    ("is_interrupted", "has_failed", "has_blocked", "wait_ran_out", "on_blocked", "on_failed"),
    [
        (True, True, True, True, 130, 130),
        (False, True, True, True, 1, 1),
        (False, False, True, True, 1, 4),
        (False, False, True, False, 1, 5),
        (False, False, False, True, 4, 4),
        (False, False, False, False, 0, 0),
    ],
)
def test_a_run_returns_the_first_code_that_applies(
    is_interrupted, has_failed, has_blocked, wait_ran_out, on_blocked, on_failed
):
    codes = [
        exit_code_of_run(
            is_interrupted=is_interrupted,
            has_failed=has_failed,
            has_blocked=has_blocked,
            wait_ran_out=wait_ran_out,
            fail_on=fail_on,
        )
        for fail_on in (FailOn.BLOCKED, FailOn.FAILED)
    ]
    assert codes == [on_blocked, on_failed]


@pytest.mark.parametrize(
    ("has_problems", "has_changes", "is_refused", "plain", "detailed"),
    [
        (True, True, True, 1, 1), (True, False, False, 1, 1), (False, True, True, 0, 3), (False, True, False, 0, 2),
        (False, False, False, 0, 0),
    ],
)  # fmt: skip
def test_only_a_detailed_plan_returns_2_for_changes_and_3_for_a_refusal(
    has_problems, has_changes, is_refused, plain, detailed
):
    codes = [
        exit_code_of_plan(
            has_failed=has_problems,
            has_blocked=False,
            has_changes=has_changes,
            is_refused=is_refused,
            is_detailed=is_detailed,
        )
        for is_detailed in (False, True)
    ]
    assert codes == [plain, detailed]


def test_an_error_under_detailed_exitcode_never_returns_2_or_3():
    assert [detailed_exit_code_of_error(code) for code in ExitCode] == [0, 1, 1, 1, 4, 5, 130]
