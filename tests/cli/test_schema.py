"""`mhsync schema`: prints every shipped schema unchanged, and each is a valid schema."""

from __future__ import annotations

import json
import re
from importlib.resources import files

import pytest
from jsonschema import Draft202012Validator

SCHEMAS = {item.name.removesuffix(".schema.json"): item for item in files("mhsync.schemas").iterdir()
           if item.name.endswith(".json")}  # fmt: skip


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_a_schema_is_printed_as_it_ships(cli_runner, name):
    done = cli_runner.run("schema", name)
    assert (done.code, done.err) == (0, "")
    assert done.out == SCHEMAS[name].read_text(encoding="utf-8").rstrip("\n") + "\n"
    schema = json.loads(done.out)
    Draft202012Validator.check_schema(schema)
    assert schema["$id"].startswith(f"urn:mhsync:{name}:")
    assert schema["title"]
    assert schema["description"]


def test_everything_that_json_prints_has_a_schema():
    printed = {
        "plan",
        "report",
        "error",
        "project",
        "check",
        "deletion",
        "validation",
        "status",
        "verification",
        "plugins",
        "package",
    }
    assert printed <= set(SCHEMAS)


def test_an_unknown_name_lists_the_known_ones(cli_runner):
    done = cli_runner.run("schema", "plans")
    assert done.code == 2
    assert "did you mean plan?" in done.err
    assert all(name in done.err for name in SCHEMAS)


def test_the_help_lists_the_schemas(cli_runner):
    text = " ".join(cli_runner.run("schema", "--help").out.split())
    assert re.search(r"Schemas: check, .*manifest, .*verification", text)
