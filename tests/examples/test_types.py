"""The examples are typed as strictly as mhsync itself: people copy them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.examples.installed import MYPY_CACHE

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("mhsync-*"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_an_example_s_types_are_strict(example: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(MYPY_CACHE), example.name.replace("-", "_"), "tests"],
        cwd=example, env={**os.environ, "MYPYPATH": str(ROOT)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
