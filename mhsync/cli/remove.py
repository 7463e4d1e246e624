"""The command `mhsync remove`: remove projects from a manifest."""

from __future__ import annotations

import sys

import click

from mhsync.cli.completion_values import complete_ids
from mhsync.cli.console import Console
from mhsync.cli.options import output_options, pass_console
from mhsync.cli.project_ids import read_ids
from mhsync.cli.render.json import dumped
from mhsync.cli.render.terminal import escape
from mhsync.cli.render.units import counted
from mhsync.reconcile.edit_manifest import remove_projects

FORMAT = "mhsync.edit/1"


@click.command("remove")
@click.argument("manifest", metavar="FILE", type=click.Path(path_type=str))
@click.argument("ids", nargs=-1, required=True, metavar="ID...", shell_complete=complete_ids)
@output_options
@pass_console
def command(console: Console, manifest: str, ids: tuple[str, ...]) -> int:
    """Remove projects from a manifest.

    They are then not managed: nothing is deleted, neither from the account nor from the storage. '-' reads ids
    from standard input. If one id is not listed, nothing is removed.
    """
    found = read_ids(ids, sys.stdin.read() if "-" in ids else "")
    remove_projects(manifest, found)
    if console.is_json:
        console.document(dumped({"format": FORMAT, "file": manifest, "removed": found}))
    else:
        console.note(f"{escape(manifest)}: removed {counted(len(found), 'project')}")
    return 0
