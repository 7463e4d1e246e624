"""A quick check of a manifest by its JSON Schema. A valid manifest passes it, and needs no jsonschema.

It knows the keywords that the schema uses. It says yes only where jsonschema finds no error; where it says no,
jsonschema decides, and words the errors.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

Schema = Mapping[str, Any]
_ANNOTATIONS = frozenset(("$schema", "$id", "title", "description", "default", "examples"))
_TYPES: Mapping[str, Callable[[object], bool]] = {
    "string": lambda value: isinstance(value, str),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "object": lambda value: isinstance(value, Mapping),
    "array": lambda value: isinstance(value, list),
}


def is_surely_valid(value: object, schema: Schema) -> bool:
    """Whether jsonschema certainly accepts the value. A keyword allows values of a type that it is not about."""
    return all(_is_met(keyword, rule, value, schema) for keyword, rule in schema.items())


def _is_met(keyword: str, rule: Any, value: object, schema: Schema) -> bool:
    if keyword in _ANNOTATIONS:
        return True
    check = _CHECKS.get(keyword)
    return check is not None and check(rule, value, schema)


def _type(rule: Any, value: object, _schema: Schema) -> bool:
    return any(_TYPES[name](value) for name in ([rule] if isinstance(rule, str) else rule))


def _const(rule: Any, value: object, _schema: Schema) -> bool:
    return type(value) is type(rule) and value == rule


def _enum(rule: Any, value: object, _schema: Schema) -> bool:
    return isinstance(value, str) and value in rule


def _any_of(rule: Any, value: object, _schema: Schema) -> bool:
    return any(is_surely_valid(value, option) for option in rule)


def _properties(rule: Any, value: object, _schema: Schema) -> bool:
    if not isinstance(value, Mapping):
        return True
    return all(is_surely_valid(value[name], schema) for name, schema in rule.items() if name in value)


def _additional(rule: Any, value: object, schema: Schema) -> bool:
    if not isinstance(value, Mapping):
        return True
    known = schema.get("properties", {})
    others = [item for name, item in value.items() if name not in known]
    if rule is False:
        return not others
    return isinstance(rule, Mapping) and all(is_surely_valid(item, rule) for item in others)


def _required(rule: Any, value: object, _schema: Schema) -> bool:
    return not isinstance(value, Mapping) or all(name in value for name in rule)


def _items(rule: Any, value: object, _schema: Schema) -> bool:
    return not isinstance(value, list) or all(is_surely_valid(item, rule) for item in value)


def _min_items(rule: Any, value: object, _schema: Schema) -> bool:
    return not isinstance(value, list) or len(value) >= rule


def _max_items(rule: Any, value: object, _schema: Schema) -> bool:
    return not isinstance(value, list) or len(value) <= rule


def _min_length(rule: Any, value: object, _schema: Schema) -> bool:
    return not isinstance(value, str) or len(value) >= rule


def _max_length(rule: Any, value: object, _schema: Schema) -> bool:
    return isinstance(value, str) and len(value) <= rule


def _unique_items(rule: Any, value: object, _schema: Schema) -> bool:
    """Texts only: jsonschema compares other values in its own way."""
    is_texts = isinstance(value, list) and all(isinstance(item, str) for item in value)
    return rule is True and is_texts and len(set(value)) == len(value)  # type: ignore[call-overload,arg-type]


def _pattern(rule: Any, value: object, _schema: Schema) -> bool:
    return isinstance(value, str) and _compiled(rule).search(value) is not None


def _minimum(rule: Any, value: object, _schema: Schema) -> bool:
    return isinstance(value, int | float) and value >= rule


def _maximum(rule: Any, value: object, _schema: Schema) -> bool:
    return isinstance(value, int | float) and value <= rule


@lru_cache(maxsize=16)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


_CHECKS: Mapping[str, Callable[[Any, object, Schema], bool]] = {
    "type": _type,
    "const": _const,
    "enum": _enum,
    "anyOf": _any_of,
    "properties": _properties,
    "additionalProperties": _additional,
    "required": _required,
    "items": _items,
    "minItems": _min_items,
    "maxItems": _max_items,
    "uniqueItems": _unique_items,
    "minLength": _min_length,
    "maxLength": _max_length,
    "pattern": _pattern,
    "minimum": _minimum,
    "maximum": _maximum,
}
"""Keyword to its check."""
