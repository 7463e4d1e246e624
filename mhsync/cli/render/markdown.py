"""Plans and reports as Markdown, for the comment of a pull request or a job summary.

The sums come first, then deletes, then problems; long lists are folded. GitHub refuses a comment of more than
65,536 characters, so a document is always shorter, and says how many rows it leaves out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mhsync.cli.render.project_info import info_lines
from mhsync.cli.render.terminal import Style, escape
from mhsync.cli.render.text import missing_text, plan_sum, report_detail, report_sums
from mhsync.core.plan import Action, Plan, ProjectPlan, Verdict
from mhsync.core.project_info import ProjectInfo
from mhsync.core.run_report import BAD, Outcome, ProjectResult, Report
from mhsync.dataclass import dataclass
from mhsync.errors import Problem

MOST = 64_000
"""Characters of one document. GitHub's limit is 65,536; the rest is left to the marker of a comment."""
_SECTION_LEAST = 4_000
"""Characters that every section may use, even after a long one."""
_OPEN_MOST = 10
"""Rows of a section that is not folded."""
_CELL_MOST = 300
"""Characters of one cell, before escaping."""
_SAFE = frozenset(" -_/,")


@dataclass(frozen=True, slots=True)
class Section:
    """A titled table."""

    title: str
    header: tuple[str, ...]
    count: int
    """The number of its rows."""
    rows: Iterable[tuple[str, ...]]
    """Made one by one as they are shown: a plan may have a million projects, and a document has room for few."""
    is_open: bool = False
    """Whether a long table stays unfolded."""


def plan_markdown(plan: Plan, refusals: Iterable[Problem] = (), warnings: Iterable[Problem] = ()) -> str:
    """A plan: the sums, why apply would refuse it, warnings, the deletes, the problems, and the other changes."""
    head = [_title("plan", plan_sum(plan)), ""]
    for problem in refusals:
        head += _alert("CAUTION", f"**apply would refuse this plan:** {text_cell(str(problem))}", problem.hint)
    for problem in warnings:
        head += _alert("WARNING", text_cell(problem.located), problem.hint)
    never = sum(project.never_stored for project in plan.deletes)
    if never:
        verb = "has" if never == 1 else "have"
        head += _alert("WARNING", f"**{never:,} of the projects to delete {verb} no stored copy.**", None)
    head += [f"{text_cell(line)}\n" for line in missing_text(plan, Style())]
    sections = [
        _plan_section("Deletes", plan.deletes, is_open=True),
        _plan_section("Failed", _with(plan, Verdict.FAILED), is_open=True),
        _plan_section("Blocked", _with(plan, Verdict.BLOCKED), is_open=True),
        _plan_section("Repairs", _only(plan, Action.REPAIR, but=Action.MOVE)),
        _plan_section("Downloads", _only(plan, Action.DOWNLOAD)),
        _plan_section("Moves", _only(plan, Action.MOVE, but=Action.DOWNLOAD)),
        _plan_section("Pending", _with(plan, Verdict.PENDING)),
    ]
    return document(head, sections)


def report_markdown(report: Report) -> str:
    """A report: the sums, the problems, the deletes, and the other results."""
    first, *rest = report_sums(report)
    head = [_title("apply", first), "", *(f"{text_cell(line)}\n" for line in rest)]
    outcomes = [outcome for outcome in Outcome if outcome is not Outcome.UNCHANGED]
    outcomes.sort(key=lambda outcome: (outcome not in BAD, outcome not in (Outcome.DELETED, Outcome.ARCHIVED)))
    sections = [
        Section(
            outcome.value.replace("_", " ").capitalize(),
            ("project", "name", "details"),
            len(results),
            map(_report_row, results),
            is_open=outcome in BAD,
        )
        for outcome in outcomes
        if (results := [result for result in report.results if result.outcome is outcome])
    ]
    return document(head, sections)


def error_markdown(command: str, problems: Sequence[Problem]) -> str:
    """Why a command ended without a result."""
    rows = [
        (
            code(str(problem.position)),
            " ".join(filter(None, [code(problem.id) if problem.id else "", text_cell(problem.message)])),
            text_cell(problem.hint or ""),
        )
        for problem in problems
    ]
    section = Section("Errors", ("position", "error", "what to do"), len(rows), rows, is_open=True)
    return document([f"### mhsync {command}: failed", ""], [section])


def _report_row(result: ProjectResult) -> tuple[str, ...]:
    return code(result.id), _about(result.info, has_size=False), text_cell(report_detail(result))


def _about(info: ProjectInfo, *, has_size: bool = True) -> str:
    """The cell that names a project; the note is on a line of its own."""
    return "<br>".join(map(text_cell, info_lines(info, has_size=has_size)))


def _title(command: str, sums: str) -> str:
    text = sums.removeprefix("Plan: ").removeprefix("Done: ").removesuffix(".")
    return f"### mhsync {command}: {text[:1].lower()}{text[1:]}"


def _with(plan: Plan, verdict: Verdict) -> list[ProjectPlan]:
    return [project for project in plan.projects if project.verdict is verdict]


def _only(plan: Plan, action: Action, *, but: Action | None = None) -> list[ProjectPlan]:
    """The changes with an action, without those listed under another one."""
    return [
        project
        for project in plan.changes
        if action in project.actions and Action.DELETE not in project.actions and but not in project.actions
    ]


def _plan_section(title: str, projects: Sequence[ProjectPlan], *, is_open: bool = False) -> Section:
    return Section(title, ("project", "name", "action", "why"), len(projects), map(_plan_row, projects), is_open)


def _plan_row(project: ProjectPlan) -> tuple[str, ...]:
    word = ", ".join(action.value for action in project.actions) or project.verdict.value
    reason = project.reason if project.problem is None else project.problem.text
    if project.never_stored:
        word = f"**{word}** (no stored copy)"
    return code(project.id), _about(project.info), word, text_cell(reason)


def document(head: Sequence[str], sections: Sequence[Section]) -> str:
    """A document of at most `MOST` characters.

    Each section gets what the ones before it left, and at least its share.
    """
    shown = [section for section in sections if section.count]
    text = "\n".join(head)
    for index, section in enumerate(shown):
        reserved = _SECTION_LEAST * (len(shown) - index - 1)
        text += "\n" + _section_text(section, MOST - len(text) - reserved)
    return text.rstrip("\n") + "\n"


def _section_text(section: Section, room: int) -> str:
    title = f"{section.title} ({section.count:,})"
    folded = not section.is_open or section.count > _OPEN_MOST
    start = f"<details><summary>{title}</summary>\n\n" if folded else f"**{title}**\n\n"
    end = "\n</details>\n" if folded else ""
    table = [_row(section.header), _row(["---"] * len(section.header))]
    left = room - len(start) - len(end) - 200
    kept = 0
    for cells in section.rows:
        line = _row(cells)
        left -= len(line)
        if left < 0:
            break
        table.append(line)
        kept += 1
    rest = section.count - kept
    more = f"\nand {rest:,} more; the complete list is in the output of `mhsync`\n" if rest else ""
    return f"{start}{''.join(table)}{more}{end}"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |\n"


def _alert(kind: str, text: str, hint: str | None) -> list[str]:
    lines = [f"> [!{kind}]", f"> {text}"]
    return [*lines, *([f">\n> {text_cell(hint)}"] if hint else []), ""]


def code(text: str) -> str:
    """Text that may come from outside, as a code element."""
    return f"<code>{_encoded(text)}</code>"


def _encoded(text: str) -> str:
    cut = escape(text)
    if len(cut) > _CELL_MOST:
        cut = f"{cut[:_CELL_MOST]}…"
    return "".join(char if char.isalnum() or char in _SAFE else f"&#{ord(char)};" for char in cut)


def text_cell(text: str) -> str:
    """Text that may come from outside: it can form no markup, no link and no mention of a user.

    Every character with a meaning in Markdown or HTML is written as an entity. GitHub makes mentions from the text
    that results, so an `@` is in a code element, where it does not.
    """
    return "<code>@</code>".join(_encoded(part) for part in text.split("@"))
