"""The command `mhsync get`: show one project."""

from __future__ import annotations

import click

from mhsync.cli.arguments import project_id_argument
from mhsync.cli.console import Console
from mhsync.cli.options import SharedOptions, api_options, output_options, pass_shared_options, show_urls_option
from mhsync.cli.render.json import dumped
from mhsync.cli.render.project import project_text
from mhsync.cli.run_setup import open_client
from mhsync.reconcile.context import Stop


@click.command("get")
@project_id_argument
@show_urls_option
@api_options
@output_options
@pass_shared_options
def command(console: Console, shared: SharedOptions, id: str, show_urls: bool) -> int:
    """Show one project as the API returns it."""
    with open_client(console, shared, Stop()) as client:
        project = client.get(id)
    if console.is_json:
        console.document(dumped(project.to_json(show_urls=show_urls)))
    else:
        console.out(project_text(project, console.style(console.stdout), show_urls=show_urls))
    return 0
