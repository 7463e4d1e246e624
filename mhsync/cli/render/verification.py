"""The findings of `verify` as text."""

from __future__ import annotations

from mhsync.cli.render.table import Row, render_table
from mhsync.cli.render.terminal import Color, Style, escape
from mhsync.cli.render.units import counted, human_size
from mhsync.core.verification import Finding, Verification, VerifiedFile

_HEADER = ("FILE", "FINDING", "DETAILS")
_SIGNS = {
    Finding.MISSING: ("x", Color.BOLD_RED),
    Finding.CHANGED: ("x", Color.BOLD_RED),
    Finding.UNREADABLE: ("x", Color.BOLD_RED),
    Finding.UNKNOWN: ("?", Color.YELLOW),
    Finding.OK: ("=", Color.DIM),
}
"""Sign and colour of each finding, in the order of the rows."""


def verification_text(found: Verification, style: Style, *, is_verbose: bool = False) -> str:
    """A row for each file that differs from its receipt, then the totals."""
    order = list(_SIGNS)
    shown = sorted(found.files if is_verbose else found.problems, key=lambda file: order.index(file.finding))
    has_several = len({file.storage for file in found.files}) > 1
    table = render_table([_row(file, names_storage=has_several) for file in shown], _HEADER, style)
    lines = [*table, *([""] if table else []), _sums(found)]
    if found.not_stored and is_verbose:
        lines.append(f"Not stored yet: {escape(', '.join(found.not_stored))}")
    return "\n".join(lines)


def _row(file: VerifiedFile, *, names_storage: bool) -> Row:
    sign, color = _SIGNS[file.finding]
    owner = f"{file.id}: " if file.id is not None and file.message and file.id not in file.message else ""
    place = f"in {file.storage}: " if names_storage else ""
    return Row(sign, file.path, file.finding.value, place + owner + file.message, color)


def _sums(found: Verification) -> str:
    sums = found.summary
    size = sum(file.size or 0 for file in found.files if file.finding is Finding.OK)
    start = "Interrupted" if found.is_interrupted else "Verified"
    good = f"{counted(sums['ok'], 'file')} unchanged" + (f" ({human_size(size)})" if size else "")
    bad = [f"{sums[word]:,} {word}" for word in ("missing", "changed", "unreadable", "unknown") if sums[word]]
    parts = [good, *([", ".join(bad)] if bad else [])]
    if found.not_stored:
        parts.append(f"{counted(len(found.not_stored), 'project')} not stored yet")
    return f"{start}: {'; '.join(parts)}."
