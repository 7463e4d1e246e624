"""Validate manifests by the JSON Schema, and translate its errors.

The hints come from the schema itself: its enums, its property names and its `examples`.
"""

from __future__ import annotations

import json
import pkgutil
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from mhsync.core.project import is_valid_id
from mhsync.core.suggest import suggest
from mhsync.errors import NOWHERE, Problem
from mhsync.loader.problems import Place, Problems, show
from mhsync.loader.schema_check import is_surely_valid
from mhsync.loader.schema_messages import Path, Schema, SchemaError, example, value_problem
from mhsync.loader.yaml_nodes import Broken, ListNode, MapNode, Node, Scalar, plain
from mhsync.settings import ManifestSettings

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

_OTHER_WORDS = {
    "project_id": "id",
    "project": "id",
    "bucket": "storage",
    "paths": "path",
    "webhook": "notify",
    "title": "name",
    "comment": "note",
    "labels": "tags",
}


@cache
def manifest_schema() -> Schema:
    """The schema of manifests that ships with mhsync."""
    text = pkgutil.get_data("mhsync.schemas", "manifest.schema.json")
    assert text is not None
    schema: Schema = json.loads(text)
    return schema


def validate(tree: Node, problems: Problems, *, is_partial: bool = False) -> None:
    """Add a problem for each thing that the schema does not allow, each cause once.

    `is_partial`: the document was cut off by a syntax error, so that a key missing at its top is not a problem.
    """
    schema = manifest_schema()
    values = plain(tree)
    if is_surely_valid(values, schema):
        return
    # Imported here: it takes longer than a plan of one project, and a valid manifest does not need it.
    from jsonschema import Draft202012Validator

    translator = _Translator(tree, schema, problems)
    for error in Draft202012Validator(schema).iter_errors(values):
        if problems.is_full:
            problems.count_more()
            return
        fault = _fault(error)
        if not (is_partial and fault.rule == "required" and not fault.path):
            translator.report(fault)


def check_entry(fields: Mapping[str, object]) -> tuple[Problem, ...]:
    """The problems of an entry that is to be written, without positions.

    Args:
        fields: its keys and values, with a valid id or without one.
    """
    # Imported here: only commands that write manifests need it.
    from mhsync.loader.json_parser import parse_json

    problems = Problems("", 10)
    text = json.dumps({"version": 1, "projects": [{"id": "x", **fields}]})
    tree = parse_json(text, problems, ManifestSettings())
    if tree is not None:
        validate(tree, problems)
    return tuple(replace(problem, position=NOWHERE, id=None) for problem in problems.reported())


def _fault(error: ValidationError) -> SchemaError:
    assert isinstance(error.schema, dict)
    return SchemaError(str(error.validator), tuple(error.absolute_path), error.validator_value, error.schema)


class _Translator:
    def __init__(self, tree: Node, schema: Schema, problems: Problems) -> None:
        self._tree = tree
        self._schema = schema
        self._problems = problems

    def report(self, fault: SchemaError) -> None:
        """Add the problems behind one error of the schema, unless the value was refused already."""
        path = fault.path
        node = self._find(path)
        if isinstance(node, Broken):
            return
        if fault.rule == "additionalProperties" and isinstance(node, MapNode):
            self._unknown_keys(node, fault.schema, path)
        elif fault.rule == "required" and isinstance(node, MapNode):
            self._missing_keys(node, fault.schema, path)
        else:
            self._problems.put(value_problem(fault, node), self._place(path, node), self._id(path))

    def _unknown_keys(self, node: MapNode, schema: Schema, path: Path) -> None:
        known = schema["properties"]
        for key, place in node.keys.items():
            if key not in known and not self._problems.is_full:
                hint = _elsewhere(key, self._schema) or _meant(key, known) or f"known here: {', '.join(known)}"
                # A key that is a URL is a notify url with a ':' too many: a secret.
                shown = "that is a URL" if "://" in key else show(key)
                self._problems.add("unknown_key", f"unknown key {shown}", hint, place, self._id(path))

    def _missing_keys(self, node: MapNode, schema: Schema, path: Path) -> None:
        unknown = [key for key in list(node.keys)[:100] if key not in schema["properties"]]
        for name in schema["required"]:
            if name in node.keys or any(_word_for(key, [name]) for key in unknown):
                continue  # it is reported as an unknown key
            what = {"projects": "a project", "notify": "a notify target"}.get(
                str(path[0]) if path else "", "the file"
            )
            if path and path[-1] in ("retain", "discover"):
                what = str(path[-1])
            hint = f"add '{example(name, schema['properties'][name])}'"
            self._problems.add("missing_key", f"{what} has no {name}", hint, node, self._id(path))

    def _find(self, path: Path) -> Node:
        node = self._tree
        for step in path:
            if isinstance(node, MapNode) and isinstance(step, str):
                node = node.fields[step]
            elif isinstance(node, ListNode) and isinstance(step, int):
                node = node.items[step]
        return node

    def _place(self, path: Path, node: Node) -> Place:
        """The position of a value, or of its key if there is no value."""
        if isinstance(node, Scalar) and node.is_nothing and path and isinstance(path[-1], str):
            parent = self._find(path[:-1])
            if isinstance(parent, MapNode):
                return parent.keys[path[-1]]
        return node

    def _id(self, path: Path) -> str | None:
        """The id of the project that a path lies in."""
        if len(path) < 2 or path[0] != "projects":
            return None
        entry = self._find(path[:2])
        found = entry.fields.get("id") if isinstance(entry, MapNode) else None
        return found.text if isinstance(found, Scalar) and is_valid_id(found.text) else None


def _word_for(key: str, known: Iterable[str]) -> str | None:
    words = list(known)
    other = _OTHER_WORDS.get(key.lower())
    return other if other in words else suggest(key, words)


def _meant(key: str, known: Iterable[str]) -> str | None:
    word = _word_for(key, known)
    return f"did you mean {word}?" if word else None


def _elsewhere(key: str, root: Schema) -> str | None:
    """Where a key that is unknown here belongs."""
    properties: Schema = root["properties"]
    if key in properties:
        return f"{key} belongs to the file, not here"
    for name, schema in properties.items():
        inner: Schema = schema.get("items", schema)
        is_mapping = inner.get("type") == "object"
        if is_mapping and key in inner.get("properties", {}):
            return f"{key} belongs under {name}"
    return None
