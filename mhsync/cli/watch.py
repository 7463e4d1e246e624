"""The command `mhsync watch`: reconcile again and again, until a signal."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack

import click

from mhsync.cli.arguments import files_argument
from mhsync.cli.console import Console
from mhsync.cli.durations import parse_duration
from mhsync.cli.inbox_thread import InboxThread, inbox_thread
from mhsync.cli.listen_address import parse_address
from mhsync.cli.manifests import load_manifest
from mhsync.cli.metrics_server import metrics_server, require_prometheus
from mhsync.cli.options import (
    SharedOptions,
    api_options,
    bwlimit_option,
    max_deletes_option,
    output_options_with,
    parsed_by,
    pass_shared_options,
    run_options,
)
from mhsync.cli.progress import note_wait
from mhsync.cli.render.terminal import escape
from mhsync.cli.run_setup import open_run
from mhsync.cli.watch_lines import WatchLines
from mhsync.core.manifest import Limit, Manifest
from mhsync.errors import UsageError
from mhsync.exit_codes import ExitCode
from mhsync.loader.files import STDIN
from mhsync.reconcile.context import ApplyOptions, RunContext
from mhsync.reconcile.inbox import webhook_secrets
from mhsync.reconcile.progress import Observer, ProgressEvent, RetryDelayed, StorageLocked, Warned
from mhsync.reconcile.reconciler import Reconciler
from mhsync.reconcile.watch import RunEnded, RunStarted, WatchEvent, WatchListener, WatchLoop
from mhsync.reconcile.watch_metrics import WatchMetrics

_LEAST = 1.0
"""Seconds; a shorter interval would only load the API."""


def parse_interval(text: str) -> float:
    """The seconds of `--every`.

    Raises:
        ValueError: the text is not a duration, or is shorter than a second.
    """
    seconds = parse_duration(text)
    if seconds < _LEAST:
        raise ValueError(f"{text!r} is too short: 1s at least")
    return seconds


@click.command("watch")
@files_argument
@click.option(
    "--every",
    metavar="DURATION",
    callback=parsed_by(parse_interval),
    help="Interval between runs (default: 15m).",
)
@click.option(
    "--listen",
    metavar="[HOST:]PORT",
    callback=parsed_by(parse_address),
    help="Receive the vendor's webhooks there, as `mhsync inbox serve`; a run begins within seconds after one.",
)
@click.option(
    "--metrics",
    metavar="[HOST:]PORT",
    callback=parsed_by(parse_address),
    help="Serve /healthz, /readyz and /metrics (Prometheus) there; without a host on 127.0.0.1.",
)
@click.option("--no-deletes", is_flag=True, help="Skip deletes also where the policy is 'deletes: allow'.")
@max_deletes_option
@bwlimit_option
@api_options
@run_options
@output_options_with("ndjson")
@pass_shared_options
def command(
    console: Console,
    shared: SharedOptions,
    files: tuple[str, ...],
    listen: tuple[str, int] | None,
    metrics: tuple[str, int] | None,
    no_deletes: bool,
    max_deletes: Limit | None,
) -> int:
    """Apply manifests again and again, in one process, until Ctrl-C or SIGTERM.

    Runs at the start, at an interval, when a manifest changes, and after a webhook. Deletes only what the policy
    'deletes: allow' allows. A failed run is repeated after a delay, which grows with each failure.
    """
    if STDIN in files:
        raise UsageError("watch cannot read a manifest from standard input", hint="name a file")
    if console.is_json:
        raise UsageError("watch prints more than one document", hint="use --format ndjson")
    if metrics is not None:
        require_prometheus()
    secrets = () if listen is None else webhook_secrets(console.environ)
    for secret in secrets:
        console.add_secret(secret)
    numbers = WatchMetrics()
    lines = WatchLines(console)
    with ExitStack() as stack:
        run = stack.enter_context(open_run(console, shared, _observer(console, lines, numbers)))
        loop = WatchLoop(
            _reconciler(run),
            files,
            ApplyOptions(no_deletes=no_deletes, max_deletes=max_deletes),
            only=tuple(shared.only),
            listener=_listener(lines, numbers),
        )
        inbox: InboxThread | None = None
        if listen is not None:
            # The storages are those at the start; the runs load the manifests again.
            manifest = load_manifest(files, shared.settings)
            inbox = stack.enter_context(_inbox(listen, manifest, run, secrets, loop))
            lines.listening("inbox", listen[0], inbox.port)
        if metrics is not None:
            served = metrics_server(metrics, numbers, lambda: loop.is_alive and (inbox is None or inbox.is_alive))
            lines.listening("metrics", *stack.enter_context(served))
        is_interrupted = loop.run()
    lines.stopped(is_interrupted=is_interrupted)
    return ExitCode.INTERRUPTED if is_interrupted else ExitCode.OK


def _inbox(
    address: tuple[str, int], manifest: Manifest, run: RunContext, secrets: Sequence[str], loop: WatchLoop
) -> AbstractContextManager[InboxThread]:
    return inbox_thread(
        address,
        manifest,
        hooks=run.hooks,
        secrets=secrets,
        on_sighting=lambda _id: loop.wake(),
        settings=run.settings,
    )


def _reconciler(run: RunContext) -> Reconciler:
    return Reconciler(run.client, run.hooks, run.settings, run.observer, run.stop, run.is_ci, run.environ)


def _observer(console: Console, lines: WatchLines, numbers: WatchMetrics) -> Observer:
    def observe(event: ProgressEvent) -> None:
        numbers.observe(event)
        if lines.events is not None:
            lines.events(event)
        match event:
            case StorageLocked(holder):
                console.info(f"waiting for another run: {escape(holder)}")
            case RetryDelayed(notice):
                note_wait(console, notice)
            case Warned(message):
                console.error(console.redact(f"warning: {escape(message)}"))

    return observe


def _listener(lines: WatchLines, numbers: WatchMetrics) -> WatchListener:
    def listen(event: WatchEvent) -> None:
        numbers.listen(event)
        match event:
            case RunStarted():
                lines.started(event)
            case RunEnded():
                lines.ended(event)

    return listen
