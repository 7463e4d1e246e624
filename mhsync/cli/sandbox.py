"""The commands `mhsync sandbox` and `mhsync sandbox run`: a local server of the API."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

import click

from mhsync.cli.console import Console
from mhsync.sandbox.serve import DEFAULT_PORT, SandboxOptions, announcement, help_lines, run_command, until_signal
from mhsync.sandbox.server import SANDBOX_KEY

P = ParamSpec("P")
R = TypeVar("R")

_FILE = click.Path(dir_okay=False, path_type=Path)


def _sandbox_options(command: Callable[P, R]) -> Callable[P, R]:
    """Add the options that both commands have."""
    for option in (
        click.option(
            "--latency", type=click.FloatRange(0), metavar="S", help="Seconds of delay before every response."
        ),
        click.option("--webhook", metavar="URL", help="Where to send an event when a render starts or ends."),
        click.option(
            "--webhook-secret",
            metavar="SECRET",
            envvar="MHSYNC_WEBHOOK_SECRET",
            help="The secret that signs the events (default: MHSYNC_WEBHOOK_SECRET, else a fixed one).",
        ),
        click.option("--key", metavar="KEY", help=f"The API key to accept.  [default: {SANDBOX_KEY}]"),
        click.option("--faults", type=_FILE, metavar="FILE", help="Faults to inject (YAML)."),
        click.option("--seed", type=_FILE, metavar="FILE", help="Projects of the account at the start (YAML)."),
        click.option(
            "--port",
            type=click.IntRange(0, 65535),
            metavar="N",
            help=f"The API's port; the file host gets the next one. 0: free ports.  [default: {DEFAULT_PORT}]",
        ),
    ):
        command = option(command)
    return command


@click.group(invoke_without_command=True, short_help="Run a local server of the API.")
@_sandbox_options
@click.pass_context
def command(
    ctx: click.Context,
    port: int | None,
    seed: Path | None,
    faults: Path | None,
    key: str | None,
    latency: float | None,
    webhook: str | None,
    webhook_secret: str | None,
) -> int:
    """Run a local server of the API until Ctrl-C.

    The first line on stdout is JSON with its URLs, its key and the ids of its projects.
    """
    options = SandboxOptions(port, seed, faults, key, latency, webhook, webhook_secret)
    if ctx.invoked_subcommand is not None:
        ctx.meta[__name__] = options
        return 0
    console = ctx.ensure_object(Console)
    with until_signal() as ended, options.running(console.info) as sandbox:
        console.out(announcement(sandbox))
        for line in help_lines(sandbox):
            console.info(line)
        ended.wait()
    return 0


@command.command(
    short_help="Run a command against a new sandbox.",
    context_settings={"allow_interspersed_args": False},
)
@_sandbox_options
@click.argument("words", nargs=-1, required=True, type=click.UNPROCESSED, metavar="COMMAND…")
@click.pass_context
def run(
    ctx: click.Context,
    port: int | None,
    seed: Path | None,
    faults: Path | None,
    key: str | None,
    latency: float | None,
    webhook: str | None,
    webhook_secret: str | None,
    words: tuple[str, ...],
) -> int:
    """Start a sandbox, run COMMAND with MHSYNC_API_URL and MAGIC_HOUR_API_KEY set, and exit with its code.

    Example: mhsync sandbox run -- mhsync plan manifest.yaml
    """
    console = ctx.ensure_object(Console)
    options = SandboxOptions(port, seed, faults, key, latency, webhook, webhook_secret).over(ctx.meta[__name__])
    with options.running(console.info) as sandbox:
        return run_command(sandbox, words, console.environ)
