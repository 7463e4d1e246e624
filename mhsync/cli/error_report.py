"""Turn an exception into the printed error and the exit code; no other module does."""

from __future__ import annotations

import sys
from dataclasses import replace

import click

from mhsync.cli.console import Console
from mhsync.cli.group import COMMANDS
from mhsync.cli.render.json import dumped
from mhsync.cli.render.terminal import Color, Style, escape
from mhsync.dataclass import dataclass
from mhsync.errors import Interrupted, MhsyncError, Problem
from mhsync.exit_codes import ExitCode, detailed_exit_code_of_error
from mhsync.reconcile.ci_environment import github_step

FORMAT = "mhsync.error/1"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a command ended, and with which exit code."""

    exit: int
    problems: tuple[Problem, ...]

    def to_json(self) -> dict[str, object]:
        """`schemas/error.schema.json`."""
        return {
            "format": FORMAT,
            "exit": self.exit,
            "errors": [problem.to_json() for problem in self.problems],
        }


def report_error(console: Console, error: BaseException) -> int:
    """Print the error on stderr, and with `--format json` on stdout too; return the exit code."""
    failure = _redacted(_failure_of(error), console)
    if "--detailed-exitcode" in console.args:
        failure = replace(failure, exit=detailed_exit_code_of_error(failure.exit))
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        console.error(error.format_message())
    else:
        style = console.style(console.stderr)
        for problem in failure.problems:
            console.error(problem_text(problem, style))
    if console.verbose > 1:
        import traceback

        trace = "".join(traceback.format_exception(error)).rstrip()
        console.error("\n".join(escape(line) for line in console.redact(trace).splitlines()))
    if github_step(console.environ) is not None:
        from mhsync.cli.github import annotate

        console.error_lines(annotate(failure.problems))
    _write_result(console, failure)
    return failure.exit


def _write_result(console: Console, failure: Failure) -> None:
    """Write the error to stdout too, in the format of the results."""
    if not _has_format(console):
        return
    if console.format == "ndjson":
        import json

        console.out(json.dumps({"type": "error", **failure.to_json()}))
    elif console.has_document:
        return
    elif console.format == "markdown":
        from mhsync.cli.render.markdown import error_markdown

        console.document(error_markdown(console.args[0] if console.args else "", failure.problems).rstrip("\n"))
    elif console.is_json:
        console.document(dumped(failure.to_json()))


def _has_format(console: Console) -> bool:
    """Whether the command has the requested value of `--format`. Every command has text and json."""
    if console.format in ("text", "json"):
        return True
    module = sys.modules.get(f"mhsync.cli.{next((arg for arg in console.args if arg in COMMANDS), '')}")
    params: list[click.Parameter] = [] if module is None else module.command.params
    kinds = [param.type for param in params if "--format" in param.opts]
    return any(isinstance(kind, click.Choice) and console.format in kind.choices for kind in kinds)


def _redacted(failure: Failure, console: Console) -> Failure:
    """The failure with the secrets removed from every text."""
    problems = tuple(
        replace(
            problem,
            message=console.redact(problem.message),
            hint=None if problem.hint is None else console.redact(problem.hint),
        )
        for problem in failure.problems
    )
    return Failure(failure.exit, problems)


def problem_text(problem: Problem, style: Style) -> str:
    """`error: file:line:column: id: message`, then a line with the hint."""
    line = f"{style.paint('error:', Color.BOLD_RED)} {escape(problem.located)}"
    return f"{line}\n  hint: {escape(problem.hint)}" if problem.hint else line


def _failure_of(error: BaseException) -> Failure:
    if isinstance(error, MhsyncError):
        return Failure(error.exit_code, error.problems)
    if isinstance(error, click.Abort | KeyboardInterrupt):
        return Failure(ExitCode.INTERRUPTED, Interrupted("interrupted").problems)
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        return Failure(
            ExitCode.USAGE, (Problem("usage", "no command was given", "mhsync --help lists the commands"),)
        )
    if isinstance(error, click.UsageError):
        path = error.ctx.command_path if error.ctx is not None else "mhsync"
        return Failure(ExitCode.USAGE, (Problem("usage", _message(error), f"see '{path} --help'"),))
    if isinstance(error, click.ClickException):
        return Failure(error.exit_code, (Problem("error", _message(error)),))
    kind = type(error).__name__
    what = f"{kind}: {error}" if str(error) else kind
    hint = "this is a bug in mhsync or in a plugin: please report it with the output of -vv"
    return Failure(ExitCode.FAILED, (Problem("unexpected", what, hint),))


def _message(error: click.ClickException) -> str:
    """The message of a click error in the form of our own: one line, no capital, no full stop."""
    text = " ".join(error.format_message().split()).removesuffix(".")
    return text[:1].lower() + text[1:]
