"""In GitHub Actions problems become annotations, and results reach the summary and the outputs of the step."""

from __future__ import annotations

import pytest

from mhsync.cli.github import add_summary, annotate, set_outputs
from mhsync.errors import Position, Problem
from mhsync.reconcile.ci_environment import GithubStep


@pytest.fixture
def step(tmp_path):
    """The environment of a step, and its two files."""
    summary, output = tmp_path / "summary", tmp_path / "output"
    environ = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary), "GITHUB_OUTPUT": str(output)}
    return environ, summary, output


def test_plan_and_apply_write_the_summary_and_the_outputs(cli_runner, step):
    environ, summary, output = step
    manifest = cli_runner.manifest("done", "canceled: deleted")
    assert cli_runner.run("plan", manifest, **environ).code == 0
    assert output.read_text().splitlines() == [
        "repair=0", "download=1", "move=0", "delete=1", "unchanged=0", "pending=0", "blocked=0", "failed=0", "acknowledged=0",
        "refusals=0",
    ]  # fmt: skip
    assert cli_runner.run("apply", manifest, "--yes", **environ).code == 0
    assert "downloaded=1" in output.read_text().splitlines()
    text = summary.read_text()
    assert text.index("### mhsync plan: 1 to download") < text.index("### mhsync apply: 1 downloaded")


def test_problems_of_manifests_are_annotated_at_their_lines(cli_runner, step):
    manifest = cli_runner.write("projects:\n  - {id: done, stat: deleted}")
    err = cli_runner.run("plan", manifest, **step[0]).err
    assert "::error file=m.yaml,line=3,col=16,title=mhsync%3A unknown_key::unknown key 'stat'" in err
    assert "::error" not in cli_runner.run("plan", manifest).err


def test_line_ends_and_separators_are_escaped():
    (line,) = annotate([Problem("a", "x\n::warning::y 100%", None, Position("a,b:c.yaml", 1))])
    assert line == "::error file=a%2Cb%3Ac.yaml,line=1,title=mhsync%3A a::x%0A::warning::y 100%25"
    assert annotate([Problem("a", "no position")]) == []


def test_files_that_cannot_be_written_fail_nothing(tmp_path):
    step = GithubStep(str(tmp_path), None)
    add_summary(step, "x")
    set_outputs(step, {"a": 1})
    assert list(tmp_path.iterdir()) == []
