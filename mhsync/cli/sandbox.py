"""`mhsync sandbox` and `mhsync sandbox run`: a local API server to try things with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

import click

from mhsync.cli.console import Console
from mhsync.sandbox.serve import Choices, announcement, help_lines, run_command, until_signal
from mhsync.sandbox.server import SANDBOX_KEY

P = ParamSpec("P")
R = TypeVar("R")

_FILE = click.Path(dir_okay=False, path_type=Path)


def _choices(command: Callable[P, R]) -> Callable[P, R]:
    """The options that both have."""
    for option in (
        click.option("--latency", type=click.FloatRange(0), metavar="S", help="Seconds that every answer takes."),
        click.option("--key", metavar="KEY", help=f"The API key it accepts.  [default: {SANDBOX_KEY}]"),
        click.option("--faults", type=_FILE, metavar="FILE", help="What goes wrong, and when (YAML)."),
        click.option("--seed", type=_FILE, metavar="FILE", help="The projects it begins with (YAML)."),
        click.option(
            "--port", type=click.IntRange(0, 65535), metavar="N", help="The API's port; a free one by default."
        ),
    ):
        command = option(command)
    return command


@click.group(invoke_without_command=True, short_help="A local API server to try things with.")
@_choices
@click.pass_context
def command(
    ctx: click.Context,
    port: int | None,
    seed: Path | None,
    faults: Path | None,
    key: str | None,
    latency: float | None,
) -> int:
    """Run a local server that speaks the API, until Ctrl-C.

    The first line on stdout is JSON with its URLs, its key and the ids of its projects.
    """
    choices = Choices(port, seed, faults, key, latency)
    if ctx.invoked_subcommand is not None:
        ctx.meta[__name__] = choices
        return 0
    console = ctx.ensure_object(Console)
    with until_signal() as ended, choices.running() as sandbox:
        console.out(announcement(sandbox))
        for line in help_lines(sandbox):
            console.info(line)
        ended.wait()
    return 0


@command.command(
    short_help="Run a command against a sandbox of its own.",
    context_settings={"allow_interspersed_args": False},
)
@_choices
@click.argument("words", nargs=-1, required=True, type=click.UNPROCESSED, metavar="COMMAND…")
@click.pass_context
def run(
    ctx: click.Context,
    port: int | None,
    seed: Path | None,
    faults: Path | None,
    key: str | None,
    latency: float | None,
    words: tuple[str, ...],
) -> int:
    """Start a sandbox, run COMMAND with MHSYNC_API_URL and MAGIC_HOUR_API_KEY set to it, and exit as it does.

    Example: mhsync sandbox run -- mhsync plan manifest.yaml
    """
    given = Choices(port, seed, faults, key, latency).over(ctx.meta[__name__])
    with given.running() as sandbox:
        return run_command(sandbox, words, ctx.ensure_object(Console).environ)
