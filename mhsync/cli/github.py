"""GitHub Actions: annotations of files, the job summary, and the outputs of a step.

The formats: https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from mhsync.errors import Problem
from mhsync.reconcile.ci_environment import GithubStep

_SUMMARY_MOST = 1_000_000
"""Bytes: GitHub discards a job summary above 1 MiB."""


def add_summary(step: GithubStep, markdown: str) -> None:
    """Append to the job summary. A file that cannot be written is left out."""
    if step.summary and len(markdown) < _SUMMARY_MOST:
        _append(step.summary, f"{markdown}\n")


def set_outputs(step: GithubStep, values: Mapping[str, int | str]) -> None:
    """Set outputs of the step. Names and values have no line ends. A file that cannot be written is left out."""
    if step.output:
        _append(step.output, "".join(f"{name}={value}\n" for name, value in values.items()))


def annotate(problems: Iterable[Problem]) -> list[str]:
    """The workflow commands that show problems at their lines of a pull request's files."""
    return [
        f"::error {_properties(problem)}::{_data(problem.text)}" for problem in problems if problem.position.file
    ]


def _properties(problem: Problem) -> str:
    position = problem.position
    found = {
        "file": position.file,
        "line": position.line,
        "col": position.column,
        "title": f"mhsync: {problem.code}",
    }
    return ",".join(f"{name}={_property(str(value))}" for name, value in found.items() if value is not None)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _append(file: str, text: str) -> None:
    try:
        with Path(file).open("a", encoding="utf-8") as stream:
            stream.write(text)
    except OSError:
        return
