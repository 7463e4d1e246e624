"""The command `mhsync check`: show, await and download one project, without a manifest or a receipt."""

from __future__ import annotations

import click

from mhsync.api.check_result import Result
from mhsync.cli.arguments import project_id_argument
from mhsync.cli.completion_values import DIRECTORY_NAME
from mhsync.cli.console import Console
from mhsync.cli.durations import DEFAULT_WAIT, WaitCommand, parse_duration
from mhsync.cli.options import (
    SharedOptions,
    api_options,
    bwlimit_option,
    output_options,
    parsed_by,
    pass_shared_options,
    show_urls_option,
)
from mhsync.cli.progress import Progress
from mhsync.cli.render.json import dumped
from mhsync.cli.render.project import project_text
from mhsync.cli.render.terminal import escape
from mhsync.cli.render.units import human_time
from mhsync.cli.run_setup import open_client
from mhsync.reconcile.context import Stop
from mhsync.reconcile.progress import WaitingForRenders

FORMAT = "mhsync.check/1"


@click.command("check", cls=WaitCommand)
@project_id_argument
@click.option(
    "--wait",
    metavar="[DURATION]",
    callback=parsed_by(parse_duration),
    help=f"Wait for the render, such as 90s, 10m or 1h30m ({DEFAULT_WAIT} without a duration); exit 4 if it is "
    "still rendering then.",
)
@click.option("--download", is_flag=True, help="Download the outputs if the project is complete.")
@click.option(
    "--directory",
    metavar="DIR",
    type=DIRECTORY_NAME,
    help="Directory to download into (default: the current one); implies --download.",
)
@bwlimit_option
@show_urls_option
@api_options
@output_options
@pass_shared_options
def command(
    console: Console,
    shared: SharedOptions,
    id: str,
    wait: float | None,
    download: bool,
    directory: str | None,
    show_urls: bool,
) -> int:
    """Show one project; wait for it and download it on request.

    Exits 1 if the project ended in error, was canceled or was deleted. If it is still rendering, exits 0, or 4
    with --wait. Never overwrites a file: if another 'output.wav' exists, the new file is named 'output-2.wav'.
    """
    if wait is not None:
        console.info(f"{id}: waiting up to {human_time(wait)} for the render")
    with Progress(console) as progress, open_client(console, shared, Stop()) as client:
        if wait is not None:
            progress(WaitingForRenders(1, wait))
        result = client.check_result(
            id,
            wait_for_completion=wait is not None,
            download_outputs=download or directory is not None,
            download_directory=directory,
            timeout=wait,
            on_progress=progress,
        )
    if console.is_json:
        console.document(dumped(_to_json(result, show_urls=show_urls)))
        return 0
    console.out(project_text(result.project, console.style(console.stdout), show_urls=show_urls))
    for path in result.downloaded_paths:
        console.out(f"downloaded: {escape(path)}")
    return 0


def _to_json(result: Result, *, show_urls: bool) -> dict[str, object]:
    return {
        "format": FORMAT,
        "project": result.project.to_json(show_urls=show_urls),
        "downloaded_paths": list(result.downloaded_paths),
    }
