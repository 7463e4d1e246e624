"""The environment variables of CI services. The mapping is passed in; nothing here reads `os.environ`."""

from __future__ import annotations

from collections.abc import Mapping

from mhsync.dataclass import dataclass


def is_ci_runner(environ: Mapping[str, str]) -> bool:
    """Whether this is a CI runner: `CI` is set, and is neither empty nor `false` nor `0`."""
    return environ.get("CI", "").strip().lower() not in ("", "false", "0")


@dataclass(frozen=True, slots=True)
class GithubStep:
    """The step of a GitHub Actions job in which mhsync runs.

    The variables: https://docs.github.com/actions/reference/variables-reference
    """

    summary: str | None
    """The file of the job summary."""
    output: str | None
    """The file of the outputs of the step."""


def github_step(environ: Mapping[str, str]) -> GithubStep | None:
    """The step that the environment describes; None outside of GitHub Actions."""
    if environ.get("GITHUB_ACTIONS") != "true":
        return None
    return GithubStep(environ.get("GITHUB_STEP_SUMMARY"), environ.get("GITHUB_OUTPUT"))
