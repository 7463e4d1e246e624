"""The command `mhsync status`: list what is desired, live and stored."""

from __future__ import annotations

import click

from mhsync.cli.arguments import files_argument
from mhsync.cli.console import Console
from mhsync.cli.manifests import load_selected
from mhsync.cli.options import (
    SharedOptions,
    api_options,
    fail_on_option,
    output_options_with,
    pass_shared_options,
    run_options,
)
from mhsync.cli.progress import Progress
from mhsync.cli.render.json import dumped
from mhsync.cli.run_setup import open_run
from mhsync.exit_codes import FailOn, exit_code_of_run
from mhsync.reconcile.status import status


@click.command("status")
@files_argument
@fail_on_option
@api_options
@run_options
@output_options_with("csv", "markdown")
@pass_shared_options
def command(console: Console, shared: SharedOptions, files: tuple[str, ...], fail_on: str) -> int:
    """List what is desired, live and stored.

    A row for each project, problems first, then the sums by state. Writes to no storage and sends no
    notification. With -v reasons and paths are listed too.
    """
    manifest, shared = load_selected(files, shared)
    progress = Progress(console)
    with open_run(console, shared, progress) as run:
        report = status(run, manifest)
    progress.end()
    if console.is_json:
        console.document(dumped(report.to_json()))
    elif console.format == "csv":
        from mhsync.cli.render.status import status_csv

        console.document(status_csv(report).removesuffix("\n"))
    elif console.format == "markdown":
        from mhsync.cli.render.status import status_markdown

        console.document(status_markdown(report).rstrip("\n"))
    else:
        from mhsync.cli.render.status import status_text

        console.out(status_text(report, console.style(console.stdout), is_verbose=console.verbose > 0))
    return exit_code_of_run(
        is_interrupted=False, has_failed=report.has_failed, has_blocked=report.has_blocked, fail_on=FailOn(fail_on)
    )
