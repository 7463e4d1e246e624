"""Prompts: a person on a terminal is asked for the word `yes`; nobody else is asked."""

from __future__ import annotations

import sys
from collections.abc import Callable

from mhsync.cli.console import Console
from mhsync.cli.render.terminal import Color, escape
from mhsync.cli.render.units import counted
from mhsync.cli.signals import interrupting
from mhsync.core.plan import Action, Plan, ProjectPlan

_SHOWN = 40
_YES = "yes"


def can_ask(console: Console) -> bool:
    """Whether there is somebody to ask: stdin and stderr are terminals."""
    return console.stderr_is_terminal and sys.stdin is not None and sys.stdin.isatty()


def ask(console: Console, question: str) -> bool:
    """Ask on stderr; whether the answer is the word `yes`.

    Raises:
        Interrupted: Ctrl-C or SIGTERM in place of an answer.
    """
    answer = ""
    try:
        with interrupting():
            console.prompt(f"{question} Type '{_YES}' to go on: ")
            answer = sys.stdin.readline()
    finally:
        if not answer.endswith("\n"):
            console.error("")
    return answer.strip() == _YES


def asker(console: Console) -> Callable[[Plan, tuple[ProjectPlan, ...]], bool] | None:
    """What asks about deletes; None where there is no terminal."""
    return (lambda _, to_delete: _confirm(console, to_delete)) if can_ask(console) else None


def _confirm(console: Console, to_delete: tuple[ProjectPlan, ...]) -> bool:
    """List the deletes, those of which no copy is kept first, and ask."""
    style = console.style(console.stderr)
    first = sorted(to_delete, key=lambda project: not project.never_stored)
    title = f"{counted(len(to_delete), 'project')} would be deleted from the account, for good:"
    lines = [style.paint(title, Color.BOLD)]
    lines += [f"  {style.paint('-', Color.RED)} {escape(p.id)}  {_fate(p)}" for p in first[:_SHOWN]]
    if len(first) > _SHOWN:
        never = sum(project.never_stored for project in first[_SHOWN:])
        lines.append(f"  and {len(first) - _SHOWN:,} more{f', {never:,} of them never stored' if never else ''}")
    console.error("\n".join(lines))
    return ask(console, "Delete?")


def _fate(project: ProjectPlan) -> str:
    status = escape(project.status or "unknown")
    if Action.DELETE not in project.actions:
        return f"{status}: when its render has ended"
    if project.never_stored:
        return f"{status}, NEVER STORED: no copy is kept"
    if Action.DOWNLOAD in project.actions:
        return f"{status}, once it is downloaded and proved"
    return f"{status}, a copy is stored"
