"""The command `mhsync man`: print the manual page, made from the help of the commands."""

from __future__ import annotations

import importlib

import click

from mhsync.cli.console import Console
from mhsync.cli.group import COMMANDS
from mhsync.cli.options import pass_console
from mhsync.cli.render.man import manual_page
from mhsync.cli.verbosity import verbosity_options


@click.command("man")
@verbosity_options
@pass_console
def command(console: Console) -> int:
    """Print the manual page.

    \b
    To read it:     mhsync man | man -l -
    To install it:  mhsync man > ~/.local/share/man/man1/mhsync.1
    """
    root = click.get_current_context().find_root()
    commands = {name: importlib.import_module(f"mhsync.cli.{name}").command for name in COMMANDS}
    console.out(manual_page(root, commands).rstrip("\n"))
    return 0
