"""mhsync verify: read every stored file back against its receipt."""

from __future__ import annotations

import click

from mhsync.cli.arguments import files_argument
from mhsync.cli.console import Console
from mhsync.cli.manifests import load_manifest
from mhsync.cli.options import SharedOptions, output_options, pass_shared_options, storage_options
from mhsync.cli.plugin_loading import load_hooks
from mhsync.cli.render.json import dumped
from mhsync.cli.render.verification import verification_text
from mhsync.cli.signals import stopping
from mhsync.reconcile.context import Stop
from mhsync.reconcile.verify import verify


@click.command("verify")
@files_argument
@storage_options
@output_options
@pass_shared_options
def command(console: Console, shared: SharedOptions, files: tuple[str, ...]) -> int:
    """Read every stored file back against its receipt.

    Tells what is missing, changed or unreadable, and files that no receipt names; exits 1 on any. Asks nothing
    of the API. What changed is marked, so that the next plan downloads it again. With -v every file is listed.
    """
    manifest = load_manifest(files, shared.settings, shared.only)
    hooks = load_hooks(console, is_enabled=not shared.no_plugins)
    stop = Stop()
    with stopping(stop.request):
        found = verify(hooks, manifest, settings=shared.settings, stop=stop, only=shared.only)
    if console.is_json:
        console.document(dumped(found.to_json()))
    else:
        console.out(verification_text(found, console.style(console.stdout), is_verbose=console.verbose > 0))
    return found.exit_code
