"""docs/public-api.md lists every public name, and no document imports any other."""

from __future__ import annotations

import ast
import importlib
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

import mhsync
import mhsync.errors

ROOT = Path(__file__).parent.parent
MODULES = ("mhsync", "mhsync.storage_kit", "mhsync.testing")
LOADED_BY_PYTEST = {"mhsync.testing.fixtures"}
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("*/*/README.md")]


def listed(module: str) -> list[str]:
    """The names in the tables of one module."""
    page = (ROOT / "docs/public-api.md").read_text(encoding="utf-8")
    section = page.split(f"\n## `{module}`\n")[1].split("\n## ")[0]
    rows = [line.split(" | ")[1] for line in section.splitlines() if line.startswith("| ") and " | " in line]
    return [name for row in rows for name in re.findall(r"`(\w+)`", row)]


@pytest.mark.parametrize("module", MODULES)
def test_the_list_has_every_public_name_once_and_no_other(module: str) -> None:
    assert sorted(listed(module)) == sorted(importlib.import_module(module).__all__)


@pytest.mark.parametrize("module", MODULES)
def test_every_public_name_can_be_imported(module: str) -> None:
    for name in listed(module):
        assert hasattr(importlib.import_module(module), name)


def test_every_error_is_public() -> None:
    errors = {
        name
        for name, value in vars(mhsync.errors).items()
        if isinstance(value, type) and issubclass(value, Exception) and not name.startswith("_")
    }
    assert errors - set(mhsync.__all__) == set()


def imports(source: str) -> Iterator[tuple[str, str]]:
    """Module and name of every import; an empty name for `import module`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.module or "", alias.name) for alias in node.names)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_a_document_imports_only_public_names(page: Path) -> None:
    for block in re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
        for module, name in imports(textwrap.dedent(block)):
            if module.split(".")[0] == "mhsync" and module not in LOADED_BY_PYTEST:
                assert module in MODULES, f"{page.name}: import of {module}"
                public = importlib.import_module(module).__all__
                assert not name or name in public, f"{page.name}: from {module} import {name}"
