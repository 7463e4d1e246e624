"""The manual page names every command and option, and roff reads it without a warning."""

from __future__ import annotations

import importlib
import shutil
import subprocess

import click
import pytest

from mhsync.cli.group import COMMANDS


@pytest.fixture
def page(cli_runner):
    return cli_runner.run("man").out


def test_every_command_and_option_is_named(page):
    plain = page.replace("\\-", "-")
    for name in COMMANDS:
        assert f'.SS "mhsync {name}' in plain
        command = importlib.import_module(f"mhsync.cli.{name}").command
        options = [param for param in command.params if isinstance(param, click.Option)]
        assert [option.opts[-1] for option in options if option.opts[-1] not in plain] == []


def test_roff_reads_it_without_a_warning(page):
    groff = shutil.which("groff")
    if groff is None:
        pytest.skip("groff is not installed")
    done = subprocess.run(
        [groff, "-ww", "-Kutf8", "-man", "-Tutf8"],
        input=page,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stderr == ""
    assert "still rendering when --wait ended" in done.stdout.replace("\b", "")
