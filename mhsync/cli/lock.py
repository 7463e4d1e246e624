"""The command `mhsync lock`: write the lock file of each manifest."""

from __future__ import annotations

import click

from mhsync.api.client import api_origin
from mhsync.cli.arguments import files_argument
from mhsync.cli.console import Console
from mhsync.cli.manifests import load_manifest
from mhsync.cli.options import SharedOptions, api_url_option, output_options, pass_shared_options, plugins_option
from mhsync.cli.plugin_loading import load_hooks
from mhsync.cli.render.json import dumped
from mhsync.cli.render.terminal import escape
from mhsync.cli.render.units import counted
from mhsync.cli.signals import stopping
from mhsync.reconcile.context import Stop
from mhsync.reconcile.lock import write_locks


@click.command("lock")
@files_argument
@api_url_option
@plugins_option
@output_options
@pass_shared_options
def command(console: Console, shared: SharedOptions, files: tuple[str, ...]) -> int:
    """Write path, size and SHA-256 of every stored output to a lock file.

    The lock file of mhsync.yaml is mhsync.lock.json next to it; commit both. pull, verify and plan refuse with
    --locked what differs from it. It is made of the receipts: run `mhsync verify` first to read every byte. Sends
    no request to the API, and needs no key.
    """
    manifest = load_manifest(files, shared.settings)
    stop = Stop()
    with stopping(stop.request):
        written = write_locks(
            manifest,
            api=api_origin(console.environ, shared.api_url),
            hooks=load_hooks(console, is_enabled=not shared.no_plugins),
            settings=shared.settings,
            stop=stop,
        )
    if console.is_json:
        locks = [{"file": w.path, "outputs": w.outputs, "not_stored": list(w.not_stored)} for w in written]
        console.document(dumped({"format": "mhsync.locks/1", "locks": locks}))
        return 0
    for lock in written:
        rest = f"; {counted(len(lock.not_stored), 'project')} not stored yet" if lock.not_stored else ""
        console.out(f"{escape(lock.path)}: {counted(lock.outputs, 'output')}{rest}.")
    return 0
