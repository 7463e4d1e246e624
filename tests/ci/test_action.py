"""The GitHub action runs mhsync, keeps one comment up to date, and passes inputs on without evaluating them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from mhsync.sandbox.account import Account, SandboxProject, outputs_of
from mhsync.sandbox.server import Sandbox
from tests.ci.comments_server import Comments, comments_server

ROOT = Path(__file__).parents[2]
COUNT = 2_000
OTHER = "a comment of a person that quotes <!-- mhsync:mhsync -->"


@dataclass(frozen=True)
class Step:
    """A step of a job on a pull request, in a repository with a manifest."""

    folder: Path
    comments: Comments
    environ: dict[str, str]

    def run(self, **inputs: str) -> subprocess.CompletedProcess[str]:
        (self.folder / "output").write_text("")
        return subprocess.run(
            ["bash", ROOT / "ci" / "run.sh"],
            cwd=self.folder,
            env={**self.environ, "MHSYNC_COMMAND": "plan", "MHSYNC_MANIFESTS": "mhsync.yaml", **inputs},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    @property
    def outputs(self) -> dict[str, str]:
        lines = (self.folder / "output").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)

    def manifest(self, *entries: str) -> None:
        lines = "".join(f"  - {{id: {entry}}}\n" for entry in entries)
        (self.folder / "mhsync.yaml").write_text(f"version: 1\nprojects:\n{lines}")


@pytest.fixture
def step(tmp_path: Path) -> Iterator[Step]:
    scripts = tmp_path / "runner" / "mhsync" / "bin"
    scripts.mkdir(parents=True)
    (scripts / "python").symlink_to(sys.executable)
    (scripts / "mhsync").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m mhsync "$@"\n')
    (scripts / "mhsync").chmod(0o755)
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"pull_request": {"number": 7}}))
    projects = [SandboxProject(f"p{n}", outputs=outputs_of(f"p{n}", size=100)) for n in range(COUNT)]
    with Sandbox(Account(projects)) as sandbox, comments_server() as comments:
        environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": comments.url,
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_OUTPUT": str(tmp_path / "output"),
            "GITHUB_REPOSITORY": "owner/audio",
            "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
            "GITHUB_TOKEN": "ghs_5ecre7",
            "MAGIC_HOUR_API_KEY": sandbox.key,
            "MHSYNC_API_URL": sandbox.api_url,
            "MHSYNC_PLUGINS": "",
            "RUNNER_TEMP": str(tmp_path / "runner"),
        }
        step = Step(tmp_path, comments, environ)
        step.manifest("p0", "p1, state: deleted")
        yield step


def test_one_comment_is_created_and_then_updated_in_place(step):
    step.comments.bodies += [OTHER] * 150
    done = step.run()
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("comment created\n")
    assert step.outputs["exit-code"] == "2"
    assert (step.outputs["download"], step.outputs["delete"]) == ("1", "1")
    assert step.run().stdout.endswith("comment unchanged\n")
    step.manifest("p0")
    assert step.run().stdout.endswith("comment updated\n")
    *others, own = step.comments.bodies
    assert others == [OTHER] * 150
    assert own.startswith("<!-- mhsync:mhsync -->\n### mhsync plan: 1 to download, 0 to move, 0 to delete\n")
    assert step.comments.tokens == {"Bearer ghs_5ecre7"}


def test_the_comment_of_thousands_of_changes_is_accepted(step):
    step.manifest(*(f"p{n}, state: deleted" for n in range(COUNT)))
    done = step.run()
    assert done.stdout.endswith("comment created\n")
    (comment,) = step.comments.bodies
    assert "**Deletes" in comment or "Deletes (2,000)" in comment
    assert " more; " in comment


def test_apply_changes_the_account_and_a_second_plan_finds_nothing(step):
    assert step.run(MHSYNC_COMMAND="apply").returncode == 0
    assert (step.folder / "outputs" / "p0" / "output.wav").stat().st_size == 100
    done = step.run()
    assert (done.returncode, step.outputs["exit-code"]) == (0, "0")
    assert "nothing to do" in step.comments.bodies[0]


@pytest.mark.parametrize("name", ["MHSYNC_MANIFESTS", "MHSYNC_ARGUMENTS", "MHSYNC_COMMAND"])
def test_an_input_is_never_evaluated(step, name):
    done = step.run(**{name: '$(touch evaluated) `touch evaluated` ; touch evaluated "'})
    assert done.returncode != 0
    assert not (step.folder / "evaluated").exists()


def test_a_failed_plan_is_in_the_comment_and_fails_the_step(step):
    (step.folder / "mhsync.yaml").write_text("version: 1\nprojects: [{id: p0, stat: deleted}]\n")
    done = step.run()
    assert (done.returncode, step.outputs["exit-code"]) == (1, "1")
    assert "::error file=mhsync.yaml,line=2," in done.stderr
    assert "### mhsync plan: failed" in step.comments.bodies[0]


def test_a_refused_plan_fails_the_step(step):
    done = step.run(MHSYNC_ARGUMENTS="--max-deletes 0")
    assert (done.returncode, step.outputs["refusals"]) == (3, "1")


def test_a_comment_that_cannot_be_written_is_a_warning(step):
    step.comments.is_broken = True
    done = step.run()
    assert done.returncode == 0
    assert "error: GET /repos/owner/audio/issues/7/comments: the server returned 500" in done.stderr
    assert "::warning title=mhsync::the comment could not be written" in done.stdout
    assert "ghs_5ecre7" not in done.stdout + done.stderr


@pytest.mark.parametrize("how", ["no pull request", "switched off"])
def test_no_comment_is_written_where_none_is_wanted(step, how):
    if how == "no pull request":
        Path(step.environ["GITHUB_EVENT_PATH"]).write_text(json.dumps({"ref": "refs/heads/main"}))
    assert step.run(MHSYNC_COMMENT=str(how != "switched off").lower()).returncode == 0
    assert step.comments.calls == []


def test_a_note_of_a_merge_request_is_updated_in_place(step):
    file = step.folder / "plan.md"
    environ = {
        "CI_API_V4_URL": step.comments.url,
        "CI_PROJECT_ID": "42",
        "CI_MERGE_REQUEST_IID": "7",
        "GITLAB_TOKEN": "glpat",
    }
    for text in ("one", "two"):
        file.write_text(text)
        subprocess.run(
            [sys.executable, ROOT / "ci" / "comment.py", "gitlab", file], env=environ, timeout=60, check=True
        )
    assert step.comments.bodies == ["<!-- mhsync:mhsync -->\ntwo"]
    assert "PUT" in step.comments.calls


def test_the_action_passes_every_input_to_its_scripts_and_only_through_the_environment():
    action: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
    steps = action["runs"]["steps"]
    used = " ".join(str(value) for step in steps for value in step.get("env", {}).values())
    assert [name for name in action["inputs"] if f"inputs.{name} " not in used] == []
    assert not [step for step in steps if "${{" in step.get("run", "")]
    scripts = [
        step["run"].split('"')[1].replace("$GITHUB_ACTION_PATH", str(ROOT)) for step in steps if "run" in step
    ]
    assert [script for script in scripts if not Path(script).exists()] == []


def test_install_puts_mhsync_into_the_folder_that_run_uses(tmp_path):
    environ = {**os.environ, "RUNNER_TEMP": str(tmp_path), "MHSYNC_VERSION": "", "MHSYNC_PACKAGES": ""}
    done = subprocess.run(
        ["bash", ROOT / "ci" / "install.sh"], env=environ, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.stdout.startswith("mhsync "), done.stderr
    assert (tmp_path / "mhsync" / "bin" / "mhsync").exists()
