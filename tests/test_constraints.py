"""The versions that CI installs agree with what pyproject.toml allows."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import distribution
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
    texts = [
        *PROJECT["dependencies"],
        *PROJECT["optional-dependencies"]["testing"],
        *PROJECT["optional-dependencies"]["inbox"],
    ]
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


def test_the_hashed_versions_are_those_of_constraints_and_hold_all_that_runs():
    text = (ROOT / "constraints-hashed.txt").read_text()
    blocks = re.findall(r"^([\w.-]+)==([\w.]+)((?: \\\n    --hash=sha256:[0-9a-f]{64})+)$", text, re.MULTILINE)
    hashed = {canonicalize_name(name): Version(version) for name, version, _ in blocks}
    newest = pins("constraints.txt")
    assert hashed == {name: newest[name] for name in hashed}, "run `make hashes`"
    wanted = [Requirement(each) for each in PROJECT["dependencies"]]
    seen: set[str] = set()
    while wanted:
        requirement = wanted.pop()
        name = canonicalize_name(requirement.name)
        # The marker of the oldest Python, which needs the most.
        if name in seen or not (
            requirement.marker is None or requirement.marker.evaluate({"python_version": "3.11"})
        ):
            continue
        seen.add(name)
        assert name in hashed, f"{name} has no hash: run `make hashes`"
        wanted += [Requirement(each) for each in distribution(name).requires or () if "extra ==" not in each]
    assert seen == set(hashed)
    rest = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE)
    assert "://" not in text, "no address of a registry"
    assert rest == "".join(f"{name}=={version}{hashes}\n" for name, version, hashes in blocks)
