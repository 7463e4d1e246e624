"""A third party's storage: installed as a package of its own, found by its entry point, used and proved."""

from __future__ import annotations

import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.examples.installed import Installed, install, lay_down

EXAMPLE = Path(__file__).parents[2] / "examples" / "mhsync-example-storage"

LOOK = """
import json, sys
from mhsync.hooks.manager import Hooks
from mhsync.core.manifest import ManifestFile
hooks = Hooks.load(only=["mhsync-example-storage"])
hooks.require_loaded()
storage = hooks.open_storage(ManifestFile("m.yaml", "/", "", sys.argv[1]))
with storage.write("a.wav") as writer:
    writer.write(b"kept")
plugin = hooks.plugins[1]
print(json.dumps([plugin.name, plugin.version, plugin.schemes, type(storage.wrapped).__module__, [f.path for f in storage.list()]]))
"""


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return install(EXAMPLE, tmp_path_factory.mktemp("storage"))


def test_it_is_found_by_its_entry_point(example: Installed, tmp_path: Path) -> None:
    told = json.loads(example.python("-c", LOOK, f"sqlite://{tmp_path}/outputs.db", cwd=tmp_path))
    assert told == ["mhsync-example-storage", "1.0", ["sqlite"], "mhsync_example_storage.plugin", ["a.wav"]]
    assert (tmp_path / "outputs.db").is_file()


def test_it_keeps_every_promise_of_a_storage(example: Installed, tmp_path: Path) -> None:
    example.passes(EXAMPLE / "tests", scratch=tmp_path)


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


def test_a_check_sees_a_local_file_whatever_the_storage(example: Installed, tmp_path: Path) -> None:
    lay_down(tmp_path / "checks", "mhsync-check", CHECK)
    (tmp_path / "m.yaml").write_text(MANIFEST.format(folder=tmp_path))
    command = [
        "-m",
        "mhsync",
        "sandbox",
        "--port",
        "0",
        "run",
        "--",
        sys.executable,
        "-m",
        "mhsync",
        "apply",
        "m.yaml",
        "--yes",
    ]
    both = {
        "PYTHONPATH": f"{example.site}:{tmp_path / 'checks'}",
        "MHSYNC_PLUGINS": f"{example.name},mhsync-check",
    }
    example.python(*command, cwd=tmp_path, **both)
    with closing(sqlite3.connect(tmp_path / "outputs.db")) as database:
        query = "SELECT data FROM files JOIN chunks ON id = file WHERE path = '.mhsync/receipts/sbx-complete.json'"
        (receipt,) = database.execute(query).fetchone()
    assert json.loads(receipt)["outputs"][0]["facts"] == {"start": "RIFF"}


def test_an_apply_keeps_its_outputs_and_receipts_in_it(example: Installed, tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text(MANIFEST.format(folder=tmp_path))
    command = ["-m", "mhsync", "sandbox", "--port", "0", "run", "--", "sh", "-c", COMMANDS, sys.executable]
    report = json.loads(example.python(*command, cwd=tmp_path))
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
