"""The manifests in examples/: each is applied against a sandbox, and a second apply finds nothing to do."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mhsync.sandbox.defaults import default_account
from mhsync.sandbox.server import Sandbox

EXAMPLES = Path(__file__).parents[2] / "examples"


def apply(sandbox: Sandbox, file: Path) -> dict[str, str]:
    """The outcome of each project."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MHSYNC")}
    environment |= {"MHSYNC_API_URL": sandbox.api_url, "MAGIC_HOUR_API_KEY": sandbox.key}
    run = subprocess.run(
        [sys.executable, "-m", "mhsync", "apply", str(file), "--yes", "--no-plugins", "--format", "json"],
        capture_output=True, text=True, env=environment,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    return {result["id"]: result["outcome"] for result in json.loads(run.stdout)["results"]}


@pytest.mark.parametrize(
    ("name", "outcomes", "stored"),
    [
        ("minimal.yaml", {"sbx-complete": "downloaded"}, {"sbx-complete/output.wav"}),
        (
            "manifest.yaml",
            {
                "sbx-complete": "downloaded",
                "sbx-several": "downloaded",
                "sbx-unnamed": "archived",
                "sbx-odd-name": "deleted",
            },
            {
                "sbx-complete/output.wav",
                "takes/Three takes-1.wav",
                "takes/Three takes-2.wav",
                "takes/Three takes-3.wav",
                "archive/2026-02-01/sbx-unnamed.wav",
            },
        ),
    ],
)
def test_an_example_applies_once_and_then_finds_nothing_to_do(
    tmp_path: Path, name: str, outcomes: dict[str, str], stored: set[str]
) -> None:
    file = Path(shutil.copy(EXAMPLES / name, tmp_path))
    with Sandbox(default_account()) as sandbox:
        assert apply(sandbox, file) == outcomes
        assert apply(sandbox, file) == dict.fromkeys(outcomes, "unchanged")
    outputs = tmp_path / "outputs"
    found = {path.relative_to(outputs).as_posix() for path in outputs.rglob("*.wav")}
    assert found == stored
