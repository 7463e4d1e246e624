"""Documents: every test that they name exists, and every link has a target."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("plugins/*/README.md")]


def names_in(path: Path) -> set[str]:
    return {
        node.name
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
    }


def test_every_named_test_exists():
    page = (ROOT / "docs/reliability.md").read_text()
    named = re.findall(r"`((?:plugins/[\w-]+/)?tests/[\w/]+\.py)((?:::\w+)*)`", page)
    assert len(named) > 50
    for file, path in named:
        assert (ROOT / file).is_file(), file
        for name in filter(None, path.split("::")):
            assert name in names_in(ROOT / file), f"{file} has no {name}"


def test_every_guarantee_names_a_test():
    page = (ROOT / "docs/reliability.md").read_text().split("## What is not guaranteed")[0]
    rows = [line for line in page.splitlines() if line.startswith("| ") and not line.startswith("| guarantee")]
    assert rows
    assert [row for row in rows if "`tests/" not in row and "/tests/" not in row] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_to_a_file_has_a_target(page):
    for target in re.findall(r"\]\(([^)#\s]+)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
