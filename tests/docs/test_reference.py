"""tools/write_reference.py: every schema, error, hook, bound and public name is in the reference."""

from __future__ import annotations

import dataclasses
import importlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import mhsync.errors
from mhsync.exit_codes import ExitCode
from mhsync.hooks import specs
from mhsync.settings import Settings

ROOT = Path(__file__).parents[2]
SCHEMAS = sorted((ROOT / "schemas").glob("*.schema.json"))


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("reference")
    tool = str(ROOT / "tools" / "write_reference.py")
    subprocess.run([sys.executable, tool, str(folder)], timeout=60, check=True)
    return {path.stem: path.read_text(encoding="utf-8") for path in (folder / "reference").iterdir()}


def property_names(schema: object) -> Iterator[str]:
    if isinstance(schema, dict):
        properties = schema.get("properties", {})
        yield from (name for name, part in properties.items() if isinstance(part, dict))
        for part in schema.values():
            yield from property_names(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from property_names(part)


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.name.partition(".")[0])
def test_every_key_of_a_schema_is_in_a_table(pages: dict[str, str], path: Path) -> None:
    name = path.name.partition(".")[0]
    text = pages["manifest"] if name == "manifest" else pages["json"].split(f"\n## {name}\n")[1].split("\n## ")[0]
    keys = re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE)
    assert len(keys) == len(set(keys))
    shown = {part.rstrip("[]") for key in keys for part in key.split(".")}
    assert set(property_names(json.loads(path.read_text(encoding="utf-8")))) - shown == set()


def test_every_exit_code_and_error_is_listed(pages: dict[str, str]) -> None:
    rows = dict(re.findall(r"^\| (\d+) \| `\w+` \| (.*) \|$", pages["exit-codes"], re.MULTILINE))
    assert set(rows) == {str(int(each)) for each in ExitCode}
    for name, value in vars(mhsync.errors).items():
        if (
            isinstance(value, type)
            and issubclass(value, mhsync.errors.MhsyncError)
            and value.__mro__[1] is not Exception
        ):
            assert (f"`{name}`" in rows[str(int(value.exit_code))]) is not name.startswith("_"), name


def test_every_hook_has_its_arguments(pages: dict[str, str]) -> None:
    hooks = [name for name in vars(specs) if name.startswith("mhsync_")]
    assert re.findall(r"^## (\w+)$", pages["hooks"], re.MULTILINE) == hooks
    assert "mhsync_check_output(project: Project, output: StoredOutput, file: Path)" in pages["hooks"]


def test_every_bound_has_its_value(pages: dict[str, str]) -> None:
    def fields(settings: Any) -> Iterator[tuple[str, Any]]:
        for field in dataclasses.fields(settings):
            value = getattr(settings, field.name)
            yield field.name, value
            if dataclasses.is_dataclass(value):
                yield from fields(value)

    for name, value in fields(Settings()):
        shown = f"{type(value).__name__}()" if dataclasses.is_dataclass(value) else json.dumps(value)
        assert f"| `{name}` | `{shown}` |" in pages["settings"]


@pytest.mark.parametrize("module", ["mhsync", "mhsync.storage_kit", "mhsync.testing"])
def test_every_public_name_has_an_entry(pages: dict[str, str], module: str) -> None:
    text = pages["names"].split(f"\n## {module}\n")[1].split("\n## ")[0]
    names = re.findall(r"^### (\w+)$", text, re.MULTILINE)
    assert sorted(names) == sorted(importlib.import_module(module).__all__)


def test_no_page_shows_an_address_in_memory(pages: dict[str, str]) -> None:
    assert [name for name, text in pages.items() if re.search(r" at 0x|<function|<object", text)] == []
