"""Check printed documents against the shipped schemas; a key that the schema does not name is an error."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.validators import validator_for


def schema(name: str) -> Any:
    return json.loads((files("mhsync.schemas") / f"{name}.schema.json").read_text(encoding="utf-8"))


def assert_valid(document: Any, name: str) -> None:
    found = schema(name)
    assert validator_for(found) is Draft202012Validator
    Draft202012Validator.check_schema(found)
    problems = [error.message for error in Draft202012Validator(_closed(found)).iter_errors(document)]
    assert problems == []


def _closed(part: Any) -> Any:
    """The schema with `additionalProperties: false` in every object."""
    if isinstance(part, list):
        return [_closed(item) for item in part]
    if not isinstance(part, dict):
        return part
    closed = {key: _closed(value) for key, value in part.items()}
    return (
        {**closed, "additionalProperties": False}
        if "properties" in part and part.get("type") == "object"
        else closed
    )
