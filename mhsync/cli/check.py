"""mhsync check: show one project, wait for it, download it. No manifest and no receipt."""

from __future__ import annotations

import click

from mhsync.api.check_result import Result
from mhsync.cli.arguments import project_id_argument
from mhsync.cli.console import Console
from mhsync.cli.durations import DEFAULT_WAIT, WaitCommand, parse_duration
from mhsync.cli.options import (
    SharedOptions,
    api_options,
    output_options,
    parsed_by,
    pass_shared_options,
    show_urls_option,
)
from mhsync.cli.render.json import dumped
from mhsync.cli.render.project import project_text
from mhsync.cli.render.terminal import escape
from mhsync.cli.render.units import human_time
from mhsync.cli.run_setup import open_client
from mhsync.reconcile.context import Stop

FORMAT = "mhsync.check/1"


@click.command("check", cls=WaitCommand)
@project_id_argument
@click.option(
    "--wait",
    metavar="[DURATION]",
    callback=parsed_by(parse_duration),
    help=f"Wait while it renders, {DEFAULT_WAIT} if no duration follows; exit 4 when that is not enough.",
)
@click.option("--download", is_flag=True, help="Download its outputs once it is complete.")
@click.option("--directory", metavar="DIR", help="Where to, in place of the current folder; implies --download.")
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
    """Show one project, wait for it, download it.

    Exits 1 when it ended in error or canceled, or is gone. What still renders exits 0, and 4 after --wait.
    No file is ever replaced: where 'output.wav' is taken by another file, it becomes 'output-2.wav'.
    """
    if wait is not None:
        console.info(f"{id}: waiting up to {human_time(wait)} while it renders")
    with open_client(console, shared, Stop()) as client:
        result = client.check_result(
            id,
            wait_for_completion=wait is not None,
            download_outputs=download or directory is not None,
            download_directory=directory,
            timeout=wait,
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
