"""`mhsync init`, `add`, `remove` and `fmt`: their output, their JSON and their exit codes."""

from __future__ import annotations

import io
import subprocess
import sys
from unittest import mock

import pytest

from tests.cli.schemas import assert_valid


@pytest.fixture
def manifest(cli_runner):
    assert cli_runner.run("init", "m.yaml").code == 0
    return "m.yaml"


def content(cli_runner, name="m.yaml"):
    return (cli_runner.folder / name).read_text()


def test_a_repository_from_init_to_apply(cli_runner):
    subprocess.run(["git", "init", "-q", cli_runner.folder], check=True)
    done = cli_runner.run("init")
    assert done.out == "wrote mhsync.yaml\nwrote mhsync.schema.json\nwrote .gitignore\n"
    assert cli_runner.run("add", "mhsync.yaml", "done", "takes").out == "mhsync.yaml: added 2 projects\n"
    assert cli_runner.run("remove", "mhsync.yaml", "takes").out == "mhsync.yaml: removed 1 project\n"
    assert cli_runner.run("apply", "mhsync.yaml").code == 0
    status = ["git", "-C", cli_runner.folder, "status", "--porcelain"]
    assert "outputs" not in subprocess.run(status, capture_output=True, text=True, check=True).stdout


def test_a_project_is_added_with_its_labels(cli_runner, manifest):
    added = cli_runner.run("add", manifest, "done", "--name", "Morning jingle", "--tag", "podcast", "--tag", "old")
    assert added.out == "m.yaml: added 1 project\n"
    assert '  - {id: done, name: "Morning jingle", tags: [podcast, old]}\n' in content(cli_runner)
    several = cli_runner.run("add", manifest, "takes", "draft", "--name", "x")
    assert (several.code, "--name is for one project" in several.err) == (2, True)
    assert cli_runner.run("fmt", manifest, "--check").code == 0
    assert cli_runner.run("plan", manifest, "--only", "tag:podcast").code == 0
    unknown = cli_runner.run("plan", manifest, "--only", "tag:podcats")
    assert (unknown.code, "did you mean tag:podcast?" in unknown.err) == (2, True)


def test_ids_are_read_from_standard_input(cli_runner, manifest):
    with cli_runner.start("add", manifest, "-", stdin=subprocess.PIPE) as process:
        out, _ = process.communicate('{"id": "done", "credits_charged": 3}\n', timeout=60)
    assert (process.returncode, out) == (0, "m.yaml: added 1 project\n")
    assert "  - id: done\n" in content(cli_runner)


@pytest.mark.parametrize(
    ("args", "keys"),
    [
        (["init", "other.yaml"], {"file", "written"}),
        (["add", "m.yaml", "done"], {"file", "added", "present"}),
        (["fmt", "m.yaml"], {"check", "changed"}),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_the_json_is_as_its_schema_says(cli_runner, manifest, args, keys):
    done = cli_runner.run(*args, "--format", "json")
    assert done.code == 0
    assert_valid(done.document, "edit")
    assert set(done.document) == {"format", *keys}


@pytest.mark.parametrize(
    "args",
    [
        ["init", "m.yaml"],
        ["add", "m.yaml", "a/b"],
        ["add", "m.yaml", "-"],
        ["add", "none.yaml", "a"],
        ["add", "m.yaml", "a", "--state", "gone"],
        ["remove", "m.yaml", "unknown"],
        ["fmt", "none.yaml"],
    ],
    ids=" ".join,
)
def test_a_failed_edit_exits_2_and_changes_nothing(cli_runner, manifest, args):
    before = content(cli_runner)
    with mock.patch.object(sys, "stdin", io.StringIO()):
        done = cli_runner.run(*args, "--format", "json")
    assert done.code == 2
    assert_valid(done.document, "error")
    assert content(cli_runner) == before


def test_check_fails_on_a_manifest_that_is_not_formatted(cli_runner):
    name = cli_runner.write("projects:\n- id: done")
    before = content(cli_runner)
    done = cli_runner.run("fmt", name, "--check")
    assert (done.code, done.out, content(cli_runner)) == (1, "m.yaml\n", before)
    assert cli_runner.run("fmt", ".").out == "m.yaml\n"
    assert cli_runner.run("fmt", ".", "--check").code == 0


def test_quiet_commands_print_nothing(cli_runner):
    done = [
        cli_runner.run("init", "m.yaml", "-q"),
        cli_runner.run("add", "m.yaml", "one", "two", "-q"),
        cli_runner.run("add", "m.yaml", "one", "-q"),
        cli_runner.run("remove", "m.yaml", "one", "-q"),
    ]
    assert [(one.code, one.out, one.err) for one in done] == [(0, "", "")] * 4


def test_the_help_of_add_lists_the_fields_of_a_path(cli_runner):
    assert "id, name, type, index, filename, stem, ext, date" in " ".join(
        cli_runner.run("add", "--help").out.split()
    )
