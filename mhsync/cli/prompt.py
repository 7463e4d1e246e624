"""Prompts: a person on a terminal is asked for the word `yes`; nobody else is asked."""

from __future__ import annotations

import sys
from collections.abc import Callable

from mhsync.cli.render.terminal import Color, escape
from mhsync.cli.render.words import counted
from mhsync.cli.signals import interrupting
from mhsync.cli.voice import Voice
from mhsync.core.plan import Action, Plan, ProjectPlan

_SHOWN = 40
_YES = "yes"


def can_ask(voice: Voice) -> bool:
    """Whether there is somebody to ask: stdin and stderr are terminals."""
    return voice.err_is_terminal and sys.stdin is not None and sys.stdin.isatty()


def ask(voice: Voice, question: str) -> bool:
    """Ask on stderr; whether the answer is the word `yes`.

    Raises:
        Interrupted: Ctrl-C or SIGTERM in place of an answer.
    """
    answer = ""
    try:
        with interrupting():
            voice.prompt(f"{question} Type '{_YES}' to go on: ")
            answer = sys.stdin.readline()
    finally:
        if not answer.endswith("\n"):
            voice.tell("")
    return answer.strip() == _YES


def asker(voice: Voice) -> Callable[[Plan, tuple[ProjectPlan, ...]], bool] | None:
    """What asks about deletes; None where there is no terminal."""
    return (lambda _, doomed: _confirm(voice, doomed)) if can_ask(voice) else None


def _confirm(voice: Voice, doomed: tuple[ProjectPlan, ...]) -> bool:
    """List the deletes, those of which no copy is kept first, and ask."""
    look = voice.look(voice.err)
    first = sorted(doomed, key=lambda project: not project.never_stored)
    title = f"{counted(len(doomed), 'project')} would be deleted from the account, for good:"
    lines = [look.paint(title, Color.BOLD)]
    lines += [f"  {look.paint('-', Color.RED)} {escape(p.id)}  {_fate(p)}" for p in first[:_SHOWN]]
    if len(first) > _SHOWN:
        never = sum(project.never_stored for project in first[_SHOWN:])
        lines.append(f"  and {len(first) - _SHOWN:,} more{f', {never:,} of them never stored' if never else ''}")
    voice.tell("\n".join(lines))
    return ask(voice, "Delete?")


def _fate(project: ProjectPlan) -> str:
    status = escape(project.status or "unknown")
    if Action.DELETE not in project.actions:
        return f"{status}: when its render has ended"
    if project.never_stored:
        return f"{status}, NEVER STORED: no copy is kept"
    if Action.DOWNLOAD in project.actions:
        return f"{status}, once it is downloaded and proved"
    return f"{status}, a copy is stored"
