"""The package: what ships in the wheel, and that it works where nothing else is installed."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MANIFEST = """
version: 1
policy: {deletes: allow, durable_storage: true}
projects:
  - {id: sbx-complete}
  - {id: sbx-unnamed, state: archived}
  - {id: sbx-odd-name, state: deleted}
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    # A copy: what an earlier build left in the tree must not get into this one, nor this one's into the tree.
    source = out / "source"
    for name in ("mhsync", "schemas"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", str(out)]
    subprocess.run([*build, str(source)], check=True, capture_output=True, cwd=out)
    (found,) = out.glob("*.whl")
    return found


def test_the_wheel_holds_every_room_the_schemas_and_the_type_marker(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    sources = {path.relative_to(ROOT).as_posix() for path in (ROOT / "mhsync").rglob("*.py")}
    assert sources <= names, sources - names
    assert {f"mhsync/schemas/{path.name}" for path in (ROOT / "schemas").glob("*.json")} <= names
    assert "mhsync/py.typed" in names
    template = (ROOT / "mhsync" / "testing" / "template").iterdir()
    assert {f"mhsync/testing/template/{path.name}" for path in template} <= names
    assert not [name for name in names if name.startswith("tests/")]


def test_the_wheel_runs_the_main_job_in_an_empty_environment(wheel, tmp_path):
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
    python = venv / "bin" / "python"
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*install, "-c", str(ROOT / "constraints.txt"), str(wheel)], check=True, capture_output=True)
    (tmp_path / "m.yaml").write_text(MANIFEST)
    command = [
        str(venv / "bin" / "mhsync"),
        "sandbox",
        "run",
        "--",
        str(venv / "bin" / "mhsync"),
        "apply",
        "m.yaml",
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert sorted(p.as_posix() for p in tmp_path.glob("outputs/*/*.wav")) == [
        (tmp_path / "outputs/sbx-complete/output.wav").as_posix(),
        (tmp_path / "outputs/sbx-unnamed/output.wav").as_posix(),
    ]
    schema = subprocess.run(
        [str(python), "-m", "mhsync", "schema", "manifest"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert schema.returncode == 0, schema.stderr
    assert '"urn:mhsync:manifest:1"' in schema.stdout
