"""The command `mhsync fmt`: format manifests."""

from __future__ import annotations

import click

from mhsync.cli.arguments import files_argument
from mhsync.cli.console import Console
from mhsync.cli.manifests import load_manifest
from mhsync.cli.options import output_options, pass_console
from mhsync.cli.render.json import dumped
from mhsync.cli.render.terminal import escape
from mhsync.exit_codes import ExitCode
from mhsync.reconcile.edit_manifest import format_manifest
from mhsync.settings import Settings

FORMAT = "mhsync.edit/1"


@click.command("fmt")
@files_argument
@click.option("--check", is_flag=True, help="Change nothing; exit 1 if a file is not formatted.")
@output_options
@pass_console
def command(console: Console, files: tuple[str, ...], check: bool) -> int:
    """Format manifests.

    Only spaces and line ends change. Prints the name of each file that is changed, or with --check would be.
    """
    names = [file.file for file in load_manifest(files, Settings()).files]
    changed = [name for name in names if format_manifest(name, check=check)]
    if console.is_json:
        console.document(dumped({"format": FORMAT, "check": check, "changed": changed}))
    else:
        for name in changed:
            console.out(escape(name))
    return ExitCode.FAILED if check and changed else ExitCode.OK
