"""The schema of manifests: valid, documented for editors, and equal to the manual and the core."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from mhsync.core.manifest import DEFAULT_PATH, DEFAULT_STORAGE, FILE_STATES, Deletes, Policy, State
from mhsync.core.project import ID_PATTERN
from mhsync.core.run_report import Outcome
from mhsync.core.template import FIELDS, SEGMENT_MAX, TEXT_MAX, check_template
from mhsync.loader import load
from mhsync.loader.schema import manifest_schema
from mhsync.settings import MIB, ManifestSettings
from tests.loader.conftest import DOCUMENTED_CODES, MANUAL

ROOT = Path(__file__).parents[2]
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
    assert len(ours) == 9
    assert all(part["additionalProperties"] is False for part in ours)


def test_the_schemas_words_and_defaults_are_the_cores() -> None:
    assert PARTS["state"]["enum"] == [state.value for state in FILE_STATES]
    assert PARTS["projects[].state"]["enum"] == [state.value for state in State]
    assert PARTS["policy.deletes"]["enum"] == [word.value for word in Deletes]
    assert PARTS["notify[].on[]"]["enum"] == [outcome.value for outcome in Outcome]
    assert PARTS["projects[].id"]["pattern"] == f"^{ID_PATTERN}$"
    assert PARTS["storage"]["default"] == DEFAULT_STORAGE
    assert PARTS["path"]["default"] == DEFAULT_PATH
    for part in ("retain", "projects[].retain"):
        assert PARTS[f"{part}.then"]["enum"] == [State.ARCHIVED.value]
        assert "".join(PARTS[f"{part}.downloaded"]["pattern"][1:-1]) == "[1-9][0-9]{0,4}[hdw]"
    assert PARTS["policy.deletes"]["default"] == Policy().deletes
    assert PARTS["policy.durable_storage"]["default"] is Policy().durable_storage
    assert PARTS["policy.audio_only"]["default"] is Policy().audio_only
    assert all(f"{{{field}}}" in PARTS["path"]["description"] for field in FIELDS)


def of(path: str) -> str:
    return f"version: 1\npath: '{path}'\nprojects: [{{id: a}}]\n"


def with_keys(lines: str) -> str:
    return f"version: 1\nprojects: []\n{lines}\n"


SMALL = ManifestSettings(size=400, values=20, text=100, depth=5, problems=2, projects=3)
MANIFESTS = [file for file in sorted((ROOT / "examples").glob("**/*.yaml")) if "kubernetes" not in file.parts]
EXAMPLES: dict[str, str | bytes] = {
    "size": b"#" * 401,
    "projects": "version: 1\nprojects: [{id: a}, {id: b}, {id: c}, {id: d}]",
    "values": with_keys(f"x: [{'a, ' * 20}]"),
    "long": with_keys(f"path: {'x' * 101}"),
    "encoding": b"\xff",
    "control": "\0",
    "empty": "",
    "yaml": "projects: [",
    "documents": with_keys("---\na: 1"),
    "depth": with_keys("x: [[[[[[1]]]]]]"),
    "alias": with_keys("x: *a"),
    "anchor": with_keys("state: &a deleted"),
    "merge_key": with_keys("<<: {}"),
    "tag": with_keys("state: !!str deleted"),
    "duplicate_key": with_keys("state: deleted\nstate: deleted"),
    "key": with_keys("[a]: 1"),
    "version": "version: 2\nprojects: []",
    "unknown_key": with_keys("storge: x"),
    "missing_key": "version: 1",
    "type": with_keys("policy: []"),
    "no_value": with_keys("storage: "),
    "unknown_value": with_keys("state: archive"),
    "id": "version: 1\nprojects: [{id: a/b}]",
    "unquoted": "version: 1\nprojects: [{id: 012345}]",
    "duplicate_id": "version: 1\nprojects: [{id: a}, {id: a}]",
    "duplicate_path": "version: 1\nprojects: [{id: a, path: x}, {id: b, path: x}]",
    "path_in_path": "version: 1\nprojects: [{id: a, path: x}, {id: b, path: x/y}]",
    "storage": with_keys("storage: ~/audio"),
    "retain": with_keys("retain: {downloaded: 30, then: archived}"),
    "discover_since": with_keys("discover: {state: archived, since: 2026-02-30}"),
    "retain_state": with_keys("state: deleted\nretain: {downloaded: 1d, then: archived}"),
    "notify_secret": with_keys("notify: [{url: '${A}', options: {token: x}}]"),
    "storage_secret": with_keys("storage: sftp://me:secret@host/x"),
    "notify_url": with_keys("notify: [{url: x}]"),
    "variable": with_keys("storage: '${HOME}'"),
    "duplicate_tag": "version: 1\nprojects: [{id: a, tags: [b, b]}]",
    "tag_text": "version: 1\nprojects: [{id: a, tags: [' ']}]",
    "more": with_keys("a: 1\nb: 1\nc: 1"),
    "path_field": of("{nme}"),
    "path_format": of("{id:>9}"),
    "path_brace": of("{id}}"),
    "path_ext": of("x.{ext}"),
    "path_absolute": of("/x"),
    "path_climbs": of("../x"),
    "path_private": of(".mhsync/x"),
    "path_backslash": of("a\\b"),
    "path_slash": of("a\u2215b"),
    "path_control": of("a\u202eb"),
    "path_device": of("nul.wav"),
    "path_trailing": of("a./b"),
    "path_folder": of("a/"),
    "path_empty_segment": of("a//b"),
}
"""A manifest with each problem, under the limits `SMALL`."""
ELSEWHERE = {
    "json",
    "no_files",
    "missing",
    "unreadable",
    "not_manifest",
    "id_doubtful",
    "path_empty",
    "path_long",
    "path_long_segment",
}
"""Codes of JSON (tests/loader/test_json.py), of files that cannot be read, of warnings, and of paths that `check_template` refuses."""


def test_the_manual_lists_every_code_of_a_problem_and_no_other() -> None:
    assert EXAMPLES.keys() | ELSEWHERE == DOCUMENTED_CODES


@pytest.mark.parametrize("code", sorted(EXAMPLES.keys() - ELSEWHERE))
def test_each_documented_problem_occurs(problems_of, code: str) -> None:
    assert code in [problem.code for problem in problems_of(EXAMPLES[code], SMALL)]


@pytest.mark.parametrize(
    ("template", "code"),
    [("", "path_empty"), ("a/" * 600 + "b", "path_long"), ("x" * 256, "path_long_segment")],
)
def test_each_documented_problem_of_a_path_occurs(template: str, code: str) -> None:
    assert [problem.code for problem in check_template(template)] == [code]


def test_the_manual_gives_the_bounds_that_hold() -> None:
    bounds = ManifestSettings()
    for value in (f"{bounds.size // MIB} MiB", f"{bounds.projects:,}", f"{bounds.values:,}", f"{bounds.text:,}", f"{bounds.depth} levels",
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


@pytest.mark.parametrize("file", MANIFESTS, ids=lambda file: file.name)
def test_each_example_is_valid(file: Path) -> None:
    found = load([file])
    assert found.ids or all(one.discover for one in found.files)
