"""Messages for values that the schema refuses. The hints use the enums and examples of the schema."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from mhsync.core.project import is_valid_id
from mhsync.core.suggest import suggest
from mhsync.dataclass import dataclass
from mhsync.errors import Problem
from mhsync.loader.ids import id_in_url
from mhsync.loader.problems import show
from mhsync.loader.yaml_nodes import ListNode, MapNode, Node, Scalar, reads_as

Schema = Mapping[str, Any]
Path = tuple[str | int, ...]
_KINDS = {
    "string": "a text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "object": "a mapping",
    "array": "a list",
    "null": "nothing",
}
_NOT_SCALAR = {"string", "array", "object"}
"""Types that an unquoted number or date was not meant to be, except for a text."""
_BOUNDS = {
    "minLength": "needs at least {} character(s)",
    "maxLength": "has more than {} characters",
    "minItems": "needs at least {} item(s)",
    "maxItems": "has more than {} items",
    "minimum": "must be at least {}",
    "maximum": "must be at most {}",
}
_TRUE_OR_FALSE = {"yes": "true", "on": "true", "true": "true", "no": "false", "off": "false", "false": "false"}
_SHOWN = 60
_BARE = re.compile(r"[A-Za-z0-9._/-]+")


@dataclass(frozen=True, slots=True)
class SchemaError:
    """One error of the schema: the rule, the path of the value, what the rule requires, and the subschema."""

    rule: str
    path: Path
    wanted: Any
    schema: Schema

    @property
    def name(self) -> str:
        """The last key of the path, or its last index."""
        return str(self.path[-1]) if self.path else ""


def value_problem(fault: SchemaError, node: Node) -> Problem:
    """Code, message and hint for a value that the schema refuses."""
    if not fault.path:
        return Problem(
            "type",
            f"a manifest is a mapping, not {_kind(node)}",
            "begin it with 'version: 1' and 'projects: []'",
        )
    label = _label(fault.path)
    hint = f"write for example '{example(fault.path[-1], fault.schema)}'"
    if fault.path[-2:] == ("retain", "downloaded"):
        return not_a_retention(node)
    if isinstance(node, Scalar) and node.is_nothing:
        return Problem("no_value", f"{label} has no value", hint)
    if fault.rule == "enum" and isinstance(node, Scalar):
        return Problem("unknown_value", f"unknown {label}: {show(node.text)}", _word_hint(node.text, fault.wanted))
    if fault.rule == "const":
        return Problem(
            "version", f"{label} must be {fault.wanted}", f"write '{example(fault.path[-1], fault.schema)}'"
        )
    if fault.path == ("policy", "max_deletes"):
        return not_a_limit(node)
    if fault.rule in _BOUNDS:
        return _out_of_bounds(fault, node, label, hint)
    if fault.rule == "uniqueItems" and isinstance(node, ListNode):
        return Problem("duplicate_tag", f"{label} has {_repeated(node)} twice", "remove one of them")
    if fault.rule == "pattern" and isinstance(node, Scalar):
        return not_an_id(node) if fault.name == "id" else _not_a_tag(node)
    special = _scalar_problem(fault, node, label) if isinstance(node, Scalar) else _other_problem(fault, node)
    if special is not None:
        return special
    kinds = " or ".join(_KINDS[kind] for kind in _kinds_wanted(fault))
    return Problem("type", f"{label} must be {kinds}, not {_kind(node)}", hint)


def _out_of_bounds(fault: SchemaError, node: Node, label: str, hint: str) -> Problem:
    if fault.rule == "minLength":
        return Problem("no_value", f"{label} is empty", hint)
    if fault.rule == "maxLength" and isinstance(node, Scalar):
        message = f"{label} has {len(node.text):,} characters; at most {fault.wanted:,} are allowed"
        return Problem("long", message, "shorten it")
    return Problem("bound", f"{label} {_BOUNDS[fault.rule].format(fault.wanted)}", hint)


def _kinds_wanted(fault: SchemaError) -> list[str]:
    if fault.rule == "enum":
        return ["string"]
    return fault.wanted if isinstance(fault.wanted, list) else [fault.wanted]


def _scalar_problem(fault: SchemaError, node: Scalar, label: str) -> Problem | None:
    """The problem of a scalar of the wrong type, if the correction follows from the scalar."""
    wanted = _kinds_wanted(fault)
    if label == "a project":
        id_ = node.text if is_valid_id(node.text) else "clx7…"
        return Problem("type", f"a project is a mapping, not {show(node.text)}", f"write '- id: {id_}'")
    if "string" in wanted and set(wanted) <= _NOT_SCALAR and not node.quoted and fault.name != "url":
        return unquoted(label, node, fault.name if isinstance(fault.path[-1], str) else None)
    if wanted == ["boolean"] and node.text.lower() in _TRUE_OR_FALSE:
        meant = _TRUE_OR_FALSE[node.text.lower()]
        return Problem(
            "type", f"{label} must be true or false, not {show(node.text)}", f"write '{fault.name}: {meant}'"
        )
    return None


def _other_problem(fault: SchemaError, node: Node) -> Problem | None:
    if not fault.path:
        return Problem(
            "type",
            f"a manifest is a mapping, not {_kind(node)}",
            "begin it with 'version: 1' and 'projects: []'",
        )
    if isinstance(node, MapNode) and _kinds_wanted(fault) == ["string"] and len(node.fields) == 1:
        field = json.dumps("{" + next(iter(node.fields))[:40] + "}")
        message = f"{_label(fault.path)} must be a text, not a mapping"
        return Problem("type", message, f"quote a text with braces: {fault.name}: {field}")
    return None


def unquoted(label: str, node: Scalar, name: str | None) -> Problem:
    """The problem of an unquoted scalar that some YAML parsers do not read as a text; an item has no name."""
    shown = node.text if len(node.text) <= 60 else node.text[:59] + "…"
    message = f"{label} {shown} is unquoted, and YAML may read it as {node.reads_as}"
    key = "" if name is None else f"{name}: "
    return Problem("unquoted", message, f'quote it: {key}"{shown}"')


def not_an_id(node: Scalar) -> Problem:
    return Problem("id", f"not an id: {show(node.text)}", _id_hint(node.text))


def _not_a_tag(node: Scalar) -> Problem:
    if not node.text:
        return Problem("no_value", "a tag is empty", "remove it, or write for example '- podcast'")
    words = " ".join(node.text.split())
    hint = f"write {json.dumps(words, ensure_ascii=not words.isprintable())}" if words else "remove it"
    return Problem("tag_text", f"a tag is words with single spaces between them, not {show(node.text)}", hint)


def _repeated(node: ListNode) -> str:
    """The first text of a list that occurs twice in it."""
    seen: set[str] = set()
    texts = (item.text for item in node.items if isinstance(item, Scalar))
    return next((show(text) for text in texts if text in seen or seen.add(text)), "a value")  # type: ignore[func-returns-value]


def not_a_limit(node: Node) -> Problem:
    shown = show(node.text) if isinstance(node, Scalar) else _kind(node)
    return Problem("type", f"max_deletes is neither a count nor a percentage: {shown}", 'write 20 or "30%"')


def not_a_retention(node: Node) -> Problem:
    shown = show(node.text) if isinstance(node, Scalar) else _kind(node)
    return Problem(
        "retain", f"retain has an invalid time: {shown}", "write for example 30d: a number, and h, d or w"
    )


def _word_hint(word: str, known: list[str]) -> str:
    near = suggest(word, known)
    words = ", ".join(known)
    return f"did you mean {near}? It is one of {words}" if near else f"write one of {words}"


def _id_hint(text: str) -> str:
    pasted = id_in_url(text)
    if pasted is not None:
        return f"write only the id: {pasted}"
    if "://" in text or "?" in text:
        return "write only the id; no part of this address looks like an id"
    if text != text.strip() and is_valid_id(text.strip()):
        return f"remove the spaces: {text.strip()}"
    return "an id is 1 to 128 of A-Z a-z 0-9 _ -"


def _label(path: Path) -> str:
    """The name of a value in a message."""
    name = path[-1]
    if isinstance(name, str):
        return f"the storage option {show(name)}" if len(path) > 1 and path[0] == "storage_options" else name
    return {
        "projects": "a project",
        "notify": "a notify target",
        "on": "outcome",
        "tags": "a tag",
        "storage": "a storage",
        "copies": "a copy",
    }[str(path[-2])]


def _kind(node: Node) -> str:
    if isinstance(node, Scalar):
        if isinstance(node.value, str):
            return "a text"
        return reads_as(node.text) or "a text"
    return "a list" if isinstance(node, ListNode) else "a mapping"


def example(name: str | int, schema: Schema) -> str:
    """`name: value`, or `- value` for an item of a list, with the example of the schema."""
    value = schema["examples"][0]
    is_bare = isinstance(value, str) and _BARE.fullmatch(value) is not None and reads_as(value) is None
    shown = value if is_bare else json.dumps(value, ensure_ascii=False)
    return f"- {shown}" if isinstance(name, int) else f"{_key(name)}: {shown}"


def _key(name: str) -> str:
    """A key as it is written in a manifest; truncated if it is long."""
    if _BARE.fullmatch(name) and len(name) <= _SHOWN:
        return name
    return json.dumps(name[:_SHOWN], ensure_ascii=not name.isprintable())
