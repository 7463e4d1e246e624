"""The status of all projects, as text, Markdown and CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import datetime

from mhsync.cli.render.markdown import Section, code, document, text_cell
from mhsync.cli.render.project_info import note_text
from mhsync.cli.render.table import Row, render_table
from mhsync.cli.render.terminal import Color, Style, escape
from mhsync.cli.render.text import missing_text, plan_order, plan_sign, plan_sum, warnings_text
from mhsync.cli.render.units import clock_time, counted, human_size, short_age
from mhsync.core.project import format_time
from mhsync.core.redaction import without_queries
from mhsync.core.status import ProjectStatus, StatusReport, Sums

_GAP = "  "
_WIDE = 100
"""From this width on, age and credits have columns of their own."""
_NONE = "-"
_FORMULA_STARTS = ("=", "+", "-", "@")
_CSV_HEADER = (
    "id", "name", "type", "created_at", "age_days", "credits", "desired", "status", "verdict", "actions", "stored",
    "files", "bytes", "duration_seconds", "reason", "manifest", "storage",
    "label", "note", "tags",
)  # fmt: skip
_SUMS_HEADER = ("STATE", "PROJECTS", "STORED", "FILES", "SIZE", "LENGTH", "CREDITS")


def status_text(report: StatusReport, style: Style, *, is_verbose: bool = False) -> str:
    """A row for each project, problems first; then the sums by state, and what an apply would change."""
    shown = sorted(report.projects, key=lambda project: plan_order(project.plan))
    cells = [_cells(project, report.observed_at, style) for project in shown]
    header = _header(style)
    widths = [max(map(len, column)) for column in zip(header, *cells, strict=True)]
    rows = [
        _row(project, _aligned(row, widths), report.observed_at, style, is_verbose=is_verbose)
        for project, row in zip(shown, cells, strict=True)
    ]
    name = "NAME" if style.width >= _WIDE else ""
    table = render_table(rows, ("PROJECT", _aligned(header, widths), name), style)
    sums = _sums_text(report, style)
    notes = [*missing_text(report.plan, style), *warnings_text(report.warnings, style)]
    return "\n".join([*table, *([""] if table else []), *sums, plan_sum(report.plan), *notes])


def _header(style: Style) -> tuple[str, ...]:
    narrow = ("DESIRED", "LIVE", "FILES", "SIZE", "LENGTH")
    return (*narrow, "AGE", "CREDITS") if style.width >= _WIDE else narrow


def _cells(project: ProjectStatus, now: datetime, style: Style) -> tuple[str, ...]:
    duration, age = project.duration, project.age(now)
    cells = (
        project.desired.value,
        _live(project),
        _files(project),
        human_size(project.size) if project.in_place else _NONE,
        _NONE if duration is None else clock_time(duration),
    )
    if style.width < _WIDE:
        return cells
    charged = _NONE if project.credits is None else f"{project.credits:,}"
    return (*cells, _NONE if age is None else short_age(age), charged)


def _live(project: ProjectStatus) -> str:
    """The status of the API; if it was not requested, what the receipt proves."""
    if project.plan.status is None:
        return _NONE if project.deleted_at is None else "deleted"
    return project.plan.status


def _files(project: ProjectStatus) -> str:
    """The number of outputs in place, `1/2` if some of those in the receipt are not."""
    found = str(len(project.in_place))
    return found if len(project.in_place) == len(project.outputs) else f"{found}/{len(project.outputs)}"


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    """The cells as one column of a table: the first two to the left, numbers to the right."""
    return _GAP.join(
        cell.ljust(width) if index < 2 else cell.rjust(width)
        for index, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )


def _row(project: ProjectStatus, columns: str, now: datetime, style: Style, *, is_verbose: bool) -> Row:
    sign, color = plan_sign(project.plan)
    note = note_text(project.plan.info)
    lines = [note] if note and (is_verbose or project.plan.is_acknowledged) else []
    lines += [_reason(project)] if is_verbose or project.plan.problem is not None else []
    if is_verbose:
        lines += [_output_line(project, index) for index in range(len(project.outputs))]
    text = ", ".join(_words(project, now, style))
    return Row(sign, project.id, columns, text, Color.PLAIN if sign == "=" else color, tuple(lines))


def _words(project: ProjectStatus, now: datetime, style: Style) -> Iterator[str]:
    """The name and the type, and what has no column of its own."""
    name = project.name or ""
    if project.type:
        name = f"{name} ({project.type})".lstrip()
    if name:
        yield name
    label = project.plan.entry.labels.name
    if label and label != project.name:
        yield f'"{without_queries(label)}" in the manifest'
    if style.width < _WIDE:
        age = project.age(now)
        if age is not None:
            yield f"{short_age(age)} old"
        if project.credits is not None:
            yield counted(project.credits, "credit")


def _reason(project: ProjectStatus) -> str:
    word = ", ".join(action.value for action in project.plan.actions) or project.verdict.value
    problem = project.plan.problem
    return f"{word}: {project.plan.reason if problem is None else problem.text}"


def _output_line(project: ProjectStatus, index: int) -> str:
    output = project.outputs[index]
    facts = [human_size(output.size), *([] if output.duration is None else [clock_time(output.duration)])]
    return f"-> {output.path} ({', '.join(facts) if output.is_in_place else 'missing or changed'})"


def _sum_rows(report: StatusReport) -> Iterator[tuple[str, ...]]:
    """The sums of each state that occurs, and the total if there are several."""
    found = [(state.value, sums) for state, sums in report.by_state.items() if sums.projects]
    if len(found) != 1:
        found.append(("total", report.total))
    for name, sums in found:
        yield (name, *_sum_cells(sums))


def _sum_cells(sums: Sums) -> tuple[str, ...]:
    return (
        f"{sums.projects:,}",
        f"{sums.stored:,}",
        f"{sums.files:,}",
        human_size(sums.size),
        clock_time(sums.duration),
        f"{sums.credits:,}",
    )


def _sums_text(report: StatusReport, style: Style) -> list[str]:
    if not report.projects:
        return []
    rows = [_SUMS_HEADER, *_sum_rows(report)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        _GAP.join([row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))])
        for row in rows
    ]
    return [style.paint(lines[0], Color.DIM), *lines[1:], ""]


def status_markdown(report: StatusReport) -> str:
    """The sums by state, the problems, and all other projects."""
    head = [
        f"### mhsync status: {counted(report.total.projects, 'project')}",
        "",
        f"{text_cell(plan_sum(report.plan))}\n",
    ]
    notes = [*missing_text(report.plan, Style()), *warnings_text(report.warnings, Style())]
    head += [f"{text_cell(line)}\n" for line in notes]
    header = ("project", "name", "type", "desired", "live", "files", "size", "length", "age", "credits")
    bad = [project for project in report.projects if project.plan.problem is not None]
    good = [project for project in report.projects if project.plan.problem is None]
    sums = list(_sum_rows(report))
    rows = (_markdown_row(project, report.observed_at) for project in good)
    sections = [
        Section("States", tuple(map(str.lower, _SUMS_HEADER)), len(sums), sums, is_open=True),
        Section("Problems", ("project", "name", "why"), len(bad), map(_problem_row, bad), is_open=True),
        Section("Projects", header, len(good), rows),
    ]
    return document(head, sections if report.projects else [])


def _problem_row(project: ProjectStatus) -> tuple[str, ...]:
    return code(project.id), text_cell(project.name or ""), text_cell(_reason(project))


def _markdown_row(project: ProjectStatus, now: datetime) -> tuple[str, ...]:
    names = (text_cell(project.name or ""), text_cell(project.type or ""))
    return (code(project.id), *names, *map(text_cell, _cells(project, now, Style(_WIDE))))


def status_csv(report: StatusReport) -> str:
    """A line for each project, as RFC 4180 specifies, with a header; line ends are CR LF.

    A text that a spreadsheet would read as a formula is preceded by an apostrophe.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(_CSV_HEADER)
    for project in report.projects:
        writer.writerow(_csv_row(project, report.observed_at))
    return out.getvalue()


def _csv_row(project: ProjectStatus, now: datetime) -> tuple[str | int | float, ...]:
    plan, age, duration = project.plan, project.age(now), project.duration
    labels = plan.entry.labels
    return (
        _cell(project.id),
        _cell(project.name),
        _cell(project.type),
        "" if project.created_at is None else format_time(project.created_at),
        "" if age is None else int(age // 86400),
        "" if project.credits is None else project.credits,
        project.desired.value,
        _cell(plan.status),
        project.verdict.value,
        " ".join(action.value for action in plan.actions),
        "yes" if project.is_stored else "no",
        len(project.in_place),
        project.size,
        "" if duration is None else round(duration, 3),
        _cell(plan.reason if plan.problem is None else plan.problem.text),
        _cell(project.file.file),
        _cell(project.file.storage),
        _cell(labels.name and without_queries(labels.name)),
        _cell(labels.note and without_queries(labels.note)),
        _cell(", ".join(labels.tags)),
    )


def _cell(text: str | None) -> str:
    """Text that may come from outside: on one line, and no formula."""
    escaped = escape(text or "")
    return f"'{escaped}" if escaped.lstrip().startswith(_FORMULA_STARTS) else escaped
