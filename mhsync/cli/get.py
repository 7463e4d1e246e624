"""mhsync get: show one project."""

from __future__ import annotations

from mhsync.cli.arguments import project_id, show_urls
from mhsync.cli.console import Console
from mhsync.cli.options import Flags, make_command
from mhsync.cli.render.json import dumped
from mhsync.cli.render.project import project_text
from mhsync.cli.run_context import opened_client
from mhsync.reconcile.context import Stop


@make_command("get", project_id(), show_urls(), groups=("api",))
def command(console: Console, flags: Flags, id: str, show_urls: bool) -> int:
    """Show one project as the API has it."""
    with opened_client(console, flags, Stop()) as client:
        project = client.get(id)
    if console.is_json:
        console.document(dumped(project.to_json(show_urls=show_urls)))
    else:
        console.out(project_text(project, console.style(console.stdout), show_urls=show_urls))
    return 0
