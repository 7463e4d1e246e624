"""The command `mhsync copy`: copy a storage to another one, or compare the two."""

from __future__ import annotations

import click

from mhsync.cli.console import Console
from mhsync.cli.options import (
    SharedOptions,
    lock_timeout_option,
    output_options,
    pass_shared_options,
    storage_options,
)
from mhsync.cli.plugin_loading import load_hooks
from mhsync.cli.progress import Progress
from mhsync.cli.render.copying import copy_text
from mhsync.cli.render.json import dumped
from mhsync.cli.signals import stopping
from mhsync.reconcile.context import Stop
from mhsync.reconcile.copy import copy_storage


@click.command("copy")
@click.argument("source", metavar="FROM", type=click.Path(path_type=str))
@click.argument("target", metavar="TO", type=click.Path(path_type=str))
@click.option("--check", is_flag=True, help="Write nothing; compare what TO has with the receipts of FROM.")
@lock_timeout_option
@storage_options
@output_options
@pass_shared_options
def command(console: Console, shared: SharedOptions, source: str, target: str, check: bool) -> int:
    """Copy all stored outputs and receipts to another storage.

    FROM and TO are each a folder, the URL of a storage, or a manifest that uses one. Every copy is read back and
    compared with its receipt. Nothing is changed in FROM, and no file in TO is replaced that mhsync did not write.
    Run it again after an interruption: what is copied already is left out. Sends no request to the API.
    """
    hooks = load_hooks(console, is_enabled=not shared.no_plugins)
    stop = Stop()
    with Progress(console) as progress, stopping(stop.request):
        report = copy_storage(
            source,
            target,
            hooks=hooks,
            only=shared.only,
            check=check,
            settings=shared.settings,
            stop=stop,
            observer=progress,
        )
    if console.is_json:
        console.document(dumped(report.to_json()))
    else:
        console.out(copy_text(report, console.style(console.stdout), is_verbose=console.verbose > 0))
    return report.exit_code
