"""What `mhsync plugins new` writes is a plugin that works: it installs, keeps every promise, and is found."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.examples.installed import MYPY_CACHE, Installed, install

ROOT = Path(__file__).parents[2]
NAME = "mhsync-paper-shelf"
PACKAGE = "mhsync_paper_shelf"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package that the command wrote."""
    folder = tmp_path_factory.mktemp("written")
    command = [sys.executable, "-m", "mhsync", "plugins", "new", NAME]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder / NAME


@pytest.fixture(scope="module")
def shelf(written: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return install(written, tmp_path_factory.mktemp("shelf"))


def test_its_tests_pass_the_conformance_suite_among_them(written: Path, shelf: Installed, tmp_path: Path) -> None:
    shelf.passes(written / "tests", scratch=tmp_path)


def test_it_is_listed_with_its_scheme_and_nothing_wrong(shelf: Installed, tmp_path: Path) -> None:
    listed = json.loads(shelf.python("-m", "mhsync", "plugins", "--format", "json", cwd=tmp_path))["plugins"]
    assert listed[1:] == [
        {
            "name": NAME,
            "version": "0.1.0",
            "module": f"{PACKAGE}.plugin",
            "hooks": ["mhsync_storage_schemes"],
            "schemes": ["paper-shelf"],
            "error": None,
        }
    ]


def test_its_licence_and_type_marker_are_installed(shelf: Installed) -> None:
    files = {path.relative_to(shelf.site).as_posix() for path in shelf.site.rglob("*")}
    assert f"{PACKAGE}/py.typed" in files
    assert [file for file in files if file.endswith("/licenses/LICENSE")]


@pytest.mark.parametrize("command", [["check"], ["format", "--check"]], ids=["rules", "format"])
def test_it_is_written_as_the_house_writes(written: Path, command: list[str]) -> None:
    ours = ["--config", str(ROOT / "pyproject.toml"), "--config", "src=['.']", "--no-cache"]
    if command == ["check"]:
        ours += ["--config", "lint.isort.known-third-party=['mhsync']", "--config", "lint.per-file-ignores={}"]
        ours += ["--config", "lint.extend-per-file-ignores={'tests/**'=['S']}"]
    done = subprocess.run(
        [str(Path(sys.executable).with_name("ruff")), *command, *ours, "."],
        cwd=written, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_its_types_are_strict(written: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(MYPY_CACHE), PACKAGE],
        cwd=written, env={**os.environ, "MYPYPATH": str(ROOT)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
