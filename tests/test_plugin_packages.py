"""Every plugin is a package of its own: whole metadata, public names of mhsync only, and an extra that installs it."""

from __future__ import annotations

import ast
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import mhsync
import mhsync.storage_kit
import mhsync.testing
from mhsync.core.install_command import PUBLISHED
from mhsync.hooks.entry_points import PROJECT, SCHEME_GROUPS
from mhsync.hooks.schemes import NOTIFIERS, STORAGES, is_scheme

ROOT = Path(__file__).parent.parent
PLUGINS = sorted(path for path in (ROOT / "plugins").iterdir() if path.is_dir())
EXAMPLES = sorted((ROOT / "examples").glob("mhsync-*"))
PACKAGES = [*PLUGINS, *EXAMPLES]
STORAGE_GROUP = "mhsync.storage_schemes"
NOTIFIER_GROUP = "mhsync.notifier_schemes"
FACTORY_RESULTS = {STORAGE_GROUP: "Storage", NOTIFIER_GROUP: "Notifier"}
REQUIREMENT = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[a-z0-9,]+\])?\s*(.*)")

each_package = pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.name)
each_plugin = pytest.mark.parametrize("plugin", PLUGINS, ids=lambda path: path.name)


def metadata(package: Path) -> dict[str, Any]:
    return tomllib.loads((package / "pyproject.toml").read_text(encoding="utf-8"))


def sources(package: Path) -> list[Path]:
    return sorted((package / package.name.replace("-", "_")).rglob("*.py"))


def requirements(listed: list[str]) -> Iterator[tuple[str, str]]:
    """Each requirement's name, as names are compared, with its bounds."""
    for text in listed:
        match = REQUIREMENT.fullmatch(text.partition(";")[0].strip())
        assert match is not None, text
        yield re.sub(r"[-_.]+", "-", match[1]).lower(), match[2]


def imports(file: Path) -> Iterator[tuple[str, str]]:
    """Each imported module, with the name that is taken from it; those inside functions too."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: imports are absolute"
            yield from ((node.module or "", alias.name) for alias in node.names)


def hooks_in(file: Path) -> set[str]:
    """The hooks that a module implements: functions under `@hookimpl`."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef):
            marks = {ast.unparse(mark).partition("(")[0] for mark in node.decorator_list}
            found |= {node.name} if marks & {"hookimpl", "mhsync.hookimpl"} else set()
    return found


def factories_in(file: Path) -> dict[str, str]:
    """The functions of a module that take a URL and its options, each with the type that it returns."""
    return {
        node.name: ast.unparse(node.returns).removeprefix("mhsync.")
        for node in ast.parse(file.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef)
        and node.returns is not None
        and [argument.arg for argument in node.args.args] == ["url", "options"]
    }


@each_package
def test_its_metadata_say_what_it_is(package: Path) -> None:
    project = metadata(package)["project"]
    assert project["name"] == package.name
    assert project["license"] == "MIT"
    assert project["requires-python"] == ">=3.11"
    assert project["readme"] == "README.md"
    assert "mhsync" in project["description"]


@each_package
def test_each_entry_point_names_a_module_with_hooks_or_the_factory_of_a_scheme(package: Path) -> None:
    groups = metadata(package)["project"]["entry-points"]
    assert groups
    assert set(groups) <= {PROJECT, *SCHEME_GROUPS}
    assert len(groups.get(PROJECT, {})) <= 1
    for group, points in groups.items():
        assert points, group
        for name, value in points.items():
            module, _, attribute = value.partition(":")
            file = package / (module.replace(".", "/") + ".py")
            assert file in sources(package), f"{group}: {name}"
            if group == PROJECT:
                assert not attribute
                assert hooks_in(file)
            else:
                assert is_scheme(name, allow_fallback=group == NOTIFIER_GROUP), f"{group}: {name}"
                assert factories_in(file).get(attribute) == FACTORY_RESULTS[group], f"{group}: {name}"


@each_plugin
def test_its_entry_points_are_the_schemes_that_an_error_names_it_for(plugin: Path) -> None:
    groups = metadata(plugin)["project"]["entry-points"]
    for group, packages in ((STORAGE_GROUP, STORAGES), (NOTIFIER_GROUP, NOTIFIERS)):
        named = {scheme for scheme, package in packages.items() if package.name == plugin.name}
        assert set(groups.get(group, {})) == named


@each_package
def test_its_wheel_holds_all_of_it_and_its_types(package: Path) -> None:
    tool = metadata(package)["tool"]["setuptools"]
    name = package.name.replace("-", "_")
    folders = {file.parent.relative_to(package).as_posix().replace("/", ".") for file in sources(package)}
    assert set(tool["packages"]) == folders
    assert (package / name / "py.typed").is_file()
    assert "py.typed" in tool["package-data"][name]


@each_package
def test_it_has_a_page_and_tests(package: Path) -> None:
    page = (package / "README.md").read_text(encoding="utf-8")
    assert page.startswith(f"# {package.name}\n")
    assert "pip install" in page
    assert "pytest" in page, "how its tests run"
    assert list((package / "tests").glob("test_*.py"))


@each_package
def test_it_says_which_versions_it_works_with(package: Path) -> None:
    project = metadata(package)["project"]
    bounds = dict(requirements(project["dependencies"]))
    assert all(bound.startswith(">=") for bound in bounds.values()), bounds
    oldest = bounds["mhsync"].removeprefix(">=").partition(",")[0]
    assert [int(part) for part in oldest.split(".")] <= [int(part) for part in mhsync.__version__.split(".")]


@each_package
def test_all_that_it_needs_is_pinned(package: Path) -> None:
    project = metadata(package)["project"]
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = {name for name, bound in requirements([line for line in lines if not line.startswith("#")]) if bound}
    needed = [
        *project["dependencies"],
        *(text for extra in project["optional-dependencies"].values() for text in extra),
    ]
    assert {name for name, _ in requirements(needed)} - pinned - {"mhsync", package.name} == set()


@each_package
def test_it_imports_only_public_names_of_mhsync(package: Path) -> None:
    own = package.name.replace("-", "_")
    for file in sources(package):
        for module, name in imports(file):
            if module.split(".")[0].startswith("mhsync"):
                is_public = module == "mhsync" and name in mhsync.__all__
                is_public |= module == "mhsync.storage_kit" and name in mhsync.storage_kit.__all__
                assert is_public or module.split(".")[0] == own, f"{file}: from {module} import {name}"


@each_package
def test_its_tests_import_only_public_names_too(package: Path) -> None:
    own = package.name.replace("-", "_")
    for file in sorted((package / "tests").rglob("*.py")):
        for module, name in imports(file):
            top = module.split(".")[0]
            if top == "mhsync":
                is_public = module == "mhsync" and name in (*mhsync.__all__, "")
                is_public |= module == "mhsync.storage_kit" and name in mhsync.storage_kit.__all__
                is_for_tests = module == "mhsync.testing" and name in mhsync.testing.__all__
                is_public = is_public or is_for_tests or module.startswith("mhsync.testing.")
                assert is_public, f"{file}: from {module} import {name}"
            assert not top.startswith("mhsync_") or top == own, f"{file}: import {module}"


@each_plugin
def test_an_extra_of_mhsync_installs_it(plugin: Path) -> None:
    extras = metadata(ROOT)["project"]["optional-dependencies"]
    mine = [extra for extra, needed in extras.items() if needed == [plugin.name]]
    assert mine
    page = (plugin / "README.md").read_text(encoding="utf-8")
    if PUBLISHED:
        assert any(f"pip install 'mhsync[{extra}]'" in page for extra in mine)
    else:
        assert (
            f"pip install . ./plugins/{plugin.name}" in page or f"pip install . './plugins/{plugin.name}[" in page
        )


@pytest.mark.parametrize("package", [*STORAGES.values(), *NOTIFIERS.values()], ids=lambda package: package.extra)
def test_the_package_named_by_an_error_exists(package: Any) -> None:
    assert metadata(ROOT)["project"]["optional-dependencies"][package.extra] == [package.name]
    assert (ROOT / "plugins" / package.name).is_dir()


def test_no_two_test_files_have_one_name() -> None:
    names = Counter(file.name for package in PACKAGES for file in (package / "tests").rglob("test_*.py"))
    names.update(file.name for file in (ROOT / "tests").glob("test_*.py"))
    assert [name for name, count in names.items() if count > 1] == []
