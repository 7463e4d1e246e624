"""The exit codes of mhsync, and which one a command returns. docs/commands.md has the same table."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What the exit code of a command means. Each class in errors.py has one of them."""

    OK = 0
    FAILED = 1
    USAGE = 2
    REFUSED = 3
    STILL_RENDERING = 4
    INTERRUPTED = 130


PLAN_HAS_CHANGES = 2
"""`plan --detailed-exitcode`: the plan has changes."""
COMMAND_NOT_STARTED = 127
"""`sandbox run`: the command could not be started; a shell returns the same."""
SIGNAL_BASE = 128
"""`sandbox run`: a command that signal N ended returns 128 + N, as in a shell."""


def exit_code_of_run(*, is_interrupted: bool, has_problems: bool, wait_ran_out: bool = False) -> ExitCode:
    """The exit code of a run that ended with a report: the first that applies of 130, 1, 4 and 0."""
    if is_interrupted:
        return ExitCode.INTERRUPTED
    if has_problems:
        return ExitCode.FAILED
    return ExitCode.STILL_RENDERING if wait_ran_out else ExitCode.OK


def exit_code_of_plan(*, has_problems: bool, has_changes: bool, is_refused: bool, is_detailed: bool) -> int:
    """The exit code of `plan`; `is_detailed` is `--detailed-exitcode`, and `is_refused` a guard's refusal."""
    if has_problems:
        return ExitCode.FAILED
    if is_detailed and is_refused:
        return ExitCode.REFUSED
    return PLAN_HAS_CHANGES if is_detailed and has_changes else ExitCode.OK


def detailed_exit_code_of_error(code: int) -> int:
    """The exit code of an error under `plan --detailed-exitcode`: 2 means changes there, so that errors are 1."""
    return ExitCode.FAILED if code in (ExitCode.USAGE, ExitCode.REFUSED) else code
