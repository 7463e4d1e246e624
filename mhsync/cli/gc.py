"""The command `mhsync gc`: list files that nothing needs, and remove them on request."""

from __future__ import annotations

import click

from mhsync.cli.arguments import files_argument
from mhsync.cli.console import Console
from mhsync.cli.manifests import load_manifest
from mhsync.cli.options import (
    SharedOptions,
    lock_timeout_option,
    output_options,
    pass_shared_options,
    plugins_option,
    transfers_option,
)
from mhsync.cli.plugin_loading import load_hooks
from mhsync.cli.progress import Progress
from mhsync.cli.render.json import dumped
from mhsync.cli.render.unused import unused_text
from mhsync.cli.signals import stopping
from mhsync.reconcile.context import Stop
from mhsync.reconcile.gc import collect_garbage


@click.command("gc")
@files_argument
@click.option("--yes", is_flag=True, help="Remove what is unused; otherwise it is only listed.")
@transfers_option
@lock_timeout_option
@plugins_option
@output_options
@pass_shared_options
def command(console: Console, shared: SharedOptions, files: tuple[str, ...], yes: bool) -> int:
    """List files that nothing needs, and remove them on request.

    Removes only with --yes, and only what receipts prove to be superseded, and parked copies that no receipt
    names. Files that no receipt names are listed and never removed. Sends no request to the API.
    """
    manifest = load_manifest(files, shared.settings)
    stop = Stop()
    with Progress(console) as progress, stopping(stop.request):
        report = collect_garbage(
            manifest,
            remove=yes,
            hooks=load_hooks(console, is_enabled=not shared.no_plugins),
            settings=shared.settings,
            stop=stop,
            observer=progress,
        )
    if console.is_json:
        console.document(dumped(report.to_json()))
    else:
        console.out(unused_text(report, console.style(console.stdout)))
    return report.exit_code
