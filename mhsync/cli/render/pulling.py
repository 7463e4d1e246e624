"""The report of `pull` as text."""

from __future__ import annotations

from mhsync.cli.render.table import Row, collapse_repeats, render_table
from mhsync.cli.render.terminal import Color, Style
from mhsync.cli.render.units import counted, human_size
from mhsync.core.pulled import PulledProject, PullOutcome, PullReport

_HEADER = ("PROJECT", "OUTCOME", "DETAILS")
_SIGNS = {
    PullOutcome.FAILED: ("x", Color.BOLD_RED),
    PullOutcome.MISSING: ("x", Color.BOLD_RED),
    PullOutcome.NOT_ATTEMPTED: ("!", Color.YELLOW),
    PullOutcome.PULLED: ("+", Color.GREEN),
    PullOutcome.UNCHANGED: ("=", Color.DIM),
}
"""Sign and colour of each outcome, in the order of the rows."""


def pull_text(report: PullReport, style: Style, *, is_verbose: bool = False) -> str:
    """A row for each project and file that needs attention, with -v for each; then the totals."""
    order = list(_SIGNS)
    shown = [p for p in report.projects if is_verbose or p.error is not None]
    rows = [_row(project) for project in sorted(shown, key=lambda project: order.index(project.outcome))]
    rows += [
        Row("?", path, "kept", "changed since it was pulled; not wanted", Color.YELLOW) for path in report.kept
    ]
    rows += [Row("-", path, "removed", "no longer wanted") for path in report.pruned if is_verbose]
    table = render_table(rows if is_verbose else collapse_repeats(rows), _HEADER, style)
    return "\n".join([*table, *([""] if table else []), _sums(report)])


def _row(project: PulledProject) -> Row:
    sign, color = _SIGNS[project.outcome]
    text = ", ".join(output.path for output in project.outputs) if project.error is None else project.error.text
    is_same = project.outcome is not PullOutcome.FAILED
    return Row(sign, project.id, project.outcome.replace("_", " "), text, color, can_collapse=is_same)


def _sums(report: PullReport) -> str:
    new = [f for f in report.files if f.outcome in (PullOutcome.PULLED, PullOutcome.LINKED)]
    linked = sum(1 for file in new if file.outcome is PullOutcome.LINKED)
    unchanged = sum(1 for file in report.files if file.outcome is PullOutcome.UNCHANGED)
    links = f", {linked:,} as links" if linked else ""
    size = f" ({human_size(sum(file.size for file in new))}{links})" if new else ""
    parts = [f"Pulled {counted(len(new), 'file')}{size}", f"{unchanged:,} unchanged"]
    parts += [f"{len(report.pruned):,} removed"] if report.pruned else []
    words = ("missing", "failed", "not_attempted")
    sums = report.summary
    parts += [f"{counted(sums[word], 'project')} {word.replace('_', ' ')}" for word in words if sums[word]]
    return f"{'Interrupted. ' if report.is_interrupted else ''}{'; '.join(parts)}."
