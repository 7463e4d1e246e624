"""`mhsync seen` and `mhsync add --seen`: sighted projects, imports, and the manifest that they are added to."""

from __future__ import annotations

import json

import pytest

from tests.cli.schemas import assert_valid


def write(cli_runner, text: str, name: str = "ids.txt") -> str:
    (cli_runner.folder / name).write_text(text)
    return name


def ids(done) -> list[str]:
    assert done.code == 0, done.err
    assert_valid(done.document, "seen")
    return [project["id"] for project in done.document["projects"]]


@pytest.mark.parametrize(
    "text",
    ["clx1\nclx2\n", "id,name\nclx1,Intro\nclx2,\n", '[{"id": "clx1"}, {"id": "clx2", "status": "complete"}]'],
)
def test_an_import_is_listed_and_can_be_repeated(cli_runner, text):
    file, source = cli_runner.manifest("done"), write(cli_runner, text)
    for number in (2, 0):
        done = cli_runner.run("seen", file, "--from", source, "--format", "json")
        assert ids(done) == ["clx1", "clx2"]
        assert f"Recorded {number} project" in done.err
    assert ids(cli_runner.run("seen", file, "--format", "json")) == ["clx1", "clx2"]


def test_a_log_needs_a_pattern(cli_runner):
    file, log = cli_runner.manifest(), write(cli_runner, "12:00 project=clx1 ok!\n", "app.log")
    done = cli_runner.run("seen", file, "--from", log)
    assert done.code == 2
    assert "--pattern" in done.err
    assert not (cli_runner.folder / "outputs").exists()
    done = cli_runner.run("seen", file, "--from", log, "--pattern", r"project=(\w+)", "--format", "json")
    assert ids(done) == ["clx1"]


def test_a_listed_project_is_not_listed_again(cli_runner):
    file = cli_runner.manifest("done")
    done = cli_runner.run("seen", file, "--from", write(cli_runner, "done clx1"), "--format", "json")
    assert ids(done) == ["clx1"]


def test_the_text_says_that_the_account_has_no_list(cli_runner):
    done = cli_runner.run(
        "seen", cli_runner.manifest(), "--from", write(cli_runner, '{"id": "clx1", "name": "In\\u001btro"}')
    )
    assert done.code == 0
    assert "1 project sighted that no manifest lists. The API cannot list the projects of an account" in done.out
    assert "clx1" in done.out
    assert "\x1b" not in done.out


def test_a_sighting_that_cannot_be_read_is_listed_by_its_id(cli_runner):
    file = cli_runner.manifest()
    cli_runner.run("seen", file, "--from", write(cli_runner, "clx1 clx2"))
    (cli_runner.folder / "outputs/.mhsync/inbox/clx2.json").write_text("{")
    done = cli_runner.run("seen", file, "--format", "json")
    assert sorted(ids(done)) == ["clx1", "clx2"]
    assert "unreadable" in cli_runner.run("seen", file).out


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--from", "missing.txt"], "cannot read missing.txt"),
        (["--from", "empty.txt"], "names no project"),
        (["--from", "broken.json"], "not valid JSON"),
        (["--from", "ids.txt", "--pattern", "("], "regular expression"),
        (["--pattern", "x"], "--pattern is for --from"),
    ],
)
def test_wrong_usage(cli_runner, args, message):
    write(cli_runner, "", "empty.txt")
    write(cli_runner, "{", "broken.json")
    write(cli_runner, "clx1")
    done = cli_runner.run("seen", cli_runner.manifest(), *args)
    assert done.code == 2
    assert message in done.err
    assert "hint:" in done.err


def test_add_seen_writes_the_projects_into_the_manifest(cli_runner):
    file = cli_runner.manifest("done")
    cli_runner.run("seen", file, "--from", write(cli_runner, "done clx1 clx2"))
    plan = cli_runner.run("plan", file)
    assert "2 projects were sighted that no manifest lists" in plan.out
    assert "The API cannot list the projects of an account" in plan.out
    done = cli_runner.run("add", file, "--seen", "--state", "archived", "--format", "json")
    assert json.loads(done.out)["added"] == ["clx1", "clx2"]
    assert "{id: done" in (cli_runner.folder / file).read_text()
    assert ids(cli_runner.run("seen", file, "--format", "json")) == []
    again = cli_runner.run("add", file, "--seen", "--format", "json")
    assert (again.code, json.loads(again.out)["added"]) == (0, [])


def test_add_needs_ids_or_seen(cli_runner):
    done = cli_runner.run("add", cli_runner.manifest())
    assert done.code == 2
    assert "--seen" in done.err
