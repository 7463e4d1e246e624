"""The command `mhsync inbox serve`: receive the vendor's webhooks."""

from __future__ import annotations

import json
import threading
from functools import partial
from typing import TYPE_CHECKING

import click

from mhsync.cli.arguments import files_argument
from mhsync.cli.console import Console
from mhsync.cli.listen_address import parse_address
from mhsync.cli.manifests import load_manifest
from mhsync.cli.options import (
    SharedOptions,
    output_options,
    parsed_by,
    pass_shared_options,
    plugins_option,
)
from mhsync.cli.plugin_loading import load_hooks
from mhsync.cli.signals import stopping
from mhsync.errors import UsageError
from mhsync.inbox.application import PATH
from mhsync.reconcile.inbox import open_inbox, webhook_secrets

if TYPE_CHECKING:
    from mhsync.inbox.server import InboxServer


@click.group("inbox")
@output_options
def command() -> None:
    """Receive the vendor's webhooks.

    They name each project when its render starts and ends. The API itself cannot list projects.
    """


@command.command("serve")
@files_argument
@click.option(
    "--listen",
    metavar="[HOST:]PORT",
    default="127.0.0.1:8080",
    show_default=True,
    callback=parsed_by(parse_address),
    help="Address to listen on; without a host 127.0.0.1; port 0: a free port.",
)
@plugins_option
@output_options
@pass_shared_options
def serve(console: Console, shared: SharedOptions, files: tuple[str, ...], listen: tuple[str, int]) -> int:
    """Receive webhooks until Ctrl-C or SIGTERM, and record each project in the storages of the manifests.

    Deliveries are POST /webhook. The secret of the webhook is read from MHSYNC_WEBHOOK_SECRET, and during a
    rotation the former one from MHSYNC_WEBHOOK_SECRET_PREVIOUS. Sends no request, and deletes nothing. The first
    line on stdout is JSON with the URL.
    """
    secrets = webhook_secrets(console.environ)
    for secret in secrets:
        console.add_secret(secret)
    manifest = load_manifest(files, shared.settings)
    try:
        from mhsync.inbox.server import InboxServer
    except ImportError as missing:
        raise UsageError(
            "the package waitress is not installed", hint="run pip install waitress, where mhsync is installed"
        ) from missing
    ended = threading.Event()
    hooks = load_hooks(console, is_enabled=not shared.no_plugins)
    with open_inbox(manifest, hooks=hooks, secrets=secrets, settings=shared.settings) as inbox:
        server = InboxServer(inbox, *listen, shared.settings.inbox)
        with stopping(partial(_end, ended, server)):
            host = f"[{listen[0]}]" if ":" in listen[0] else listen[0]
            console.out(json.dumps({"url": f"http://{host}:{server.port}{PATH}"}))
            server.run(ended.is_set)
    return 0


def _end(ended: threading.Event, server: InboxServer) -> None:
    """Called by a signal handler."""
    ended.set()
    server.wake()
