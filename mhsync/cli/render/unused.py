"""The report of `gc` as text."""

from __future__ import annotations

from mhsync.cli.render.table import Row, render_table
from mhsync.cli.render.terminal import Color, Style, escape
from mhsync.cli.render.units import counted, human_size
from mhsync.core.unused import UnusedFile, UnusedOutcome, UnusedReport

_HEADER = ("FILE", "REASON", "DETAILS")
_SIGNS = {
    UnusedOutcome.REMOVED: ("-", Color.BOLD_RED),
    UnusedOutcome.UNUSED: ("-", Color.YELLOW),
    UnusedOutcome.KEPT: ("=", Color.DIM),
}
"""Sign and colour of each outcome, in the order of the rows."""


def unused_text(report: UnusedReport, style: Style) -> str:
    """A row for each file, then the problems and the totals."""
    order = list(_SIGNS)
    table = render_table(
        map(_row, sorted(report.files, key=lambda file: order.index(file.outcome))), _HEADER, style
    )
    lines = [*table, *([""] if table else [])]
    lines += [f"error: {escape(problem)}" for problem in report.problems]
    return "\n".join([*lines, _sums(report)])


def _row(file: UnusedFile) -> Row:
    sign, color = _SIGNS[file.outcome]
    owner = f"{file.id}: " if file.id is not None else ""
    word = "kept" if file.outcome is UnusedOutcome.KEPT else file.outcome.value
    text = f"{owner}{word}, {human_size(file.size)}" + (f"; {file.message}" if file.message else "")
    return Row(sign, file.path, file.reason.replace("_", " "), text, color)


def _sums(report: UnusedReport) -> str:
    sums = report.summary
    parts = [f"{counted(sums['unused'], 'file')} unused"]
    parts = [f"{counted(sums['removed'], 'file')} removed"] if sums["removed"] else parts
    parts += [f"{sums['kept']:,} kept"] if sums["kept"] else []
    hint = " Remove the unused files with --yes." if sums["unused"] else ""
    return f"{'Interrupted. ' if report.is_interrupted else ''}{'; '.join(parts)}.{hint}"
