"""mhsync get: show one project."""

from __future__ import annotations

from mhsync.cli.arguments import project_id, show_urls
from mhsync.cli.options import Flags, make_command
from mhsync.cli.render.json import dumped
from mhsync.cli.render.project import project_text
from mhsync.cli.running import opened_client
from mhsync.cli.voice import Voice
from mhsync.reconcile.run import Stop


@make_command("get", project_id(), show_urls(), groups=("api",))
def command(voice: Voice, flags: Flags, id: str, show_urls: bool) -> int:
    """Show one project as the API has it."""
    with opened_client(voice, flags, Stop()) as client:
        project = client.get(id)
    if voice.is_json:
        voice.document(dumped(project.to_json(show_urls=show_urls)))
    else:
        voice.say(project_text(project, voice.look(voice.out), show_urls=show_urls))
    return 0
