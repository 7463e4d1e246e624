"""The command group: the short help, commands of plugins, and broken plugins."""

from __future__ import annotations

import importlib

import pytest

from mhsync.cli.group import COMMANDS, make_group
from mhsync.cli.plugin_loading import has_plugins
from mhsync.exit_codes import ExitCode

PLUGIN = """
import click
from mhsync import hookimpl

@hookimpl
def mhsync_commands(group):
    @group.command("hello")
    def hello():
        "Say hello."
        click.echo("hello from a plugin")

    @group.command("plan")
    def plan():
        "Never reached: mhsync has a command of this name."
        raise SystemExit(99)
"""


@pytest.fixture
def install(cli_runner, tmp_path):
    """`install(source)`: install a plugin as pip would, for the processes of the runner."""

    def put(source: str, name: str = "mhsync-hello") -> None:
        site = tmp_path / "site"
        module = name.replace("-", "_")
        info = site / f"{module}-1.2.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2\n", encoding="utf-8")
        (info / "entry_points.txt").write_text(f"[mhsync]\n{module} = {module}\n", encoding="utf-8")
        (site / f"{module}.py").write_text(source, encoding="utf-8")
        cli_runner.environ.update(PYTHONPATH=str(site), MHSYNC_PLUGINS=name)

    return put


@pytest.mark.parametrize("name", COMMANDS)
def test_the_short_helps_are_those_of_the_commands(name):
    command = importlib.import_module(f"mhsync.cli.{name}").command
    assert command.get_short_help_str(limit=200) == COMMANDS[name]


def test_help_lists_every_command(cli_runner):
    out = cli_runner.run("--help").out
    assert [name for name in COMMANDS if f"\n  {name} " not in out] == []
    assert "Commands of plugins" not in out


def test_a_group_is_new_for_each_run():
    assert make_group() is not make_group()


def test_a_plugin_adds_commands_but_replaces_none(cli_runner, install):
    install(PLUGIN)
    assert cli_runner.process("hello").out == "hello from a plugin\n"
    shown = cli_runner.process("--help").out
    assert "Commands of plugins:\n  hello  Say hello." in shown
    assert cli_runner.process("plan", cli_runner.manifest("done")).code == 0


def test_plugins_that_are_not_selected_add_nothing(cli_runner, install):
    install(PLUGIN)
    cli_runner.environ["MHSYNC_PLUGINS"] = ""
    assert [
        plugin["name"] for plugin in cli_runner.process("plugins", "--format", "json").document["plugins"]
    ] == ["mhsync"]
    assert cli_runner.process("hello").code == 2
    assert "Commands of plugins" not in cli_runner.process("--help").out
    del cli_runner.environ["MHSYNC_PLUGINS"]
    assert cli_runner.process("hello").code == 0
    assert cli_runner.process("hello", "--no-plugins").code == 2


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("raise RuntimeError('not today')", id="import"),
        pytest.param(
            "from mhsync import hookimpl\n@hookimpl\ndef mhsync_commands(group):\n    raise RuntimeError('not today')",
            id="hook",
        ),
    ],
)
def test_a_broken_plugin_stops_neither_help_nor_validate(cli_runner, install, source):
    install(source)
    shown = cli_runner.process("--help")
    assert shown.code == 0
    assert "Commands:" in shown.out
    assert cli_runner.process("validate", cli_runner.manifest("done")).code == 0
    unknown = cli_runner.process("helo")
    assert unknown.code == 2


def test_a_broken_plugin_is_listed_with_what_is_wrong_and_exit_1(cli_runner, install):
    install("raise RuntimeError('not today')")
    listed = cli_runner.process("plugins")
    assert listed.code == 1
    assert "mhsync-hello" in listed.out
    assert "not today" in listed.out
    refused = cli_runner.process("plan", cli_runner.manifest("done"))
    assert refused.code == 1
    assert "mhsync-hello" in refused.err
    assert len(refused.err.splitlines()) == 2
    assert cli_runner.process("plan", "m.yaml", "--no-plugins").code == 0


def test_plugins_are_detected_without_an_import(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.path", [str(tmp_path), str(tmp_path / "missing")])
    assert not has_plugins({})
    info = tmp_path / "x-1.dist-info"
    info.mkdir()
    assert not has_plugins({})
    (info / "entry_points.txt").write_text("[console_scripts]\nx = x:main\n\n[mhsync]\nx = x\n", encoding="utf-8")
    assert has_plugins({})
    assert has_plugins({"MHSYNC_PLUGINS": "x"})
    assert not has_plugins({"MHSYNC_PLUGINS": " "})


def test_help_lists_the_exit_codes_of_the_documents(cli_runner):
    shown = cli_runner.run("--help").out.split("Exit codes:\n")[1]
    assert [line.split()[0] for line in shown.splitlines() if line.strip()[:1].isdigit()] == [
        str(int(code)) for code in ExitCode
    ]


@pytest.mark.parametrize("command", [("man",), ("completion", "bash")])
def test_commands_that_print_other_texts_have_no_format(cli_runner, command):
    done = cli_runner.run(*command, "--format", "json")
    assert (done.code, "no such option" in done.err) == (2, True)
