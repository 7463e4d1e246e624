"""The quick check of the schema: it accepts only what jsonschema accepts, and all that manifests usually hold."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from mhsync.loader.schema import manifest_schema
from mhsync.loader.schema_check import is_surely_valid
from mhsync.loader.yaml_parser import plain, read
from mhsync.settings import ManifestSettings
from tests.loader.test_fuzz import MANIFESTS

SCHEMA = manifest_schema()
VALIDATOR = Draft202012Validator(SCHEMA)
EXAMPLES = [
    file
    for file in sorted((Path(__file__).parents[2] / "examples").glob("**/*.yaml"))
    if "kubernetes" not in file.parts
]
FULL: dict[str, Any] = {
    "$schema": "./mhsync.schema.json",
    "version": 1,
    "storage": ["./a", {"url": "s3://b", "options": {"region": "eu", "n": 1}}],
    "copies": ["sftp://h/c", {"url": "d"}],
    "min_copies": 2,
    "storage_options": {"region": "eu", "n": 1, "f": 1.5, "on": True},
    "path": "{id}",
    "state": "downloaded",
    "retain": {"downloaded": "30d", "then": "archived"},
    "discover": {"state": "archived", "path": "x", "types": ["MUSIC_GENERATOR"], "since": "2026-01-01"},
    "policy": {"deletes": "allow", "max_deletes": "30%", "durable_storage": True, "audio_only": False},
    "notify": [{"url": "a://b", "on": ["failed"], "options": {"a": {"b": [None]}}}],
    "projects": [
        {"id": "a", "state": "deleted", "path": "x", "name": "A", "note": "n", "tags": ["x", "y z"]},
        {"id": "b", "retain": {"downloaded": "2w", "then": "archived"}},
    ],
}
ODD: list[Any] = [None, True, 1, 1.0, 2, -1, 10**10, "", "x", "x\n", "1", [], {}, [[]], {"x": 1}]


def check(value: object) -> None:
    if is_surely_valid(value, SCHEMA):
        assert VALIDATOR.is_valid(value)


def test_a_manifest_with_every_key_passes() -> None:
    assert is_surely_valid(FULL, SCHEMA)
    assert set(FULL) == set(SCHEMA["properties"])


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.name)
def test_each_example_passes(file: Path) -> None:
    assert is_surely_valid(plain(read(file.read_bytes(), file.name, ManifestSettings())), SCHEMA)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Each container in a value with each of its keys."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [pair for key, item in inside for pair in ((value, key), *places(item))]


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_one_odd_value_passes_only_if_jsonschema_accepts_it(odd: Any) -> None:
    check(odd)
    for number in range(len(places(FULL))):
        value = copy.deepcopy(FULL)
        container, key = places(value)[number]
        container[key] = odd
        assert not is_surely_valid(value, SCHEMA) or VALIDATOR.is_valid(value), (key, odd)


def test_a_key_too_many_or_too_few_does_not_pass() -> None:
    for number in range(len(places(FULL))):
        value = copy.deepcopy(FULL)
        container, key = places(value)[number]
        if isinstance(container, dict):
            container["extra"] = container.pop(key)
            check(value)


def test_a_keyword_that_the_check_does_not_know_is_left_to_jsonschema() -> None:
    assert not is_surely_valid(1, {"multipleOf": 1})


@given(st.one_of(MANIFESTS))
def test_fuzz_what_passes_is_valid(value: object) -> None:
    check(value)
