"""Prompts: ask the user on a terminal to type `yes`."""

from __future__ import annotations

import sys

from mhsync.cli.console import Console
from mhsync.cli.render.terminal import Color, escape
from mhsync.cli.render.units import counted
from mhsync.cli.signals import interrupting
from mhsync.core.plan import Action, ProjectPlan
from mhsync.errors import ConfirmationMissing

_SHOWN = 40
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


def confirm_deletes(console: Console, to_delete: tuple[ProjectPlan, ...]) -> bool:
    """List the deletes, those without a stored copy first, and ask the user to confirm them.

    Returns:
        True where there is something to delete; the user has confirmed it.

    Raises:
        ConfirmationMissing: there is no terminal, or the user did not confirm.
        Interrupted: Ctrl-C or SIGTERM in place of an answer.
    """
    if not to_delete:
        return False
    what = f"{counted(len(to_delete), 'project')} would be deleted"
    if not can_ask(console):
        raise ConfirmationMissing(
            f"{what}, and there is no terminal to ask for confirmation",
            hint="confirm with --yes, or apply the rest with --no-deletes",
        )
    if not _ask_about(console, to_delete):
        raise ConfirmationMissing(f"{what}, and deletion was not confirmed; nothing was changed")
    return True


def _ask_about(console: Console, to_delete: tuple[ProjectPlan, ...]) -> bool:
    style = console.style(console.stderr)
    first = sorted(to_delete, key=lambda project: not project.never_stored)
    title = f"{counted(len(to_delete), 'project')} would be deleted from the account permanently:"
    lines = [style.paint(title, Color.BOLD)]
    lines += [f"  {style.paint('-', Color.RED)} {escape(p.id)}  {_detail(p)}" for p in first[:_SHOWN]]
    if len(first) > _SHOWN:
        never = sum(project.never_stored for project in first[_SHOWN:])
        lines.append(f"  and {len(first) - _SHOWN:,} more{f', {never:,} of them never stored' if never else ''}")
    console.error("\n".join(lines))
    return ask(console, "Delete?")


def _detail(project: ProjectPlan) -> str:
    status = escape(project.status or "unknown")
    if Action.DELETE not in project.actions:
        return f"{status}: deleted when its render ends"
    if project.never_stored:
        return f"{status}, NEVER STORED: no copy is kept"
    if Action.DOWNLOAD in project.actions:
        return f"{status}, after its download is verified"
    return f"{status}, a copy is stored"
