"""Plans and reports for people: what needs eyes first, the unchanged as a count, the sums last."""

from __future__ import annotations

from collections.abc import Iterable

from mhsync.cli.render.table import Row, collapse_repeats, render_table
from mhsync.cli.render.terminal import Color, Style, escape
from mhsync.cli.render.units import counted, human_size
from mhsync.core.plan import Action, Plan, ProjectPlan, Verdict
from mhsync.core.report import BAD, ActionOutcome, Outcome, ProjectResult, Report
from mhsync.errors import Problem, StorageUnavailable

_PLAN_HEADER = ("PROJECT", "ACTION", "WHY")
_REPORT_HEADER = ("PROJECT", "OUTCOME", "DETAILS")
_PATHS = 5
"""Paths shown of one project; the rest are counted."""
_SIGNS = {Action.DOWNLOAD: "+", Action.MOVE: "~", Action.DELETE: "-"}
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
    Outcome.PENDING: (".", Color.DIM),
    Outcome.UNCHANGED: ("=", Color.DIM),
}
"""Sign and colour, in the order in which they are told."""
_FOLD = BAD | {Outcome.PENDING, Outcome.UNCHANGED}
"""Where many projects may have one and the same reason, and nothing was done to any of them."""
_SHARED = frozenset({"storage_unreadable", StorageUnavailable.code})
"""Faults of a whole storage: where several projects have the very same one, it is one row."""


def plan_text(plan: Plan, style: Style, *, is_verbose: bool = False) -> str:
    """A plan: a row for each project that is not as desired, then the sums."""
    shown = [p for p in plan.projects if is_verbose or p.verdict is not Verdict.UNCHANGED]
    rows = [_plan_row(project, is_verbose=is_verbose) for project in sorted(shown, key=_plan_order)]
    table = render_table(rows if is_verbose else collapse_repeats(rows), _PLAN_HEADER, style)
    return "\n".join([*table, *([""] if table else []), _plan_sum(plan), *missing_text(plan, style)])


def missing_text(plan: Plan, style: Style) -> list[str]:
    """What is to be said of projects that were not found: nothing, where all were."""
    missing = sum(project.not_found for project in plan.projects)
    if plan.all_not_found:
        asked = "the only project" if missing == 1 else f"each of the {missing:,} projects"
        warning = style.paint("Warning:", Color.YELLOW)
        return [
            f"{warning} not found (404): {asked} that was requested from {escape(plan.api)}.",
            "Check the path of --api-url (MHSYNC_API_URL), and whether the API key is that of another account.",
        ]
    if not missing:
        return []
    lines = [f"{counted(missing, 'project')} not found (404): deleted before, or another account's."]
    never_seen = sum(project.reason_code == "not_found" for project in plan.projects)
    if never_seen:
        lines.append(f"{counted(never_seen, 'project')} to be deleted and without a receipt: nothing was deleted.")
    return lines


def refusals_text(problems: Iterable[Problem], style: Style) -> list[str]:
    """Why apply would refuse the plan, and what to do about it."""
    lines: list[str] = []
    for problem in problems:
        lines.append(f"{style.paint('apply would refuse this:', Color.YELLOW)} {escape(str(problem))}")
        lines += [f"  hint: {escape(problem.hint)}"] if problem.hint else []
    return lines


def _plan_sum(plan: Plan) -> str:
    sums = plan.summary
    if sums["unchanged"] == len(plan.projects):
        return _nothing(sums["unchanged"])
    never = sum(project.never_stored for project in plan.deletes)
    deletes = f"{sums['delete']:,} to delete" + (f" ({never:,} never stored)" if never else "")
    parts = [f"{sums['download']:,} to download, {sums['move']:,} to move, {deletes}"]
    rest = [f"{sums[word]:,} {word}" for word in ("unchanged", "pending", "blocked", "failed") if sums[word]]
    return f"Plan: {'; '.join([*parts, *([', '.join(rest)] if rest else [])])}."


def _nothing(unchanged: int) -> str:
    if not unchanged:
        return "Nothing to do: no project is listed."
    return f"Nothing to do: {counted(unchanged, 'project')} {'is' if unchanged == 1 else 'are'} as desired."


def _plan_order(project: ProjectPlan) -> int:
    if project.verdict is not Verdict.CHANGE:
        return _VERDICTS[project.verdict][2]
    if Action.DELETE in project.actions:
        return 2
    return 3 if Action.DOWNLOAD in project.actions else 4


def _plan_row(project: ProjectPlan, *, is_verbose: bool) -> Row:
    if project.verdict is not Verdict.CHANGE:
        sign, color, _ = _VERDICTS[project.verdict]
        is_shared = project.reason_code in _SHARED
        reason = project.reason if project.problem is None else project.problem.text
        return Row(sign, project.id, project.verdict.value, reason, color, folds=True, is_shared=is_shared)
    actions = project.actions
    reason = project.reason
    if project.never_stored and "never stored" not in reason:
        reason += " (never stored)"
    color = {2: Color.RED, 3: Color.GREEN, 4: Color.YELLOW}[_plan_order(project)]
    paths = [output.path for output in project.outputs]
    lines = _arrows(paths) if Action.MOVE in actions or is_verbose else ()
    sign = "".join(_SIGNS[action] for action in actions)
    return Row(sign, project.id, ", ".join(action.value for action in actions), reason, color, lines)


def _arrows(paths: list[str]) -> tuple[str, ...]:
    shown = [f"-> {path}" for path in paths[:_PATHS]]
    return (*shown, *([f"-> and {len(paths) - _PATHS} more"] if len(paths) > _PATHS else []))


def report_text(report: Report, style: Style, *, is_verbose: bool = False) -> str:
    """A report: a row for each project that was not unchanged, then the sums."""
    order = list(_OUTCOMES)
    shown = [r for r in report.results if is_verbose or r.outcome is not Outcome.UNCHANGED]
    shown.sort(key=lambda result: order.index(result.outcome))
    rows = [_report_row(result, is_verbose=is_verbose) for result in shown]
    table = render_table(rows if is_verbose else collapse_repeats(rows), _REPORT_HEADER, style)
    return "\n".join([*table, *([""] if table else []), *_report_sums(report)])


def _report_row(result: ProjectResult, *, is_verbose: bool) -> Row:
    sign, color = _OUTCOMES[result.outcome]
    paths = [output.path for output in result.outputs]
    lines = _arrows(paths) if result.outcome is Outcome.MOVED or is_verbose else ()
    word = result.outcome.value.replace("_", " ")
    folds = result.outcome in _FOLD
    is_shared = folds and result.error is not None and result.error.code in _SHARED
    return Row(sign, result.id, word, _report_detail(result), color, lines, folds=folds, is_shared=is_shared)


def _report_detail(result: ProjectResult) -> str:
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
            return "; ".join(filter(None, ["a copy stays stored" if result.outputs else "", result.note]))
        case Outcome.MOVED:
            return counted(len(result.outputs), "file") + note
        case _:
            return result.note


def _error_detail(result: ProjectResult, error: Problem) -> str:
    """What went wrong, and which of several actions it befell."""
    if len(result.actions) < 2:
        return error.text
    words = {ActionOutcome.DONE: "done", ActionOutcome.FAILED: "failed", ActionOutcome.SKIPPED: "not done"}
    told = ", ".join(f"{action.action} {words[action.outcome]}" for action in result.actions)
    return f"{told}: {error.text}"


def _has_fetched(result: ProjectResult) -> bool:
    return any(a.action is Action.DOWNLOAD and a.outcome is ActionOutcome.DONE for a in result.actions)


def _report_sums(report: Report) -> Iterable[str]:
    sums = report.summary
    never_seen = sum(result.reason_code == "not_found" for result in report.results)
    if never_seen:
        yield f"{counted(never_seen, 'project')} not found: nothing was deleted."
    if sums["unchanged"] == len(report.results) and not report.is_interrupted:
        yield _nothing(sums["unchanged"])
        return
    size = sum(output.size for result in report.results if _has_fetched(result) for output in result.outputs)
    amount = f" ({human_size(size)} fetched)" if size else ""
    done = ", ".join(f"{sums[word]:,} {word}" for word in ("downloaded", "moved", "deleted", "archived")) + amount
    rest = [
        f"{sums[word]:,} {word.replace('_', ' ')}"
        for word in ("unchanged", "pending", "blocked", "failed", "not_attempted")
        if sums[word]
    ]
    start = "Interrupted" if report.is_interrupted else "Done"
    yield f"{start}: {'; '.join([done, *([', '.join(rest)] if rest else [])])}."
    if report.wait_ran_out:
        yield "The time to wait was up before every render had ended."
    if report.is_interrupted or sums["failed"] or sums["not_attempted"]:
        yield "What was done is recorded: the same command again does the rest."
