"""tools/check_pythons.py finds every CPython from 3.11 on, and fails where anything that it runs fails."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
TOOL = ROOT / "tools" / "check_pythons.py"
HERE = ".".join(map(str, sys.version_info[:3]))


def interpreter(folder: Path, name: str, answer: str) -> Path:
    """A program that answers what it is like, as the tool asks interpreters to."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{answer}\n")
    path.chmod(0o755)
    return path


def listed(tmp_path: Path, path: str = "") -> list[str]:
    env = {"HOME": str(tmp_path), "PYENV_ROOT": str(tmp_path / "pyenv"), "PATH": path or "/nowhere"}
    done = subprocess.run(
        [sys.executable, str(TOOL), "--list"], env=env, capture_output=True, text=True, timeout=60, check=False
    )
    return done.stdout.splitlines() if done.returncode == 0 else [done.stderr.splitlines()[-1]]


def says(version: str, kind: str = "cpython", level: str = "final", lock: str = "false") -> str:
    numbers = version.replace(".", ", ")
    return f"""echo '["{kind}", [{numbers}, "{level}"], {lock}]'"""


def test_each_version_in_pyenv_and_on_the_path_is_found_once(tmp_path: Path) -> None:
    versions = tmp_path / "pyenv" / "versions"
    for version in ("3.10.13", "3.12.1", "3.13.0"):
        interpreter(versions / version / "bin", "python3", says(version))
    first = tmp_path / "bin"
    interpreter(first, "python3.12", says("3.12.1"))
    interpreter(first, "python3.14", says("3.14.2"))
    interpreter(first, "python3-config", says("3.15.0"))
    (first / "python3.11").symlink_to(sys.executable)
    found = listed(tmp_path, str(first))
    assert [line.split()[0] for line in found] == [HERE, "3.12.1", "3.13.0", "3.14.2"]


def test_what_is_no_final_cpython_is_left_out(tmp_path: Path) -> None:
    folder = tmp_path / "bin"
    interpreter(folder, "python3.11", says("3.11.7", kind="pypy"))
    interpreter(folder, "python3.12", "exit 1")
    interpreter(folder, "python3.13", says("3.13.0", lock="true"))
    interpreter(folder, "python3.15", says("3.15.0", level="alpha"))
    (error,) = listed(tmp_path, str(folder))
    assert "no CPython from 3.11 on" in error


def test_a_test_that_fails_fails_the_run_and_is_shown(tmp_path: Path) -> None:
    copy = tmp_path / "project"
    (copy / "tools").mkdir(parents=True)
    (copy / "tools" / TOOL.name).write_text(TOOL.read_text())
    for file in ("pyproject.toml", "constraints.txt"):
        (copy / file).touch()
    scripts = copy / ".venv-pythons" / HERE / "bin"
    interpreter(scripts, "mhsync", "exit 0")
    interpreter(scripts, "python", "echo 1 failed in 3s; exit 1")
    (scripts.parent / ".ready").touch()
    command = [sys.executable, str(copy / "tools" / TOOL.name), "--python", sys.executable]
    done = subprocess.run(command, env=dict(os.environ), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "1 failed in 3s" in done.stdout
    assert f"== {HERE}: FAILED" in done.stdout
    interpreter(scripts, "python", "echo 1 passed in 3s")
    done = subprocess.run(command, env=dict(os.environ), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "demo and 1 passed in 3s" in done.stdout
