"""The report of `copy` as text."""

from __future__ import annotations

from mhsync.cli.render.table import Row, collapse_repeats, render_table
from mhsync.cli.render.terminal import Color, Style
from mhsync.cli.render.units import counted, human_size
from mhsync.core.copy_report import CopiedProject, CopyOutcome, CopyReport

_HEADER = ("PROJECT", "OUTCOME", "DETAILS")
_SIGNS = {
    CopyOutcome.FAILED: ("x", Color.BOLD_RED),
    CopyOutcome.MISSING: ("x", Color.BOLD_RED),
    CopyOutcome.DIFFERS: ("x", Color.BOLD_RED),
    CopyOutcome.NOT_ATTEMPTED: ("!", Color.YELLOW),
    CopyOutcome.COPIED: ("+", Color.GREEN),
    CopyOutcome.UNCHANGED: ("=", Color.DIM),
}
"""Sign and colour of each outcome, in the order of the rows."""

_WORDS = {
    CopyOutcome.MISSING: "missing",
    CopyOutcome.DIFFERS: "different",
    CopyOutcome.FAILED: "failed",
    CopyOutcome.NOT_ATTEMPTED: "not attempted",
}


def copy_text(report: CopyReport, style: Style, *, is_verbose: bool = False) -> str:
    """A row for each project that needs attention, with -v for each project; then the totals."""
    order = list(_SIGNS)
    shown = [p for p in report.projects if is_verbose or p.error is not None or p.note]
    rows = map(_row, sorted(shown, key=lambda project: order.index(project.outcome)))
    table = render_table(rows if is_verbose else collapse_repeats(list(rows)), _HEADER, style)
    return "\n".join([*table, *([""] if table else []), _sums(report)])


def _row(project: CopiedProject) -> Row:
    sign, color = _SIGNS[project.outcome]
    text = project.note if project.error is None else project.error.text
    is_same = project.outcome is CopyOutcome.NOT_ATTEMPTED
    return Row(sign, project.id, project.outcome.replace("_", " "), text, color, can_collapse=is_same)


def _sums(report: CopyReport) -> str:
    sums = report.summary
    copied = [o for p in report.projects for o in p.outputs if o.outcome is CopyOutcome.COPIED]
    size = f" ({counted(len(copied), 'file')}, {human_size(sum(o.size for o in copied))})" if copied else ""
    if report.is_check:
        start = f"Compared: {counted(sums['unchanged'], 'project')} equal"
    else:
        start = f"Copied {counted(sums['copied'], 'project')}{size}; {sums['unchanged']:,} unchanged"
    bad = [f"{sums[outcome]:,} {word}" for outcome, word in _WORDS.items() if sums[outcome]]
    return f"{'Interrupted. ' if report.is_interrupted else ''}{'; '.join([start, *bad])}."
