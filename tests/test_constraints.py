"""The versions that CI installs agree with what pyproject.toml allows."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def pins(file: str) -> dict[str, Version]:
    """The versions of a constraints file, by normalized name."""
    lines = (ROOT / file).read_text().splitlines()
    found = [re.match(r"([\w.-]+)==([\w.]+)", line) for line in lines if line and not line.startswith(("#", " "))]
    assert None not in found, f"{file} has a line that is not a pin"
    return {canonicalize_name(pin[1]): Version(pin[2]) for pin in found if pin is not None}


def requirements() -> list[Requirement]:
    texts = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["testing"]]
    return [Requirement(text) for text in texts]


def test_the_lowest_versions_are_those_that_pyproject_allows():
    lowest = pins("constraints-lowest.txt")
    for requirement in requirements():
        (floor,) = (each.version for each in requirement.specifier if each.operator == ">=")
        assert lowest[canonicalize_name(requirement.name)] == Version(floor), requirement


def test_every_dependency_is_pinned_to_a_version_that_pyproject_allows():
    newest = pins("constraints.txt")
    for requirement in requirements():
        assert newest[canonicalize_name(requirement.name)] in requirement.specifier, requirement
