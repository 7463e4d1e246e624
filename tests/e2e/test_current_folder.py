"""`python -m mhsync` loads nothing from the current folder: its files may come from another user."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.examples.installed import lay_down

PLANTED = """
import os
with open(os.environ["SEEN"], "a") as file:
    file.write(__name__ + "\\n")
"""
PLUGIN = PLANTED + "from mhsync import hookimpl\n@hookimpl\ndef mhsync_event(event): ...\n"
COMMANDS = [["plugins", "--format", "json"], ["--help"], ["validate", "m.yaml"], ["plan", "m.yaml"]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "folder"
    lay_down(folder, "mhsync-planted", PLUGIN)
    old = folder / "mhsync_egg.egg-info"
    old.mkdir()
    (folder / "mhsync_egg.py").write_text(PLUGIN)
    (old / "PKG-INFO").write_text("Metadata-Version: 2.1\nName: mhsync-egg\nVersion: 1\n")
    (old / "entry_points.txt").write_text("[mhsync]\negg = mhsync_egg\n")
    for module in (
        "click",
        "yaml",
        "urllib3",
        "jsonschema",
        "pluggy",
        "typing",
        "json",
        "logging",
        "difflib",
        "ssl",
    ):
        (folder / f"{module}.py").write_text(PLANTED + "raise SystemExit('planted')\n")
    (folder / "m.yaml").write_text("version: 1\nprojects: [{id: one1}]\n")
    return folder


def run(
    folder: Path, python: Sequence[str], command: Sequence[str]
) -> tuple[subprocess.CompletedProcess[str], str]:
    seen = folder.parent / "seen"
    env = {"PATH": "/usr/bin:/bin", "HOME": str(folder.parent), "SEEN": str(seen), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [*python, *command], cwd=folder, env=env, capture_output=True, text=True, timeout=60, check=False
    )
    return done, seen.read_text() if seen.exists() else ""


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize(
    "python",
    [
        [sys.executable, "-m", "mhsync"],
        [sys.executable, "-P", "-m", "mhsync"],
        [f"{Path(sys.executable).parent}/mhsync"],
    ],
    ids=["-m", "-P -m", "script"],
)
def test_nothing_in_the_current_folder_is_imported(folder: Path, python: list[str], command: list[str]) -> None:
    done, seen = run(folder, python, command)
    assert seen == ""
    assert "planted" not in done.stdout + done.stderr
    # Without a key `plan` ends with 1; no command ends for another reason.
    assert done.returncode == (1 if command[0] == "plan" else 0), done.stderr
    if command[0] == "plugins":
        assert [plugin["name"] for plugin in json.loads(done.stdout)["plugins"]] == ["mhsync"]


def test_the_planted_files_would_be_imported(folder: Path) -> None:
    """So the test above would see it."""
    code = "import importlib.metadata as m; print([p.load() for p in m.entry_points(group='mhsync')])"
    for module in folder.glob("*.py"):
        if not module.name.startswith("mhsync_"):
            module.unlink()
    _, seen = run(folder, [sys.executable, "-c", code], [])
    assert set(seen.split()) == {"mhsync_planted", "mhsync_egg"}
