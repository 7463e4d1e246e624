"""A third party's storage: installed as a package of its own, found by its entry point, used and proved."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "mhsync-example-storage"

LOOK = """
import json, sys
from mhsync.hooks.manager import Hooks
from mhsync.core.manifest import ManifestFile
hooks = Hooks.load(only=["mhsync-example-storage"])
hooks.require_sound()
storage = hooks.open_storage(ManifestFile("m.yaml", "/", "", sys.argv[1]))
with storage.write("a.wav") as writer:
    writer.write(b"kept")
plugin = hooks.plugins[1]
print(json.dumps([plugin.name, plugin.version, plugin.schemes, type(storage).__module__, [f.path for f in storage.list()]]))
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the example is installed into, from a copy: building leaves files beside the source."""
    source = tmp_path_factory.mktemp("source") / "example"
    shutil.copytree(EXAMPLE, source, ignore=shutil.ignore_patterns("__pycache__", "build", "*.egg-info"))
    target = tmp_path_factory.mktemp("site")
    run = subprocess.run(
        [
            sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index", "--no-deps",
            "--no-build-isolation", "--target", str(target), str(source),
        ],
        capture_output=True, text=True,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    return target


def python(site: Path, *arguments: str, cwd: Path, beside: Path | None = None) -> str:
    """What a Python that has the example installed prints, and the plugin in `beside`, where one is given."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MHSYNC", "PYTEST"))}
    environment |= {"PYTHONPATH": str(site), "MHSYNC_PLUGINS": "mhsync-example-storage"}
    if beside is not None:
        environment |= {"PYTHONPATH": f"{site}:{beside}", "MHSYNC_PLUGINS": "mhsync-example-storage,mhsync-check"}
    run = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, env=environment, cwd=cwd)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


def test_it_is_found_by_its_entry_point(site: Path, tmp_path: Path) -> None:
    told = json.loads(python(site, "-c", LOOK, f"sqlite://{tmp_path}/outputs.db", cwd=tmp_path))
    assert told == ["mhsync-example-storage", "1.0", ["sqlite"], "mhsync_example_storage", ["a.wav"]]
    assert (tmp_path / "outputs.db").is_file()


def test_it_keeps_every_promise_of_a_storage(site: Path, tmp_path: Path) -> None:
    told = python(
        site, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(EXAMPLE),
        "--basetemp", str(tmp_path / "tests"), str(EXAMPLE / "tests"), cwd=tmp_path,
    )  # fmt: skip
    assert "passed" in told
    assert "skipped" not in told


MANIFEST = """
version: 1
storage: "sqlite://{folder}/outputs.db"
policy: {{durable_storage: true}}
projects:
  - id: sbx-several
  - {{id: sbx-complete, state: archived}}
"""
COMMANDS = """
set -e
"$0" -m mhsync apply m.yaml --yes --format json
"$0" -m mhsync plan m.yaml --detailed-exitcode >&2
"$0" -m mhsync verify m.yaml >&2
"""


CHECK = """
from mhsync import hookimpl

@hookimpl
def mhsync_check_output(file):
    return {"start": file.read_bytes()[:4].decode()}
"""


def test_a_check_sees_a_local_file_whatever_the_storage(site: Path, tmp_path: Path) -> None:
    checks = tmp_path / "checks"
    metadata = checks / "mhsync_check-1.0.dist-info"
    metadata.mkdir(parents=True)
    (checks / "mhsync_check.py").write_text(CHECK)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: mhsync-check\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[mhsync]\ncheck = mhsync_check\n")
    (tmp_path / "m.yaml").write_text(MANIFEST.format(folder=tmp_path))
    command = ["-m", "mhsync", "sandbox", "run", "--", sys.executable, "-m", "mhsync", "apply", "m.yaml", "--yes"]
    python(site, *command, cwd=tmp_path, beside=checks)
    with closing(sqlite3.connect(tmp_path / "outputs.db")) as database:
        query = "SELECT data FROM files JOIN chunks ON id = file WHERE path = '.mhsync/receipts/sbx-complete.json'"
        (receipt,) = database.execute(query).fetchone()
    assert json.loads(receipt)["outputs"][0]["facts"] == {"start": "RIFF"}


def test_an_apply_keeps_its_outputs_and_receipts_in_it(site: Path, tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text(MANIFEST.format(folder=tmp_path))
    command = ["-m", "mhsync", "sandbox", "run", "--", "sh", "-c", COMMANDS, sys.executable]
    report = json.loads(python(site, *command, cwd=tmp_path))
    assert {result["id"]: result["outcome"] for result in report["results"]} == {
        "sbx-several": "downloaded",
        "sbx-complete": "archived",
    }
    with closing(sqlite3.connect(tmp_path / "outputs.db")) as database:
        kept = [path for (path,) in database.execute("SELECT path FROM files ORDER BY path")]
    assert kept == [
        ".mhsync/receipts/sbx-complete.json",
        ".mhsync/receipts/sbx-several.json",
        "sbx-complete/output.wav",
        "sbx-several/output-2.wav",
        "sbx-several/output-3.wav",
        "sbx-several/output.wav",
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.yaml", "outputs.db"]
