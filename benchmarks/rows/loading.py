"""`validate`: reading manifests and checking them against the schema."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from benchmarks.row import Contender, Row
from benchmarks.workspace import Workspace, contender_script, empty_folder, project_ids, write_manifest


@contextmanager
def _yaml(workspace: Workspace, count: int) -> Iterator[Sequence[Contender]]:
    manifest = write_manifest(empty_folder(workspace.folder / "validate") / "mhsync.yaml", count)
    yield (
        Contender("mhsync", [workspace.mhsync, "validate", str(manifest)], count),
        Contender("yaml.load", [workspace.python, contender_script("yaml_load"), str(manifest)], count),
    )


@contextmanager
def _json(workspace: Workspace, count: int) -> Iterator[Sequence[Contender]]:
    manifest = _write_json(empty_folder(workspace.folder / "validate-json") / "mhsync.json", count)
    load = "import json, sys; print(len(json.load(open(sys.argv[1]))['projects']))"
    yield (
        Contender("mhsync", [workspace.mhsync, "validate", str(manifest)], count),
        Contender("json.load", [workspace.python, "-c", load, str(manifest)], count),
    )


def _write_json(file: Path, count: int) -> Path:
    with file.open("w") as out:
        out.write('{"version": 1, "projects": [\n')
        for index, id in enumerate(project_ids(count)):
            out.write(f"{',' if index else ''}{json.dumps({'id': id})}\n")
        out.write("]}\n")
    return file


ROWS = (
    Row("validate-100k", "validate, 100,000 projects in YAML", partial(_yaml, count=100_000)),
    Row("validate-1m", "validate, 1,000,000 projects in YAML", partial(_yaml, count=1_000_000), is_large=True),
    Row("json-10k", "validate, 10,000 projects in JSON", partial(_json, count=10_000)),
    Row("json-100k", "validate, 100,000 projects in JSON", partial(_json, count=100_000)),
    Row("json-1m", "validate, 1,000,000 projects in JSON", partial(_json, count=1_000_000), is_large=True),
)
