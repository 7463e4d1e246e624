#!/usr/bin/env python3
"""The reference pages that are made from the code: schemas, errors, hooks, settings and public names.

tools/site_hooks.py adds them to the site. `tools/write_reference.py FOLDER` writes them into a folder, to read
them without a site.
"""

from __future__ import annotations

import ast
import dataclasses
import enum
import importlib
import inspect
import json
import re
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
MODULES = ("mhsync", "mhsync.storage_kit", "mhsync.testing")
SECTIONS = {
    "Args": "Arguments",
    "Returns": "Returns",
    "Raises": "Raises",
    "Attributes": "Attributes",
    "Yields": "Yields",
}
NOTE = "This page is made from the code.\n\n"


def pages() -> dict[str, str]:
    """Each page by its path below docs/."""
    return {
        "reference/manifest.md": manifest_page(),
        "reference/exit-codes.md": exit_code_page(),
        "reference/json.md": json_page(),
        "reference/hooks.md": hook_page(),
        "reference/settings.md": settings_page(),
        "reference/names.md": name_page(),
    }


# Schemas


def schemas() -> dict[str, dict[str, Any]]:
    return {
        path.name.removesuffix(".schema.json"): json.loads(path.read_text(encoding="utf-8"))
        for path in sorted((ROOT / "schemas").glob("*.schema.json"))
    }


def manifest_page() -> str:
    return (
        "# Keys of the manifest\n\n"
        + NOTE
        + "`mhsync schema manifest` prints the schema. [The manifest](../manifest.md) "
        "explains the keys, the paths and the errors.\n\n" + key_table(schemas()["manifest"])
    )


def json_page() -> str:
    parts = [
        "# JSON documents\n\n"
        + NOTE
        + "`mhsync schema NAME` prints a schema. [Commands](../commands.md) describes which "
        "command prints which document. `[]` marks the items of a list, and `*` any key.\n"
    ]
    for name, schema in schemas().items():
        if name != "manifest":
            parts.append(f"## {name}\n\n{schema['description']}\n\n{key_table(schema)}")
    return "\n".join(parts)


def key_table(schema: dict[str, Any]) -> str:
    rows = ["| key | type | meaning |", "|---|---|---|"]
    seen = set()
    for path, part, required in keys(schema, schema, ""):
        if path in seen:
            continue
        seen.add(path)
        default = f" Default: {code(part['default'])}." if "default" in part else ""
        needed = " Required." if required else ""
        meaning = cell(part.get("description", "")) + default + needed
        rows.append(f"| `{path}` | {type_of(part, schema)} | {meaning.strip()} |")
    return "\n".join(rows) + "\n"


def keys(schema: dict[str, Any], part: dict[str, Any], prefix: str) -> Iterator[tuple[str, dict[str, Any], bool]]:
    """Each key of a schema with its path, and whether it is required; references are followed."""
    part = resolve(part, schema)
    for name, inner in part.get("properties", {}).items():
        path = f"{prefix}.{name}" if prefix else name
        inner = resolve(inner, schema)
        yield path, inner, name in part.get("required", ())
        yield from keys(schema, inner, path)
    if isinstance(part.get("additionalProperties"), dict):
        yield from keys(schema, part["additionalProperties"], f"{prefix}.*" if prefix else "*")
    if isinstance(part.get("items"), dict):
        yield from keys(schema, part["items"], f"{prefix}[]")
    for choice in (*part.get("anyOf", ()), *part.get("oneOf", ()), *part.get("allOf", ())):
        yield from keys(schema, choice.get("then", choice), prefix)


def resolve(part: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """The part with its reference followed; its own keys win."""
    if "$ref" not in part:
        return part
    if part["$ref"] == "#":
        return {"description": "A document of this kind.", "type": "object"}
    found = schema["$defs"][part["$ref"].rpartition("/")[2]]
    return {**resolve(found, schema), **{key: value for key, value in part.items() if key != "$ref"}}


def type_of(part: dict[str, Any], schema: dict[str, Any]) -> str:
    part = resolve(part, schema)
    if "const" in part:
        return code(part["const"])
    if "enum" in part:
        return " or ".join(code(value) for value in part["enum"])
    choices = part.get("anyOf") or part.get("oneOf")
    if choices:
        return " or ".join(dict.fromkeys(type_of(choice, schema) for choice in choices))
    found = part.get("type", "any")
    return " or ".join(found) if isinstance(found, list) else str(found)


# Exit codes


def exit_code_page() -> str:
    errors = importlib.import_module("mhsync.errors")
    codes = importlib.import_module("mhsync.exit_codes").ExitCode
    by_code: dict[int, list[str]] = {}
    for name, value in vars(errors).items():
        is_error = isinstance(value, type) and issubclass(value, errors.MhsyncError)
        if is_error and not name.startswith("_") and value is not errors.MhsyncError:
            by_code.setdefault(int(value.exit_code), []).append(name)
    rows = []
    for each in codes:
        names = ", ".join(f"`{name}`" for name in by_code.get(int(each), ()))
        rows.append(f"| {int(each)} | `{each.name}` | {names or 'none'} |")
    return (
        "# Exit codes and errors\n\n"
        + NOTE
        + "[Commands](../commands.md#exit-codes) describes what each exit code means. "
        "A command that an error ends returns the code of the error. The errors are described in "
        "[names](names.md).\n\n| exit | name in `mhsync.exit_codes` | errors |\n|---|---|---|\n"
        + "\n".join(rows)
        + "\n"
    )


# Hooks, settings and names


def hook_page() -> str:
    specs = importlib.import_module("mhsync.hooks.specs")
    parts = [
        "# Hooks\n\n"
        + NOTE
        + "[Plugins](../plugins.md#the-hooks) describes when each is called and what an exception does.\n"
    ]
    for name, value in vars(specs).items():
        if name.startswith("mhsync_") and inspect.isfunction(value):
            parts.append(f"## {name}\n\n{signature(name, value)}\n{docstring(value)}")
    return "\n".join(parts)


def settings_page() -> str:
    source = ast.parse((ROOT / "mhsync" / "settings.py").read_text(encoding="utf-8"))
    module = importlib.import_module("mhsync.settings")
    about = (ast.get_docstring(source) or "").splitlines()[0]
    parts = [f"# Settings\n\n{NOTE}{about} A program passes them as `settings=`; some have an option.\n"]
    for node in source.body:
        if isinstance(node, ast.ClassDef):
            table = field_table(node, getattr(module, node.name))
            parts.append(f"## {node.name}\n\n{ast.get_docstring(node)}\n\n{table}")
    return "\n".join(parts)


def field_table(node: ast.ClassDef, cls: type) -> str:
    made = cls()
    meanings: dict[str, str] = {}
    last = ""
    for step in node.body:
        if isinstance(step, ast.AnnAssign) and isinstance(step.target, ast.Name):
            last = step.target.id
            meanings[last] = ""
        elif isinstance(step, ast.Expr) and isinstance(step.value, ast.Constant) and last:
            meanings[last] = " ".join(str(step.value.value).split())
    rows = ["| field | default | meaning |", "|---|---|---|"]
    for name, meaning in meanings.items():
        value = getattr(made, name)
        shown = f"`{type(value).__name__}()`" if dataclasses.is_dataclass(value) else code(value)
        rows.append(f"| `{name}` | {shown} | {cell(meaning)} |")
    return "\n".join(rows) + "\n"


def name_page() -> str:
    parts = ["# Public names in detail\n\n" + NOTE + "[Public names](../public-api.md) lists them by their use.\n"]
    for module_name in MODULES:
        module = importlib.import_module(module_name)
        parts.append(f"## {module_name}\n")
        parts += [one_name(name, getattr(module, name)) for name in sorted(module.__all__, key=str.lower)]
    return "\n".join(parts)


def one_name(name: str, value: Any) -> str:
    if inspect.isclass(value):
        methods = "\n".join(
            f"#### {name}.{method}\n\n{signature(method, function)}\n{docstring(function)}"
            for method, function in vars(value).items()
            if not method.startswith("_") and inspect.isfunction(plain(function)) and plain(function).__doc__
        )
        shown = "" if issubclass(value, enum.Enum | BaseException) else signature(name, value) + "\n"
        return f"### {name}\n\n{shown}{docstring(value)}{values(value)}\n{methods}"
    if inspect.isroutine(value):
        return f"### {name}\n\n{signature(name, value)}\n{docstring(value)}"
    if inspect.ismodule(value):
        return f"### {name}\n\nThe module `{value.__name__}`.\n\n{docstring(value)}"
    return f"### {name}\n\nA value of the type `{type(value).__name__}`.\n"


def plain(function: Any) -> Any:
    return getattr(function, "__func__", function)


def values(cls: type) -> str:
    if not issubclass(cls, enum.Enum):
        return ""
    return "\nValues: " + ", ".join(f"`{member.name}`" for member in cls) + ".\n"


class Text:
    """A value whose representation is this text."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


def signature(name: str, value: Any) -> str:
    try:
        found = inspect.signature(plain(value))
    except (TypeError, ValueError):
        return ""
    parameters = [each.replace(annotation=annotation(each.annotation), default=default_of(each.default))
                  for key, each in found.parameters.items() if key not in ("self", "cls")]  # fmt: skip
    result = "" if inspect.isclass(value) else f" -> {found.return_annotation}"
    text = f"{name}{found.replace(parameters=parameters, return_annotation=inspect.Signature.empty)}{result}"
    if len(text) > 100:
        head, _, rest = text.partition("(")
        inside, close, result = rest.rpartition(")" + result)
        text = f"{head}(\n" + "".join(f"    {part},\n" for part in split_arguments(inside)) + f"{close}{result}"
    return f"```python\n{text}\n```\n"


def annotation(found: Any) -> Any:
    return Text(found) if isinstance(found, str) else found


def default_of(found: Any) -> Any:
    """The default of an argument as a program writes it."""
    if found is inspect.Parameter.empty:
        return found
    if dataclasses.is_dataclass(found):
        return Text(f"{type(found).__name__}()")
    if callable(found):
        return Text(getattr(found, "__name__", "…"))
    return Text("…") if repr(found).startswith("<") else found


def split_arguments(text: str) -> list[str]:
    """The arguments of a signature, split at the commas that are in no brackets."""
    found, depth, start = [], 0, 0
    for index, character in enumerate(text):
        depth += (character in "([{") - (character in ")]}")
        if character == "," and depth == 0:
            found.append(text[start:index].strip())
            start = index + 1
    return [*found, text[start:].strip()]


def docstring(value: Any) -> str:
    """A docstring as Markdown: its sections (`Args:`, `Returns:` …) as lists."""
    text = inspect.getdoc(plain(value)) or ""
    if inspect.isclass(value) and not value.__doc__:
        return ""
    parts = re.split(rf"^({'|'.join(SECTIONS)}):\n", text, flags=re.MULTILINE)
    made = [paragraphs(parts[0])]
    for title, body in zip(parts[1::2], parts[2::2], strict=True):
        section, rest = indented(body)
        made.append(f"**{SECTIONS[title]}**\n\n{entries(section)}\n")
        made.append(paragraphs(rest))
    return "\n".join(part for part in made if part)


def paragraphs(text: str) -> str:
    """Text that is not a section; an indented block is code."""
    if not text.strip():
        return ""
    return text.strip("\n").replace("<", "&lt;") + "\n" if "\n    " not in text else text.strip("\n") + "\n"


def indented(body: str) -> tuple[str, str]:
    """The lines of a section, and what is below it."""
    lines = body.splitlines()
    end = next((index for index, line in enumerate(lines) if line and not line.startswith(" ")), len(lines))
    return textwrap.dedent("\n".join(lines[:end])), "\n".join(lines[end:])


def entries(section: str) -> str:
    items = re.split(r"\n(?! |$)", section.strip())
    if not all(re.match(r"[\w., *]+: ", item) for item in items):
        return " ".join(section.split())
    made = []
    for item in items:
        name, _, text = item.partition(": ")
        made.append(f"- `{name}`: {' '.join(text.split())}")
    return "\n".join(made)


def code(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return f"`{text}`"


def cell(text: str) -> str:
    """Text in a cell of a table; what stands in code is kept."""
    return re.sub(r"(?<![`\w$])(\$?\{\w+\})", r"`\1`", text.replace("|", "\\|").replace("<", "&lt;"))


def main(folder: str) -> None:
    for name, text in pages().items():
        path = Path(folder) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
