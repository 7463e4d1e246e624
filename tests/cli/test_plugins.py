"""`mhsync plugins`: lists the installed plugins and creates new ones."""

from __future__ import annotations

import pytest

from tests.cli.schemas import assert_valid


def test_the_built_in_plugin_is_listed_like_any_other(cli_runner):
    done = cli_runner.run("plugins", "--no-plugins")
    assert done.code == 0
    assert done.out.splitlines()[0] == "mhsync  built in  (mhsync.hooks.builtin)"
    assert "mhsync_storage_schemes" in done.out


def test_the_json_is_as_its_schema_says(cli_runner):
    done = cli_runner.run("plugins", "--format", "json")
    assert_valid(done.document, "plugins")
    assert done.document["plugins"][0]["name"] == "mhsync"


def test_a_plugin_that_is_not_installed_cannot_be_chosen(cli_runner):
    done = cli_runner.run("plugins", MHSYNC_PLUGINS="mhsync-nothing")
    assert done.code == 2
    assert "mhsync-nothing" in done.err


def test_new_writes_a_package_and_prints_its_files_and_the_next_commands(cli_runner):
    done = cli_runner.run("plugins", "new", "mhsync-shelf")
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0] == "Wrote mhsync-shelf:"
    told, following = lines[1 : lines.index("")], lines[lines.index("Next:") + 1 :]
    assert [line for line in told if not (cli_runner.folder / "mhsync-shelf" / line.strip()).is_file()] == []
    assert following == ["  cd mhsync-shelf", "  python -m pip install -e '.[test]'", "  python -m pytest"]


def test_new_prints_json_on_request(cli_runner):
    done = cli_runner.run("plugins", "new", "mhsync-shelf", "--format", "json")
    assert_valid(done.document, "package")
    assert (done.document["package"], done.document["scheme"]) == ("mhsync_shelf", "shelf")
    assert len(done.document["next"]) == 3


@pytest.mark.parametrize(
    "args",
    [
        ["new"],
        ["new", "a", "b"],
        ["new", "../a"],
        ["new", "mhsync-cloud"],
        ["new", "mhsync-s3"],
        ["new", "file"],
        ["nwe"],
    ],
    ids=" ".join,
)
def test_an_invalid_name_is_exit_2_and_writes_nothing(cli_runner, args):
    done = cli_runner.run("plugins", *args, "--format", "json")
    assert done.code == 2
    assert_valid(done.document, "error")
    assert list(cli_runner.folder.iterdir()) == []


def test_new_needs_no_plugin_and_overwrites_nothing(cli_runner):
    assert cli_runner.run("plugins", "new", "mhsync-shelf").code == 0
    before = (cli_runner.folder / "mhsync-shelf" / "pyproject.toml").read_bytes()
    again = cli_runner.run("plugins", "new", "mhsync-shelf")
    assert again.code == 2
    assert "mhsync-shelf is there already" in again.err
    assert (cli_runner.folder / "mhsync-shelf" / "pyproject.toml").read_bytes() == before
