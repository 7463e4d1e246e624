"""The command `mhsync verify`: compare the stored files with their receipts."""

from __future__ import annotations

import click

from mhsync.api.client import api_origin
from mhsync.cli.arguments import files_argument
from mhsync.cli.console import Console
from mhsync.cli.manifests import load_selected
from mhsync.cli.options import (
    SharedOptions,
    locked_option,
    output_options,
    parse_limit,
    parsed_by,
    pass_shared_options,
    storage_options,
)
from mhsync.cli.plugin_loading import load_hooks
from mhsync.cli.render.json import dumped
from mhsync.cli.render.verification import verification_text
from mhsync.cli.signals import stopping
from mhsync.core.manifest import Limit
from mhsync.reconcile.context import Stop
from mhsync.reconcile.copy_project import CopyContext
from mhsync.reconcile.lock import check_locked
from mhsync.reconcile.verify import verify


@click.command("verify")
@files_argument
@click.option(
    "--sample",
    metavar="N|N%",
    callback=parsed_by(parse_limit),
    help="Read only this number or percentage of the projects: those whose last check is the oldest.",
)
@locked_option
@storage_options
@output_options
@pass_shared_options
def command(
    console: Console, shared: SharedOptions, files: tuple[str, ...], locked: bool, sample: Limit | None
) -> int:
    """Read every stored file and compare it with its receipt.

    Reports files that are missing, changed or unreadable, and files without a receipt; exits 1 if there are any.
    Sends no request to the API. Changed files are marked; the next apply replaces them from another
    storage or, if none has a copy, from the API. With -v all files are listed.
    """
    manifest, shared = load_selected(files, shared)
    hooks = load_hooks(console, is_enabled=not shared.no_plugins)
    stop = Stop()
    with stopping(stop.request):
        if locked:
            run = CopyContext(api_origin(console.environ), shared.settings, stop)
            check_locked(run, hooks, manifest, shared.only)
        found = verify(hooks, manifest, settings=shared.settings, stop=stop, only=shared.only, sample=sample)
    if console.is_json:
        console.document(dumped(found.to_json()))
    else:
        console.out(verification_text(found, console.style(console.stdout), is_verbose=console.verbose > 0))
    return found.exit_code
