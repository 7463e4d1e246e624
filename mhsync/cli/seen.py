"""The command `mhsync seen`: list sighted projects that no manifest lists, and import sightings."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from mhsync.cli.arguments import files_argument
from mhsync.cli.console import Console
from mhsync.cli.manifests import load_manifest
from mhsync.cli.options import SharedOptions, output_options, pass_shared_options, plugins_option
from mhsync.cli.plugin_loading import load_hooks
from mhsync.cli.render.json import dumped
from mhsync.cli.render.table import Row, render_table
from mhsync.cli.render.terminal import Style, escape
from mhsync.cli.render.units import counted
from mhsync.cli.signals import stopping
from mhsync.core.named_projects import Details, projects_in_log, projects_in_text
from mhsync.core.seen import Seen, SeenProject
from mhsync.errors import UsageError
from mhsync.reconcile.context import Stop
from mhsync.reconcile.seen import import_sightings, list_seen

NO_LIST = "The API cannot list the projects of an account: there may be projects that were never sighted."


@click.command("seen")
@files_argument
@click.option(
    "--from",
    "source",
    metavar="FILE",
    help="First record the projects that this file names: lines, CSV with a header, JSON; '-': standard input.",
)
@click.option(
    "--pattern",
    metavar="REGEX",
    help="With --from: the file is a log, and this finds the ids; its first group, or all of it, is the id.",
)
@plugins_option
@output_options
@pass_shared_options
def command(
    console: Console, shared: SharedOptions, files: tuple[str, ...], source: str | None, pattern: str | None
) -> int:
    """List projects that were sighted and that no manifest lists.

    Webhooks name projects (mhsync inbox serve), and --from imports others, such as those from before the webhook.
    Sends no request to the API. The API cannot list the projects of an account: there may be
    projects that were never sighted.
    """
    if pattern is not None and source is None:
        raise UsageError("--pattern is for --from", hint="pass the log with --from FILE")
    projects = [] if source is None else _projects(source, pattern)
    manifest = load_manifest(files, shared.settings)
    hooks = load_hooks(console, is_enabled=not shared.no_plugins)
    stop = Stop()
    with stopping(stop.request):
        if source is not None:
            added = import_sightings(
                hooks, manifest, projects, datetime.now(UTC), settings=shared.settings, stop=stop
            )
            known = len({details["id"] for details in projects}) - len(added)
            console.info(f"Recorded {counted(len(added), 'project')}; {known:,} sighted before.")
        seen = list_seen(hooks, manifest, settings=shared.settings, stop=stop)
    if console.is_json:
        console.document(dumped(seen.to_json()))
    else:
        console.out(seen_text(seen, console.style(console.stdout)))
    return 0


def seen_text(seen: Seen, style: Style) -> str:
    """A row for each project, then their number."""
    table = render_table([_row(project) for project in seen.projects], ("PROJECT", "STATUS", "DETAILS"), style)
    number = f"{counted(len(seen.projects), 'project')} sighted that no manifest lists. {NO_LIST}"
    return "\n".join([*table, *([""] if table else []), number])


def _row(project: SeenProject) -> Row:
    one = project.sighting
    if one is None:
        return Row("?", project.id, "unreadable", "its sighting cannot be read")
    seen = f"first seen {one.first_seen:%Y-%m-%d %H:%M} UTC"
    parts = (one.name, one.type, one.event or "imported", seen)
    return Row("+", project.id, one.status or "unknown", ", ".join(part for part in parts if part))


def _projects(source: str, pattern: str | None) -> list[Details]:
    """The projects that a file names.

    Raises:
        UsageError: the file cannot be read, or names no project.
    """
    try:
        text = sys.stdin.read() if source == "-" else Path(source).read_text("utf-8-sig", "replace")
    except OSError as error:
        reason = (error.strerror or "unknown error").lower()
        raise UsageError(
            f"cannot read {escape(source)}: {reason}", hint="pass a file that names projects"
        ) from None
    try:
        found = projects_in_text(text) if pattern is None else projects_in_log(text, pattern)
    except ValueError as error:
        raise UsageError(f"{escape(source)}: {error}", hint="see mhsync seen --help for the forms") from None
    if not found:
        raise UsageError(
            f"{escape(source)} names no project",
            hint="pass lines with ids, CSV with the column 'id', JSON with the key 'id', or a log with --pattern",
        )
    return found
