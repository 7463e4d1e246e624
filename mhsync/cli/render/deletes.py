"""The deletes that the user is asked to confirm, as text: every project, then the sums."""

from __future__ import annotations

from collections.abc import Collection

from mhsync.cli.render.project_info import info_lines
from mhsync.cli.render.table import Row, render_table
from mhsync.cli.render.terminal import Color, Style, escape, truncated, wrapped
from mhsync.cli.render.units import counted
from mhsync.core.manifest import State
from mhsync.core.plan import Action, ProjectPlan

_HEADER = ("PROJECT", "STATUS", "COPY")
_STATUS_MOST = 10
"""Columns of a status; a longer one is truncated. The known ones have at most 9."""
_STORED, _DOWNLOADED, _RENDERING, _NEVER = range(4)
_SUMS = {
    _NEVER: "without a copy",
    _RENDERING: "after a render",
    _DOWNLOADED: "after a verified download",
    _STORED: "with a stored copy",
}
"""The words of the sums, in the order of the rows."""


def deletes_text(deletes: Collection[ProjectPlan], to_confirm: Collection[ProjectPlan], style: Style) -> str:
    """A row for each delete, those without a copy first. No row is left out: this is what the user approves.

    Args:
        deletes: every project that the run may delete; not empty.
        to_confirm: those of them that need the confirmation. The policy of the others allows deletes.
        style: the style of the terminal.
    """
    ids = {project.id for project in to_confirm}
    order = list(_SUMS)
    rows = sorted(deletes, key=lambda project: order.index(_kind(project)))
    number = counted(len(deletes), "project")
    return "\n".join(
        [
            style.paint(f"{number} would be deleted from the account permanently:", Color.BOLD),
            *render_table((_row(project, is_allowed=project.id not in ids) for project in rows), _HEADER, style),
            "",
            *_sums(deletes, number, len(deletes) - len(ids), style),
        ]
    )


def _kind(project: ProjectPlan) -> int:
    if Action.DELETE not in project.actions:
        return _RENDERING
    if project.never_stored:
        return _NEVER
    return _DOWNLOADED if Action.DOWNLOAD in project.actions else _STORED


def _row(project: ProjectPlan, *, is_allowed: bool) -> Row:
    kind = _kind(project)
    text = {
        _NEVER: "NO STORED COPY",
        _RENDERING: "deleted after render, no copy",
        _DOWNLOADED: "downloaded and verified first",
        _STORED: "a copy is stored",
    }[kind]
    if kind == _RENDERING and project.desired is State.ARCHIVED:
        text = "downloaded first, after its render"
    if is_allowed:
        text += " (allowed by policy)"
    color = Color.BOLD_RED if kind == _NEVER else Color.RED
    status = truncated(escape(project.status or "unknown"), _STATUS_MOST)
    return Row("-", project.id, status, text, color, about=info_lines(project.info))


def _sums(deletes: Collection[ProjectPlan], number: str, allowed: int, style: Style) -> list[str]:
    kinds = [_kind(project) for project in deletes]
    parts = [f"{kinds.count(kind):,} {words}" for kind, words in _SUMS.items() if kind in kinds]
    parts += [f"{allowed:,} allowed by policy"] if allowed else []
    lines = wrapped(f"{number} to delete: {', '.join(parts)}.", style.width)
    color = Color.BOLD_RED if _NEVER in kinds else Color.PLAIN
    return [style.paint(line, color) for line in lines]
