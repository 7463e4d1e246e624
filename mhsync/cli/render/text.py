"""Plans and reports as text: problems first, unchanged projects as a count, the totals last."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mhsync.cli.render.project_info import info_lines
from mhsync.cli.render.table import Row, collapse_repeats, render_table
from mhsync.cli.render.terminal import Color, Style, escape
from mhsync.cli.render.units import counted, human_size
from mhsync.core.plan import Action, Plan, ProjectPlan, Verdict
from mhsync.core.run_report import BAD, ActionOutcome, Outcome, ProjectResult, Report
from mhsync.errors import (
    ConnectionFailed,
    CopyNotProved,
    DownloadError,
    Interrupted,
    LinkExpired,
    LockTimeout,
    OutputsChanged,
    Problem,
    RateLimited,
    ServerFailed,
    StorageUnavailable,
)

_PLAN_HEADER = ("PROJECT", "ACTION", "WHY")
_REPORT_HEADER = ("PROJECT", "OUTCOME", "DETAILS")
_PATHS = 5
"""Paths shown of one project; the rest are counted."""
_SIGNS = {Action.REPAIR: "#", Action.DOWNLOAD: "+", Action.MOVE: "~", Action.DELETE: "-"}
_VERDICTS = {
    Verdict.FAILED: ("x", Color.BOLD_RED, 0),
    Verdict.BLOCKED: ("!", Color.BOLD_RED, 1),
    Verdict.PENDING: (".", Color.DIM, 5),
    Verdict.UNCHANGED: ("=", Color.DIM, 6),
}
_OUTCOMES = {
    Outcome.FAILED: ("x", Color.BOLD_RED),
    Outcome.BLOCKED: ("!", Color.BOLD_RED),
    Outcome.NOT_ATTEMPTED: ("?", Color.YELLOW),
    Outcome.DELETED: ("-", Color.RED),
    Outcome.ARCHIVED: ("+-", Color.RED),
    Outcome.DOWNLOADED: ("+", Color.GREEN),
    Outcome.MOVED: ("~", Color.YELLOW),
    Outcome.REPAIRED: ("#", Color.YELLOW),
    Outcome.PENDING: (".", Color.DIM),
    Outcome.UNCHANGED: ("=", Color.DIM),
}
"""Sign and colour of each outcome, in the order of the rows."""
_COLLAPSIBLE = BAD | {Outcome.PENDING, Outcome.UNCHANGED}
"""Outcomes without a change, whose reason many projects may share."""
_SHARED = frozenset({"storage_unreadable", StorageUnavailable.code})
"""Faults of a whole storage: projects with the same fault share one row."""
_RETRYABLE = frozenset(
    kind.code
    for kind in (
        RateLimited, ServerFailed, ConnectionFailed, DownloadError, LinkExpired, CopyNotProved, OutputsChanged,
        LockTimeout, Interrupted,
    )
)  # fmt: skip
"""Codes of errors that another run may not meet again, without a change by the user."""


def plan_text(plan: Plan, style: Style, *, is_verbose: bool = False) -> str:
    """A plan: a row for each project that is not unchanged, then the totals."""
    shown = plan.projects if is_verbose else [p for p in plan.judged if p.verdict is not Verdict.UNCHANGED]
    rows = [_plan_row(project, is_verbose=is_verbose) for project in sorted(shown, key=plan_order)]
    table = render_table(rows if is_verbose else collapse_repeats(rows), _PLAN_HEADER, style)
    return "\n".join([*table, *([""] if table else []), plan_sum(plan), *missing_text(plan, style)])


def missing_text(plan: Plan, style: Style) -> list[str]:
    """The lines about projects that were not found; none if every project was found."""
    missing = sum(project.not_found for project in plan.judged)
    if plan.all_not_found:
        asked = "the only requested project" if missing == 1 else f"all {missing:,} requested projects"
        warning = style.paint("Warning:", Color.YELLOW)
        return [
            f"{warning} not found (404): {asked}, by {escape(plan.api)}.",
            "Check the path of --api-url (MHSYNC_API_URL), and that the API key belongs to the right account.",
        ]
    if not missing:
        return []
    lines = [f"{counted(missing, 'project')} not found (404): already deleted, or in another account."]
    never_seen = sum(project.reason_code == "not_found" for project in plan.judged)
    if never_seen:
        verb = "has" if never_seen == 1 else "have"
        lines.append(f"{counted(never_seen, 'project')} to delete {verb} no receipt: there is nothing to delete.")
    return lines


def warnings_text(problems: Iterable[Problem], style: Style) -> list[str]:
    """The lines of the warnings about a plan, with hints."""
    lines: list[str] = []
    for problem in problems:
        lines.append(f"{style.paint('Warning:', Color.YELLOW)} {escape(problem.located)}")
        lines += [f"  hint: {escape(problem.hint)}"] if problem.hint else []
    return lines


def refusals_text(problems: Iterable[Problem], style: Style) -> list[str]:
    """The lines that say why apply would refuse the plan, with hints."""
    lines: list[str] = []
    for problem in problems:
        lines.append(f"{style.paint('apply would refuse this plan:', Color.YELLOW)} {escape(str(problem))}")
        lines += [f"  hint: {escape(problem.hint)}"] if problem.hint else []
    return lines


def plan_sum(plan: Plan) -> str:
    """The sums of a plan in one sentence."""
    sums = plan.summary
    if sums["unchanged"] == len(plan.projects):
        return _nothing(sums)
    never = sum(project.never_stored for project in plan.deletes)
    deletes = f"{sums['delete']:,} to delete" + (f" ({never:,} without a copy)" if never else "")
    repairs = f"{sums['repair']:,} to repair, " if sums["repair"] else ""
    parts = [f"{repairs}{sums['download']:,} to download, {sums['move']:,} to move, {deletes}"]
    rest = _counts(sums, ("unchanged", "pending", "blocked", "failed"))
    return f"Plan: {'; '.join([*parts, *([', '.join(rest)] if rest else [])])}."


def _nothing(sums: Mapping[str, int]) -> str:
    lost, unchanged = sums["acknowledged"], sums["unchanged"] - sums["acknowledged"]
    parts = [
        f"{counted(number, 'project')} {'is' if number == 1 else 'are'} {words}"
        for number, words in ((unchanged, "as desired"), (lost, "acknowledged as lost"))
        if number
    ]
    return f"Nothing to do: {', '.join(parts) or 'the manifests list no projects'}."


def _counts(sums: Mapping[str, int], words: Iterable[str]) -> list[str]:
    """The sums that are not 0, with their words. Acknowledged losses are counted by themselves."""
    shown = {word: sums[word] for word in words}
    shown["unchanged"] -= sums["acknowledged"]
    shown["acknowledged as lost"] = sums["acknowledged"]
    return [f"{number:,} {word.replace('_', ' ')}" for word, number in shown.items() if number]


def plan_order(project: ProjectPlan) -> int:
    """The rank of a project among the rows: problems first, then changes, then the others."""
    if project.verdict is not Verdict.CHANGE:
        return _VERDICTS[project.verdict][2]
    if Action.DELETE in project.actions:
        return 2
    return 3 if Action.DOWNLOAD in project.actions else 4


def plan_sign(project: ProjectPlan) -> tuple[str, Color]:
    """The sign and the colour of a project."""
    if project.verdict is not Verdict.CHANGE:
        sign, color, _ = _VERDICTS[project.verdict]
        return sign, color
    color = {2: Color.RED, 3: Color.GREEN, 4: Color.YELLOW}[plan_order(project)]
    return "".join(_SIGNS[action] for action in project.actions), color


def _plan_row(project: ProjectPlan, *, is_verbose: bool) -> Row:
    sign, color = plan_sign(project)
    about = info_lines(project.info)
    if project.verdict is not Verdict.CHANGE:
        is_shared = project.reason_code in _SHARED
        reason = project.reason if project.problem is None else project.problem.text
        word = project.verdict.value
        return Row(sign, project.id, word, reason, color, (), about, can_collapse=True, is_shared=is_shared)
    actions = project.actions
    reason = project.reason
    if project.never_stored and "no stored copy" not in reason:
        reason += " (no stored copy)"
    paths = [output.path for output in project.outputs]
    lines = _arrows(paths) if Action.MOVE in actions or is_verbose else ()
    return Row(sign, project.id, ", ".join(action.value for action in actions), reason, color, lines, about)


def _arrows(paths: list[str]) -> tuple[str, ...]:
    shown = [f"-> {path}" for path in paths[:_PATHS]]
    return (*shown, *([f"-> and {len(paths) - _PATHS} more"] if len(paths) > _PATHS else []))


def report_text(report: Report, style: Style, *, is_verbose: bool = False) -> str:
    """A report: a row for each project that is not unchanged, then the totals."""
    order = list(_OUTCOMES)
    shown = [r for r in report.results if is_verbose or r.outcome is not Outcome.UNCHANGED]
    shown.sort(key=lambda result: order.index(result.outcome))
    rows = [_report_row(result, is_verbose=is_verbose) for result in shown]
    table = render_table(rows if is_verbose else collapse_repeats(rows), _REPORT_HEADER, style)
    return "\n".join([*table, *([""] if table else []), *report_sums(report)])


def _report_row(result: ProjectResult, *, is_verbose: bool) -> Row:
    sign, color = _OUTCOMES[result.outcome]
    paths = [output.path for output in result.outputs]
    lines = _arrows(paths) if result.outcome is Outcome.MOVED or is_verbose else ()
    word = result.outcome.value.replace("_", " ")
    can_collapse = result.outcome in _COLLAPSIBLE
    is_shared = can_collapse and result.error is not None and result.error.code in _SHARED
    about = info_lines(result.info, has_size=False)
    return Row(
        sign, result.id, word, report_detail(result), color, lines, about,
        can_collapse=can_collapse, is_shared=is_shared,
    )  # fmt: skip


def report_detail(result: ProjectResult) -> str:
    """What was done to a project, or why nothing was, on one line."""
    note = f" ({result.note})" if result.note else ""
    if result.error is not None:
        return _error_detail(result, result.error)
    stored = f"{counted(len(result.outputs), 'file')}, {human_size(sum(o.size for o in result.outputs))}"
    match result.outcome:
        case Outcome.DOWNLOADED:
            return stored + note
        case Outcome.ARCHIVED:
            return f"{stored} stored; deleted from the account{note}"
        case Outcome.DELETED:
            return "; ".join(filter(None, ["the stored copy is kept" if result.outputs else "", result.note]))
        case Outcome.MOVED:
            return counted(len(result.outputs), "file") + note
        case _:
            return result.note


def _error_detail(result: ProjectResult, error: Problem) -> str:
    """The error, and the outcome of each action if there are several."""
    if len(result.actions) < 2:
        return error.text
    words = {ActionOutcome.DONE: "done", ActionOutcome.FAILED: "failed", ActionOutcome.SKIPPED: "not done"}
    outcomes = ", ".join(f"{action.action} {words[action.outcome]}" for action in result.actions)
    return f"{outcomes}: {error.text}"


def _has_fetched(result: ProjectResult) -> bool:
    return any(a.action is Action.DOWNLOAD and a.outcome is ActionOutcome.DONE for a in result.actions)


def report_sums(report: Report) -> Iterable[str]:
    """The sums of a report, and what to do next; each a sentence."""
    sums = report.summary
    if sums["unchanged"] == len(report.results) and not report.is_interrupted:
        yield _nothing(sums)
        return
    size = sum(output.size for result in report.results if _has_fetched(result) for output in result.outputs)
    amount = f" ({human_size(size)} fetched)" if size else ""
    words = ("downloaded", "moved", "deleted", "archived", *(["repaired"] if sums["repaired"] else []))
    done = ", ".join(f"{sums[word]:,} {word}" for word in words) + amount
    rest = _counts(sums, ("unchanged", "pending", "blocked", "failed", "not_attempted"))
    start = "Interrupted" if report.is_interrupted else "Done"
    yield f"{start}: {'; '.join([done, *([', '.join(rest)] if rest else [])])}."
    if report.wait_ran_out:
        yield "The wait ended before every render was complete."
    if report.is_interrupted or sums["failed"] or sums["not_attempted"]:
        yield f"Completed work is recorded. {_next_step(report)}"


def _next_step(report: Report) -> str:
    """What to do after a run that did not do everything."""
    unfinished = (Outcome.FAILED, Outcome.NOT_ATTEMPTED)
    codes = {r.error.code for r in report.results if r.error is not None and r.outcome in unfinished}
    if codes <= _RETRYABLE:
        return "Run the same command again to do the rest."
    return "Fix the errors above, then run the same command again."
