from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from mhsync.core.manifest import ManifestFile
from mhsync.errors import ManifestError, Problem
from mhsync.loader import load
from mhsync.settings import ManifestSettings

MANUAL = (Path(__file__).parents[2] / "docs" / "manifest.md").read_text(encoding="utf-8")
DOCUMENTED_CODES = frozenset(
    code
    for row in re.findall(
        r"^\| (`.*?) \|", MANUAL.partition("## Errors")[2].partition("## In an editor")[0], re.MULTILINE
    )
    for code in re.findall(r"`(\w+)`", row)
)
"""The codes of problems that the tables of the manual list."""


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., str]:
    """Writes a manifest and returns its name."""

    def write(text: str | bytes, name: str = "manifest.yaml") -> str:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return str(path)

    return write


@pytest.fixture
def loaded(write: Callable[..., str]) -> Callable[[str], ManifestFile]:
    """Loads one valid manifest."""
    return lambda text: load([write(text)]).files[0]


@pytest.fixture
def problems_of(write: Callable[..., str]) -> Callable[..., list[Problem]]:
    """Loads one invalid manifest and returns its problems; each has the file's name, a position and a hint."""

    def problems_of(text: str | bytes, settings: ManifestSettings = ManifestSettings()) -> list[Problem]:  # noqa: B008
        name = write(text)
        with pytest.raises(ManifestError) as error:
            load([name], settings)
        problems = list(error.value.problems)
        assert all(problem.position.file == name and problem.hint for problem in problems)
        for problem in problems:
            assert problem.code in DOCUMENTED_CODES
            assert problem.message.isprintable()
            assert (problem.hint or "").isprintable()
            assert len(problem.message) < 250
        return problems

    return problems_of
