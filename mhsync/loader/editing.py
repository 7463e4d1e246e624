"""Edit the text of a YAML manifest: add and remove entries. Every other byte of the text stays as it is.

The places come from PyYAML's nodes. After an edit the text is parsed again, and the edit is refused unless its
values are exactly the expected ones: an unusual layout can never damage a manifest.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import yaml

from mhsync.dataclass import dataclass
from mhsync.errors import UsageError
from mhsync.loader.yaml_nodes import reads_as

_PROJECTS = "projects"
_Loader = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader


@dataclass(frozen=True, slots=True)
class NewEntry:
    """An entry to add. Only the keys that are given are written."""

    id: str
    state: str | None = None
    path: str | None = None
    name: str | None = None
    note: str | None = None
    tags: tuple[str, ...] = ()

    @property
    def fields(self) -> Mapping[str, str | list[str]]:
        found = {
            "id": self.id,
            "state": self.state,
            "path": self.path,
            "name": self.name,
            "note": self.note,
            "tags": list(self.tags) or None,
        }
        return {name: value for name, value in found.items() if value is not None}


def add_entries(text: str, entries: Sequence[NewEntry]) -> str:
    """Add entries at the end of the list of projects, in the style of the last one.

    Args:
        text: a valid manifest, none of whose ids is among the new ones.
        entries: at least one.

    Raises:
        UsageError: the layout of the text does not allow the edit.
    """
    projects = _projects_node(text)
    if not projects.value:
        edited = _fill_empty(text, projects, entries)
    elif projects.flow_style:
        end = projects.value[-1].end_mark.index
        edited = text[:end] + "".join(f", {_flow(entry)}" for entry in entries) + text[end:]
    else:
        lines = text.splitlines(keepends=True)
        at = _last_line(projects) + 1
        if lines[at - 1].rstrip("\r\n") == lines[at - 1]:
            lines[at - 1] += _line_end(text)
        indent = " " * projects.start_mark.column
        edited = "".join([*lines[:at], *_block(entries, indent, _line_end(text)), *lines[at:]])
    expected = _values(text)
    expected[_PROJECTS] = [*expected[_PROJECTS], *(dict(entry.fields) for entry in entries)]
    return _checked(edited, expected)


def remove_entries(text: str, ids: Collection[str]) -> str:
    """Remove the entries with these ids. Comments above an entry stay.

    Args:
        text: a valid manifest that lists all the ids.
        ids: at least one.

    Raises:
        UsageError: the layout of the text does not allow the edit.
    """
    projects = _projects_node(text)
    expected = _values(text)
    is_removed = [entry["id"] in ids for entry in expected[_PROJECTS]]
    expected[_PROJECTS] = [entry for entry in expected[_PROJECTS] if entry["id"] not in ids]
    if all(is_removed):
        edited = _without_all(text, projects)
    elif projects.flow_style:
        edited = _without_in_flow(text, projects, is_removed)
    else:
        edited = _without_lines(text, projects, is_removed)
    return _checked(edited, expected)


def _projects_node(text: str) -> yaml.SequenceNode:
    root = yaml.compose(text, Loader=_Loader)
    if isinstance(root, yaml.MappingNode):
        for key, value in root.value:
            if key.value == _PROJECTS and isinstance(value, yaml.SequenceNode):
                return value
    raise UsageError("the manifest has no list of projects", hint="check it with `mhsync validate`")


def _values(text: str) -> dict[str, Any]:
    """The values of a manifest, ids as they are written: YAML 1.1 would read some of them as numbers."""
    values: dict[str, Any] = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - makes strings only
    return values


def _checked(text: str, expected: dict[str, Any]) -> str:
    """The edited text, if it has the expected values."""
    try:
        found = _values(text)
    except yaml.YAMLError:
        found = {}
    if found == expected:
        return text
    raise UsageError(
        "the layout of the manifest does not allow this edit", hint="edit the list of projects by hand"
    )


def _block(entries: Sequence[NewEntry], indent: str, line_end: str) -> list[str]:
    """A line for each entry of a list that is written without brackets."""
    return [f"{indent}- {_item(entry)}{line_end}" for entry in entries]


def _item(entry: NewEntry) -> str:
    return f"id: {_scalar(entry.id)}" if len(entry.fields) == 1 else _flow(entry)


def _flow(entry: NewEntry) -> str:
    return "{" + ", ".join(f"{name}: {_value(value)}" for name, value in entry.fields.items()) + "}"


def _value(value: str | list[str]) -> str:
    return _scalar(value) if isinstance(value, str) else f"[{', '.join(map(_scalar, value))}]"


def _scalar(value: str) -> str:
    is_plain = value.replace("-", "").replace("_", "").isalnum() and value[0] != "-" and value.isascii()
    return value if is_plain and reads_as(value) is None else json.dumps(value, ensure_ascii=False)


def _fill_empty(text: str, projects: yaml.SequenceNode, entries: Sequence[NewEntry]) -> str:
    """Put entries into `projects: []`, as lines below it. A comment behind the brackets stays."""
    start, end = projects.start_mark.index, projects.end_mark.index
    line_end = _line_end(text)
    found = text.find("\n", end)
    rest, after = (text[end:], "") if found < 0 else (text[end : found + 1], text[found + 1 :])
    head = text[:start].rstrip(" ") + (f"  {rest.lstrip()}" if rest.strip() else line_end)
    if not head.endswith("\n"):
        head += line_end
    return head + "".join(_block(entries, "  ", line_end)) + after


def _without_all(text: str, projects: yaml.SequenceNode) -> str:
    if projects.flow_style:
        return text[: projects.start_mark.index] + "[]" + text[projects.end_mark.index :]
    stripped = _without_lines(text, projects, [True] * len(projects.value))
    lines = stripped.splitlines(keepends=True)
    key = next(index for index, line in enumerate(lines) if line.startswith(f"{_PROJECTS}:"))
    name, rest = lines[key][: len(_PROJECTS) + 1], lines[key][len(_PROJECTS) + 1 :]
    lines[key] = f"{name} []{rest}"
    return "".join(lines)


def _without_lines(text: str, projects: yaml.SequenceNode, is_removed: Sequence[bool]) -> str:
    lines = text.splitlines(keepends=True)
    for item, removed in reversed(list(zip(projects.value, is_removed, strict=True))):
        if removed:
            del lines[item.start_mark.line : _last_line(item) + 1]
    return "".join(lines)


def _without_in_flow(text: str, projects: yaml.SequenceNode, is_removed: Sequence[bool]) -> str:
    """Remove each item with the comma that separates it from the next one, or else from the one before."""
    items = projects.value
    for index in reversed(range(len(items))):
        if not is_removed[index]:
            continue
        start, end = items[index].start_mark.index, items[index].end_mark.index
        if index + 1 < len(items):
            end = items[index + 1].start_mark.index
        elif all(is_removed[index:]):
            before = [kept for kept in range(index) if not is_removed[kept]]
            start = items[before[-1]].end_mark.index
        text = text[:start] + text[end:]
    return text


def _last_line(node: yaml.Node) -> int:
    """The index of the last line of a node. The end of a block node itself is where the next one begins."""
    if isinstance(node, yaml.ScalarNode):
        is_block = node.style in ("|", ">")
        return node.end_mark.line - (1 if is_block and node.end_mark.column == 0 else 0)
    assert isinstance(node, yaml.CollectionNode)
    if node.flow_style or not node.value:
        return int(node.end_mark.line)
    last = node.value[-1]
    return _last_line(last[1] if isinstance(last, tuple) else last)


def _line_end(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"
