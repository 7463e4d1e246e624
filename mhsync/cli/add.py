"""The command `mhsync add`: add projects to a manifest."""

from __future__ import annotations

import sys

import click

from mhsync.cli.console import Console
from mhsync.cli.options import output_options, pass_console
from mhsync.cli.project_ids import read_ids
from mhsync.cli.render.json import dumped
from mhsync.cli.render.terminal import escape
from mhsync.cli.render.units import counted
from mhsync.core.manifest import State
from mhsync.reconcile.edit_manifest import add_projects

FORMAT = "mhsync.edit/1"


@click.command("add")
@click.argument("manifest", metavar="FILE", type=click.Path(path_type=str))
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@click.option("--state", type=click.Choice([state.value for state in State]), help="The state of the new entries.")
@click.option("--path", metavar="TEMPLATE", help="The path of their outputs, such as '{date}/{name}{ext}'.")
@output_options
@pass_console
def command(console: Console, manifest: str, ids: tuple[str, ...], state: str | None, path: str | None) -> int:
    """Add projects to a manifest.

    Comments, order and quotes of the file stay as they are. '-' reads ids from standard input: words, or the JSON
    of the vendor's command line and SDK.
    """
    found = read_ids(ids, sys.stdin.read() if "-" in ids else "")
    done = add_projects(manifest, found, state=None if state is None else State(state), path=path)
    if console.is_json:
        console.document(
            dumped({"format": FORMAT, "file": manifest, "added": done.added, "present": done.present})
        )
        return 0
    if done.added:
        console.out(f"{escape(manifest)}: added {counted(len(done.added), 'project')}")
    if done.present:
        console.out(f"{escape(manifest)}: {counted(len(done.present), 'project')} already listed")
    return 0
