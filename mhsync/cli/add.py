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
from mhsync.core.template import FIELDS
from mhsync.errors import UsageError
from mhsync.reconcile.edit_manifest import add_projects

FORMAT = "mhsync.edit/1"
_PATH_HELP = f"The path of their outputs, such as '{{date}}/{{name}}{{ext}}'. The fields are {', '.join(FIELDS)}."


@click.command("add")
@click.argument("manifest", metavar="FILE", type=click.Path(path_type=str))
@click.argument("ids", nargs=-1, metavar="[ID...]")
@click.option(
    "--seen", is_flag=True, help="Add every project that was sighted and that the manifest does not list."
)
@click.option("--state", type=click.Choice([state.value for state in State]), help="The state of the new entries.")
@click.option(
    "--path",
    metavar="TEMPLATE",
    help=_PATH_HELP,
)
@click.option("--name", metavar="NAME", help="The name of the new entry, for people; only with one ID.")
@click.option("--note", metavar="TEXT", help="The note of the new entries, for people.")
@click.option("--tag", "tags", metavar="TAG", multiple=True, help="A tag of the new entries; can be repeated.")
@output_options
@pass_console
def command(
    console: Console,
    manifest: str,
    ids: tuple[str, ...],
    seen: bool,
    state: str | None,
    path: str | None,
    name: str | None,
    note: str | None,
    tags: tuple[str, ...],
) -> int:
    """Add projects to a manifest.

    Comments, order and quotes of the file stay as they are. '-' reads ids from standard input: words, or the JSON
    of the vendor's command line and SDK. --seen adds the projects that mhsync seen lists.
    """
    if not ids and not seen:
        raise UsageError("no project is given", hint="pass ids, or --seen for the sighted projects")
    found = read_ids(ids, sys.stdin.read() if "-" in ids else "")
    if seen:
        found = list(dict.fromkeys((*found, *_sighted_ids(console, manifest))))
    if name is not None and len(found) != 1:
        raise UsageError(f"--name is for one project, and {len(found):,} were given", hint="add them one by one")
    wanted = None if state is None else State(state)
    done = add_projects(manifest, found, state=wanted, path=path, name=name, note=note, tags=tags)
    if console.is_json:
        console.document(
            dumped({"format": FORMAT, "file": manifest, "added": done.added, "present": done.present})
        )
        return 0
    if done.added:
        console.note(f"{escape(manifest)}: added {counted(len(done.added), 'project')}")
    if done.present:
        console.note(f"{escape(manifest)}: {counted(len(done.present), 'project')} already listed")
    return 0


def _sighted_ids(console: Console, file: str) -> tuple[str, ...]:
    """The ids that were sighted in the storage of the manifest and that it does not list."""
    from mhsync.cli.manifests import load_manifest
    from mhsync.cli.plugin_loading import load_hooks
    from mhsync.cli.signals import stopping
    from mhsync.reconcile.context import Stop
    from mhsync.reconcile.seen import list_seen
    from mhsync.settings import Settings

    settings, stop = Settings(), Stop()
    hooks = load_hooks(console, is_enabled=True)
    with stopping(stop.request):
        return list_seen(hooks, load_manifest([file], settings), settings=settings, stop=stop).ids
