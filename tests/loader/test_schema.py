"""The schema of manifests: valid, documented for editors, and equal to the manual and the core."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from mhsync.core.manifest import DEFAULT_PATH, DEFAULT_STORAGE, Deletes, Policy, State
from mhsync.core.project import ID_PATTERN
from mhsync.core.report import Outcome
from mhsync.core.template import FIELDS, SEGMENT_MAX, TEXT_MAX
from mhsync.loader import load
from mhsync.loader.schema import manifest_schema
from mhsync.settings import MIB, ManifestSettings

ROOT = Path(__file__).parents[2]
MANUAL = (ROOT / "docs" / "manifest.md").read_text()
SCHEMA: dict[str, Any] = json.loads((ROOT / "schemas" / "manifest.schema.json").read_text())


def parts(schema: dict[str, Any], name: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Each key of a manifest with its schema, those of items under `key[]`."""
    for key, inner in schema.get("properties", {}).items():
        yield f"{name}.{key}".strip("."), inner
        yield from parts(inner, f"{name}.{key}".strip("."))
    if isinstance(schema.get("items"), dict):
        yield f"{name}[]", schema["items"]
        yield from parts(schema["items"], f"{name}[]")


PARTS = dict(parts(SCHEMA))


def test_the_schema_is_a_valid_one_of_2020_12_and_names_no_address() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert SCHEMA["$id"] == "urn:mhsync:manifest:1"


def test_the_schema_that_ships_is_the_one_that_validates() -> None:
    assert manifest_schema() == SCHEMA


@pytest.mark.parametrize("name", PARTS)
def test_every_key_has_a_description_and_an_example_that_is_valid(name: str) -> None:
    part = PARTS[name]
    assert part["description"].endswith(".")
    assert part["examples"]
    for value in (*part["examples"], *([part["default"]] if "default" in part else [])):
        Draft202012Validator(part).validate(value)


@pytest.mark.parametrize("name", [name for name in PARTS if not name.endswith("[]")])
def test_every_key_is_in_the_manual(name: str) -> None:
    assert f"\n| `{name.rpartition('.')[2]}` |" in MANUAL


def test_no_mapping_of_ours_takes_an_unknown_key() -> None:
    ours = [SCHEMA, *(part for part in PARTS.values() if "properties" in part)]
    assert len(ours) == 4
    assert all(part["additionalProperties"] is False for part in ours)


def test_the_schemas_words_and_defaults_are_the_cores() -> None:
    states = [state.value for state in State]
    assert PARTS["state"]["enum"] == PARTS["projects[].state"]["enum"] == states
    assert PARTS["policy.deletes"]["enum"] == [word.value for word in Deletes]
    assert PARTS["notify[].on[]"]["enum"] == [outcome.value for outcome in Outcome]
    assert PARTS["projects[].id"]["pattern"] == f"^{ID_PATTERN}$"
    assert PARTS["storage"]["default"] == DEFAULT_STORAGE
    assert PARTS["path"]["default"] == DEFAULT_PATH
    assert PARTS["policy.deletes"]["default"] == Policy().deletes
    assert PARTS["policy.durable_storage"]["default"] is Policy().durable_storage
    assert PARTS["policy.audio_only"]["default"] is Policy().audio_only
    assert all(f"{{{field}}}" in PARTS["path"]["description"] for field in FIELDS)


MAKERS = {"add", "_refuse", "_report", "_one", "Problem"}


def codes() -> set[str]:
    """The code of every problem that is made anywhere in the source: an argument of what makes one, or the first of
    the three values that stand for one."""
    found: set[str] = set()
    for source in (*(ROOT / "mhsync" / "loader").glob("*.py"), ROOT / "mhsync" / "core" / "template.py"):
        for node in ast.walk(ast.parse(source.read_text())):
            texts: list[ast.expr] = []
            if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in MAKERS:
                texts = node.args[:2]
            elif isinstance(node, ast.Return | ast.Yield) and isinstance(node.value, ast.Tuple):
                texts = node.value.elts[:1] if len(node.value.elts) == 3 else []
            found |= {text.value for text in texts if isinstance(text, ast.Constant) and text.value}
    return {code for code in found if re.fullmatch(r"[a-z_]+", code)}


def test_every_error_is_in_the_manual_and_the_manual_has_no_other() -> None:
    tables = MANUAL.partition("## Errors")[2].partition("## In an editor")[0]
    problems_of = {
        code for row in re.findall(r"^\| (`.*?) \|", tables, re.MULTILINE) for code in re.findall(r"`(\w+)`", row)
    }
    assert len(problems_of) > 40
    assert problems_of == codes()


def test_the_manual_gives_the_bounds_that_hold() -> None:
    bounds = ManifestSettings()
    for value in (f"{bounds.size // MIB} MiB", f"{bounds.values:,}", f"{bounds.text:,}", f"{bounds.depth} levels",
                  f"{TEXT_MAX:,} bytes in all, {SEGMENT_MAX} between", f"{bounds.problems}; the rest"):  # fmt: skip
        assert f"| {value}" in MANUAL


def test_every_field_of_a_path_is_in_the_manual() -> None:
    assert all(f"| `{{{field}}}` |" in MANUAL for field in FIELDS)


def test_the_errors_that_the_manual_shows_are_what_is_printed(problems_of) -> None:
    shown = re.findall(r"^error: manifest\.yaml:(\d+:\d+): (.*)\n  hint: (.*)$", MANUAL, re.MULTILINE)
    problems = problems_of("version: 1\n\nstate: archive\n\nprojects:\n  - id: clx7\n  - id: 012345\n")
    assert [(f"{p.position.line}:{p.position.column}", p.message, p.hint) for p in problems] == shown
    assert len(shown) == 2


@pytest.mark.parametrize("block", re.findall(r"```yaml\n(version: 1\n.*?)```", MANUAL, re.DOTALL))
def test_each_manifest_in_the_manual_is_valid(write, block: str) -> None:
    assert load([write(block)]).files


@pytest.mark.parametrize("file", sorted((ROOT / "examples").glob("**/*.yaml")), ids=lambda file: file.name)
def test_each_example_is_valid(file: Path) -> None:
    assert load([file]).ids
