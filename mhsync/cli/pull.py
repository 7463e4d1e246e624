"""The command `mhsync pull`: bring stored outputs to a folder where they are used."""

from __future__ import annotations

import click

from mhsync.api.client import api_origin
from mhsync.cli.arguments import files_argument
from mhsync.cli.console import Console
from mhsync.cli.manifests import load_selected
from mhsync.cli.options import (
    SharedOptions,
    api_url_option,
    lock_timeout_option,
    locked_option,
    output_options,
    pass_shared_options,
    storage_options,
)
from mhsync.cli.plugin_loading import load_hooks
from mhsync.cli.progress import Progress
from mhsync.cli.render.json import dumped
from mhsync.cli.render.pulling import pull_text
from mhsync.cli.signals import stopping
from mhsync.errors import UsageError
from mhsync.reconcile.context import Stop
from mhsync.reconcile.pull import PullOptions, pull


@click.command("pull")
@files_argument
@click.option("--to", metavar="DIR", type=click.Path(path_type=str), help="The folder; it is made (required).")
@click.option("--link", is_flag=True, help="Make hard links where the storage is on the same file system.")
@click.option("--prune", is_flag=True, help="Remove files of earlier pulls that are no longer wanted.")
@locked_option
@api_url_option
@lock_timeout_option
@storage_options
@output_options
@pass_shared_options
def command(
    console: Console,
    shared: SharedOptions,
    files: tuple[str, ...],
    to: str | None,
    link: bool,
    prune: bool,
    locked: bool,
) -> int:
    """Bring stored outputs to a folder where they are used.

    Brings only what is missing or different, by the paths of the manifests. Each file appears as a whole, and only
    if its bytes are those of its receipt. A file that no pull wrote is never replaced. Sends no request to the
    API, and needs no key.
    """
    if to is None:
        raise UsageError("no folder was given", hint="name it with --to DIR")
    manifest, shared = load_selected(files, shared)
    stop = Stop()
    with Progress(console) as progress, stopping(stop.request):
        report = pull(
            manifest,
            to,
            PullOptions(shared.only, link, prune, locked),
            api=api_origin(console.environ, shared.api_url),
            hooks=load_hooks(console, is_enabled=not shared.no_plugins),
            settings=shared.settings,
            stop=stop,
            observer=progress,
        )
    if console.is_json:
        console.document(dumped(report.to_json()))
    else:
        console.out(pull_text(report, console.style(console.stdout), is_verbose=console.verbose > 0))
    return report.exit_code
