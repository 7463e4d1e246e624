"""The exit codes of mhsync, and which one a command returns. docs/commands.md has the same table."""

from __future__ import annotations

from enum import IntEnum, StrEnum


class ExitCode(IntEnum):
    """What the exit code of a command means. Each class in errors.py has one of them."""

    OK = 0
    FAILED = 1
    USAGE = 2
    REFUSED = 3
    STILL_RENDERING = 4
    BLOCKED = 5
    """Only with `--fail-on failed`: nothing failed, and some projects are blocked."""
    INTERRUPTED = 130


class FailOn(StrEnum):
    """The value of `--fail-on`: which projects give the exit code 1."""

    BLOCKED = "blocked"
    """Failed and blocked ones."""
    FAILED = "failed"
    """Failed ones; blocked ones give 5: a person must look at them; another run does not help."""


PLAN_HAS_CHANGES = 2
"""`plan --detailed-exitcode`: the plan has changes."""
COMMAND_NOT_STARTED = 127
"""`sandbox run`: the command could not be started; a shell returns the same."""
SIGNAL_BASE = 128
"""`sandbox run`: a command that signal N ended returns 128 + N, as in a shell."""


def exit_code_of_run(
    *,
    is_interrupted: bool,
    has_failed: bool,
    has_blocked: bool = False,
    wait_ran_out: bool = False,
    fail_on: FailOn = FailOn.BLOCKED,
) -> ExitCode:
    """The exit code of a run that ended with a report: the first that applies of 130, 1, 4, 5 and 0."""
    if is_interrupted:
        return ExitCode.INTERRUPTED
    if has_failed or (has_blocked and fail_on is FailOn.BLOCKED):
        return ExitCode.FAILED
    if wait_ran_out:
        return ExitCode.STILL_RENDERING
    return ExitCode.BLOCKED if has_blocked else ExitCode.OK


def exit_code_of_plan(
    *,
    has_failed: bool,
    has_blocked: bool,
    has_changes: bool,
    is_refused: bool,
    is_detailed: bool,
    fail_on: FailOn = FailOn.BLOCKED,
) -> int:
    """The exit code of `plan`; `is_detailed` is `--detailed-exitcode`, and `is_refused` a guard's refusal."""
    if has_failed or (has_blocked and fail_on is FailOn.BLOCKED):
        return ExitCode.FAILED
    if is_detailed and is_refused:
        return ExitCode.REFUSED
    if is_detailed and has_changes:
        return PLAN_HAS_CHANGES
    return ExitCode.BLOCKED if has_blocked else ExitCode.OK


def detailed_exit_code_of_error(code: int) -> int:
    """The exit code of an error under `plan --detailed-exitcode`: 2 means changes there, so that errors are 1."""
    return ExitCode.FAILED if code in (ExitCode.USAGE, ExitCode.REFUSED) else code
