"""docs/commands.md lists exactly the commands, their options and the keys of their JSON."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import click
import pytest

from mhsync.cli.group import COMMANDS
from tests.cli.schemas import schema

DOCUMENT = Path(__file__).parents[2] / "docs" / "commands.md"
GOLDEN = Path(__file__).parent / "golden"
OPTION = re.compile(r"(?<![\w-])--?[a-z][a-z-]*")
DOCUMENTED = [name for name in COMMANDS if name != "sandbox"]
"""The sandbox has its own page."""
SCHEMA_OF = {
    "validate": "validation", "plan": "plan", "apply": "report", "status": "status", "verify": "verification", "seen": "seen", "copy": "copy", "pull": "pull", "lock": "locks", "gc": "unused", "get": "project",
    "check": "check", "doctor": "doctor", "delete": "deletion", "plugins": "plugins", "plugins-new": "package",
}  # fmt: skip


def sections():
    """Each heading's anchor with the text below it."""
    parts = re.split(r"^#{2,3} (.+)$", DOCUMENT.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {title.lower().replace(" ", "-"): text for title, text in zip(parts[1::2], parts[2::2], strict=True)}


def options_in_tables(text):
    """The options in the first column of the tables."""
    cells = (line.split(" | ")[0] for line in text.splitlines() if line.startswith("| `-"))
    return {option for cell in cells for option in OPTION.findall(cell)}


def documented_options(name):
    text = sections()[f"mhsync-{name}"]
    named = options_in_tables(text)
    takes = next(line for line in text.splitlines() if line.startswith("Takes "))
    for anchor in re.findall(r"\(#([a-z-]+)\)", takes):
        named |= options_in_tables(sections()[anchor])
    return named


def real_options(command):
    options = [param for param in command.params if isinstance(param, click.Option)]
    return {name for option in options for name in option.opts} | {"-h", "--help"}


@pytest.mark.parametrize("name", DOCUMENTED)
def test_every_option_is_documented_and_no_other(name):
    command = importlib.import_module(f"mhsync.cli.{name}").command
    assert documented_options(name) == real_options(command)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_section_and_a_row(name):
    assert f"mhsync-{name}" in sections()
    assert f"(#mhsync-{name})" in DOCUMENT.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", SCHEMA_OF)
def test_every_key_of_the_json_is_named(name):
    text = sections()[f"mhsync-{name}"]
    assert f"`mhsync schema {SCHEMA_OF[name]}`" in text
    found = schema(SCHEMA_OF[name])
    keys = set(found["properties"])
    for part in found["properties"].values():
        item = part.get("items", {})
        item = found["$defs"][item["$ref"].rpartition("/")[2]] if "$ref" in item else item
        keys |= set(item.get("properties", {}))
    assert [key for key in sorted(keys) if f"`{key}`" not in text] == []


def test_the_keys_of_errors_are_named():
    found = schema("error")
    keys = {*found["properties"], *found["properties"]["errors"]["items"]["properties"]}
    assert [key for key in keys if f"`{key}`" not in sections()["errors"]] == []


@pytest.mark.parametrize("name", ["plan-every-kind", "plan-verbose", "plan-sandbox"])
def test_the_signs_of_a_plan_are_in_the_documented_order(name):
    documented = re.findall(r"^\| `(.)` \|", sections()["mhsync-plan"], re.MULTILINE)
    plan = (GOLDEN / f"{name}.txt").read_text(encoding="utf-8").partition("\nPlan:")[0]
    signs = re.findall(r"^([x!+~.=-]{1,2}) ", plan, re.MULTILINE)
    ranks = [documented.index("-" if "-" in sign else sign) for sign in signs]
    assert len(signs) > 5
    assert ranks == sorted(ranks)


def test_links_lead_somewhere():
    text = DOCUMENT.read_text(encoding="utf-8")
    anchors = set(sections())
    assert [anchor for anchor in re.findall(r"\(#([a-z-]+)\)", text) if anchor not in anchors] == []
    files = re.findall(r"\]\(([\w.-]+\.md)\)", text)
    assert [name for name in files if not (DOCUMENT.parent / name).exists()] == []
