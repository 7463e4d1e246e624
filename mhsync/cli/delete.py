"""The command `mhsync delete`: delete one project, without a manifest, a policy or a receipt."""

from __future__ import annotations

import click

from mhsync.api.client import Client
from mhsync.cli.arguments import project_id_argument
from mhsync.cli.console import Console
from mhsync.cli.options import SharedOptions, api_options, output_options, pass_shared_options
from mhsync.cli.prompt import ask, can_ask
from mhsync.cli.render.json import dumped
from mhsync.cli.render.terminal import escape
from mhsync.cli.run_setup import open_client
from mhsync.core.project import Project
from mhsync.errors import ConfirmationMissing, ProjectNotFound
from mhsync.reconcile.context import Stop

FORMAT = "mhsync.deletion/1"


@click.command("delete")
@project_id_argument
@click.option("--yes", is_flag=True, help="Delete without asking for confirmation.")
@api_options
@output_options
@pass_shared_options
def command(console: Console, shared: SharedOptions, id: str, yes: bool) -> int:
    """Delete one project from the account permanently.

    Exits 0 if the project is already deleted. No copy is downloaded first; to keep one, use a manifest with
    'state: archived'.
    """
    if not yes and not can_ask(console):
        raise ConfirmationMissing(
            "the deletion must be confirmed, and there is no terminal to ask on", hint="confirm with --yes", id=id
        )
    with open_client(console, shared, Stop()) as client:
        project = None if yes else _find(client, id)
        if not yes and (project is None or project.is_gone):
            was_there = False
        else:
            if project is not None:
                _confirm(console, project)
            was_there = client.delete(id)
    if console.is_json:
        outcome = "deleted" if was_there else "gone"
        console.document(dumped({"format": FORMAT, "id": id, "outcome": outcome}))
    else:
        what = "deleted" if was_there else "not found: already deleted, or in another account; nothing was deleted"
        console.out(f"{id}: {what}")
    return 0


def _find(client: Client, id: str) -> Project | None:
    try:
        return client.get(id)
    except ProjectNotFound:
        return None


def _confirm(console: Console, project: Project) -> None:
    name = "" if project.name is None else f" '{escape(project.name)}'"
    console.error(
        f"{project.id}{name} ({escape(project.status_text)}) would be deleted from the account permanently."
    )
    if not ask(console, "Delete?"):
        raise ConfirmationMissing("deletion was not confirmed; nothing was deleted", id=project.id)
