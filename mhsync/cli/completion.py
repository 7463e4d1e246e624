"""The command `mhsync completion`: print the script that completes commands, options, files and ids in a shell."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from mhsync.cli.console import Console
from mhsync.cli.options import output_options, pass_console

_VARIABLE = "_MHSYNC_COMPLETE"
"""click reads it when the script of a shell calls mhsync."""


@click.command("completion")
@click.argument("shell", metavar="SHELL", type=click.Choice(["bash", "zsh", "fish"]))
@output_options
@pass_console
def command(console: Console, shell: str) -> int:
    """Print a script for completion in a shell.

    \b
    bash:  eval "$(mhsync completion bash)"            in ~/.bashrc
    zsh:   eval "$(mhsync completion zsh)"             in ~/.zshrc
    fish:  mhsync completion fish > ~/.config/fish/completions/mhsync.fish

    SHELL is bash, zsh or fish. --only completes the ids of the manifests of the command line.
    """
    kind = get_completion_class(shell)
    assert kind is not None, "click has the three shells"
    root = click.get_current_context().find_root().command
    console.out(kind(root, {}, "mhsync", _VARIABLE).source().rstrip("\n"))
    return 0
