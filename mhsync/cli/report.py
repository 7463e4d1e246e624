"""The command `mhsync report`: write the status of all projects as one HTML page."""

from __future__ import annotations

import click

from mhsync.cli.arguments import files_argument
from mhsync.cli.completion_values import FILE_NAME
from mhsync.cli.console import Console
from mhsync.cli.manifests import load_selected
from mhsync.cli.options import (
    SharedOptions,
    api_options,
    fail_on_option,
    output_file,
    output_options,
    parsed_by,
    pass_shared_options,
    run_options,
)
from mhsync.cli.progress import Progress
from mhsync.cli.render.json import dumped
from mhsync.cli.render.terminal import escape
from mhsync.cli.run_setup import open_run
from mhsync.exit_codes import FailOn, exit_code_of_run
from mhsync.reconcile.html_report import write_html_report


@click.command("report")
@files_argument
@click.option(
    "--html",
    "out",
    metavar="OUT",
    type=FILE_NAME,
    callback=parsed_by(output_file),
    required=True,
    help="The page to write.",
)
@fail_on_option
@api_options
@run_options
@output_options
@pass_shared_options
def command(console: Console, shared: SharedOptions, files: tuple[str, ...], out: str, fail_on: str) -> int:
    """Write the status of all projects as one HTML page.

    The page needs no network. It has a player for each output in a local folder, search, filters and sums.
    Writes to no storage and sends no notification.
    """
    manifest, shared = load_selected(files, shared)
    progress = Progress(console)
    with open_run(console, shared, progress) as run:
        report = write_html_report(run, manifest, out)
    progress.end()
    if console.is_json:
        console.document(dumped(report.to_json()))
    else:
        console.out(f"The report was written to {escape(out)}.")
    return exit_code_of_run(
        is_interrupted=False, has_failed=report.has_failed, has_blocked=report.has_blocked, fail_on=FailOn(fail_on)
    )
