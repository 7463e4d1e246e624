"""Prompts: ask the user on a terminal to type `yes`."""

from __future__ import annotations

import sys
from collections.abc import Collection

from mhsync.cli.console import Console
from mhsync.cli.render.deletes import deletes_text
from mhsync.cli.render.units import counted
from mhsync.cli.signals import interrupting
from mhsync.core.plan import ProjectPlan
from mhsync.errors import ConfirmationMissing

_YES = "yes"


def can_ask(console: Console) -> bool:
    """Whether the user can be asked: stdin and stderr are terminals."""
    return console.stderr_is_terminal and sys.stdin is not None and sys.stdin.isatty()


def ask(console: Console, question: str) -> bool:
    """Ask on stderr, and return whether the user typed `yes`.

    Raises:
        Interrupted: Ctrl-C or SIGTERM in place of an answer.
    """
    answer = ""
    try:
        with interrupting():
            console.prompt(f"{question} Type '{_YES}' to continue: ")
            answer = sys.stdin.readline()
    finally:
        if not answer.endswith("\n"):
            console.error("")
    return answer.strip() == _YES


def confirm_deletes(
    console: Console, to_confirm: Collection[ProjectPlan], deletes: Collection[ProjectPlan]
) -> bool:
    """List all deletes, those without a stored copy first, and ask the user to confirm them.

    Args:
        console: where to ask.
        to_confirm: the projects whose deletion must be confirmed.
        deletes: every project that the run may delete, also those that need no confirmation.

    Returns:
        True where there is something to confirm; the user has confirmed it.

    Raises:
        ConfirmationMissing: there is no terminal, or the user did not confirm.
        Interrupted: Ctrl-C or SIGTERM in place of an answer.
    """
    if not to_confirm:
        return False
    what = f"{counted(len(to_confirm), 'project')} would be deleted"
    if not can_ask(console):
        raise ConfirmationMissing(
            f"{what}, and there is no terminal to ask for confirmation",
            hint="confirm with --yes, or apply the rest with --no-deletes",
        )
    console.error(deletes_text(deletes, to_confirm, console.style(console.stderr)))
    if not ask(console, f"Delete {'it' if len(deletes) == 1 else f'all {len(deletes):,}'}?"):
        raise ConfirmationMissing(f"{what}, and deletion was not confirmed; nothing was changed")
    return True
