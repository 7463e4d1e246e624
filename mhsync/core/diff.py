"""diff(manifest, inventories, details) -> Plan: the decision table, and nothing else.

Pure: the same values give the same plan. `docs/design.md` holds the table; the functions below follow its rows
from the top, and the first that fits decides.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from types import MappingProxyType

from mhsync.core.acknowledged_loss import acknowledged_loss
from mhsync.core.copies import Copies, with_repairs
from mhsync.core.diff_case import Case
from mhsync.core.index_row import facts_of_line
from mhsync.core.lost_copy import lost
from mhsync.core.manifest import Entry, Manifest, State
from mhsync.core.observed import DetailsById, Inventory, Live, Unreadable, is_settled, sees_account
from mhsync.core.path_conflicts import without_clashes
from mhsync.core.paths import UnusablePathError
from mhsync.core.plan import Action, Plan, PlannedOutput, ProjectPlan, Projects, Verdict
from mhsync.core.planned_outputs import moved_outputs, outputs_to_store
from mhsync.core.project import FAILED, RENDERING, Project, Status, are_same_sources
from mhsync.core.retention import Clock, differing_clocks, entry_at, explained, is_due, retention_reason

_NO_COPIES: Mapping[str, Copies] = MappingProxyType({})
_AS_DESIRED = {
    State.DOWNLOADED: ("stored", "stored"),
    State.ARCHIVED: ("archived", "stored, and gone from the account"),
    State.DELETED: ("deleted", "deleted"),
}
"""Code and reason of a project with which nothing is to be done."""


def diff(
    manifest: Manifest,
    inventories: Mapping[str, Inventory],
    details: DetailsById,
    *,
    api: str,
    only: Collection[str] = (),
    clock: Clock | None = None,
    copies: Mapping[str, Copies] = _NO_COPIES,
) -> Plan:
    """The changes that bring the account and the storages to the state that the manifest declares.

    Args:
        manifest: what is desired.
        inventories: what each storage holds, by `ManifestFile.file`.
        details: the answers of the API, by id; an id that is missing was not requested.
        api: the API's origin that the details come from.
        only: the ids to plan for; empty means all.
        clock: the time at which retention is judged; None keeps every project.
        copies: what the storages of a file hold, by `ManifestFile.file`, where it names several. Its inventory is
            then the combined one.
    """
    is_seen = sees_account(details)
    entries: list[Entry] = []
    judged: list[tuple[Inventory, ProjectPlan]] = []
    for file in manifest.files:
        inventory = inventories[file.file]
        wanted = [entry for entry in file.entries if entry.id in only] if only else file.entries
        entries += wanted
        plans = [
            _judge_at(Case(entry, inventory, details.get(entry.id), is_seen), clock)
            for entry in wanted
            if entry.id not in inventory.indexed or entry.id in details
        ]
        held = copies.get(file.file)
        if held is not None:
            names = [place.storage for place in file.places]
            plans = [with_repairs(plan, held, names) for plan in plans]
        judged += [(inventory, plan) for plan in plans]
    by_id = {plan.id: plan for plan in without_clashes(judged)}
    places = tuple({inventory.location: inventory for inventory in inventories.values()}.values())
    return Plan(api, manifest.files, Projects(entries, by_id, partial(_settled, places, clock)))


def _settled(inventories: Sequence[Inventory], clock: Clock | None, entry: Entry) -> ProjectPlan:
    """The verdict on an entry that the receipt index shows to be as desired: the one that the table would give."""
    line = next(inventory.indexed[entry.id] for inventory in inventories if entry.id in inventory.indexed)
    info, stored = facts_of_line(line, entry.labels)
    entry = entry_at(entry, info.created_at, None if clock is None else clock.now)
    code, reason = _AS_DESIRED[entry.state]
    outputs = tuple(
        PlannedOutput(path, source, filename, size, sha256, stored=True)
        for path, size, sha256, source, filename in stored
    )
    plan = ProjectPlan(entry, Verdict.UNCHANGED, code, reason, outputs=outputs, info=info)
    return explained(plan, info.created_at)


def _judge_at(case: Case, clock: Clock | None) -> ProjectPlan:
    """The verdict with the retention of the entry, if it has one.

    The creation time is that of the API, or of the receipt where the API was not asked or has no answer.
    """
    retain = case.entry.retain
    if retain is None or clock is None:
        return _judge(case, None)
    created_at = case.created_at
    if is_due(retain, created_at, clock.now) and clock.is_wrong:
        plan = _judge(case, None)
        if plan.verdict is not Verdict.UNCHANGED or case.is_gone or case.is_deleted:
            return plan
        reason = f"{differing_clocks(clock)}: not deleted; {retention_reason(retain, created_at)}"
        return case.verdict(Verdict.BLOCKED, "clock_differs", reason, hint="set the clock of this machine (NTP)")
    case = replace(case, entry=entry_at(case.entry, created_at, clock.now))
    return explained(_judge(case, clock.now), created_at)


def _judge(case: Case, now: datetime | None) -> ProjectPlan:
    entry, inventory, details = case.entry, case.inventory, case.details
    if entry.state is State.LOST:
        return acknowledged_loss(case)
    problem = inventory.problem or inventory.invalid.get(entry.id)
    if problem is not None:
        return case.failed(problem, outputs=())
    if not is_settled(entry, inventory, now):
        if isinstance(details, Unreadable):
            return case.failed(details.problem)
        if details is None:
            return case.verdict(Verdict.FAILED, "not_asked", "no request was sent to the API for this project")
    if entry.state is State.DELETED:
        return _judge_deleted(case)
    try:
        return _judge_stored(case)
    except UnusablePathError as error:
        return case.verdict(Verdict.BLOCKED, "path_unusable", str(error), hint=error.hint)


def _judge_stored(case: Case) -> ProjectPlan:
    """The rows of `downloaded` and `archived`: a move comes before the other actions.

    A project with `deleting` may be gone in every later run, and its paths must not block other projects for ever.
    """
    rest = _judge_downloaded(case) if case.entry.state is State.DOWNLOADED else _judge_archived(case)
    if (case.is_gone and not case.is_deleting) or not case.is_stored or Action.DOWNLOAD in rest.actions:
        return rest
    moved = moved_outputs(case)
    if moved is None:
        return rest
    if rest.verdict not in (Verdict.UNCHANGED, Verdict.CHANGE):
        return rest
    reason = "stored under another path than the manifest now gives"
    if Action.DELETE in rest.actions:
        reason += "; then it is deleted from the account"
    return case.verdict(
        Verdict.CHANGE, "path_changed", reason, actions=(Action.MOVE, *rest.actions), outputs=moved
    )


def _judge_downloaded(case: Case) -> ProjectPlan:
    if case.is_stored:
        return case.verdict(Verdict.UNCHANGED, *_AS_DESIRED[State.DOWNLOADED])
    if case.is_gone:
        return lost(case)
    project = _live(case)
    waiting = _not_ready(case, project)
    if waiting is not None:
        return waiting
    code, reason = _why_download(case)
    return case.verdict(
        Verdict.CHANGE, code, reason, actions=(Action.DOWNLOAD,), outputs=outputs_to_store(case, project)
    )


def _judge_archived(case: Case) -> ProjectPlan:
    # A project that the API shows is not gone, whatever the receipt records: its copy can still be downloaded.
    if case.is_gone or (case.is_deleted and not isinstance(case.details, Live)):
        if case.is_stored:
            return case.verdict(Verdict.UNCHANGED, *_AS_DESIRED[State.ARCHIVED])
        return lost(case)
    project = _live(case)
    waiting = _not_ready(case, project)
    if waiting is not None:
        return waiting
    receipt = case.receipt
    if case.is_stored and receipt is not None and are_same_sources(receipt.sources, project.sources):
        if receipt.indistinct_reason is not None:
            return case.verdict(
                Verdict.BLOCKED,
                "outputs_indistinct",
                f"{receipt.indistinct_reason}; the original is kept",
                hint="remove the stored files and run apply again, or set 'state: downloaded'",
            )
        return case.verdict(
            Verdict.CHANGE,
            "stored",
            "stored; the copy is verified, then the original is deleted from the account",
            actions=(Action.DELETE,),
        )
    if case.is_stored:
        code, reason = "outputs_changed", "the API offers other outputs than those stored"
    else:
        code, reason = _why_download(case)
    return case.verdict(
        Verdict.CHANGE,
        code,
        f"{reason}; then it is deleted from the account",
        actions=(Action.DOWNLOAD, Action.DELETE),
        outputs=outputs_to_store(case, project),
    )


def _judge_deleted(case: Case) -> ProjectPlan:
    if case.is_deleted:
        return case.verdict(Verdict.UNCHANGED, *_AS_DESIRED[State.DELETED])
    if case.is_not_found and case.receipt is None:
        return case.verdict(Verdict.UNCHANGED, "not_found", "not found: nothing was deleted")
    if case.is_gone:
        return case.verdict(
            Verdict.UNCHANGED, "gone", "not found" if case.is_not_found else "no longer in the account"
        )
    project = _live(case)
    if project.status in RENDERING:
        return case.verdict(
            Verdict.PENDING, "rendering", f"{project.status}: it will be deleted when the render has ended"
        )
    reason = (
        "to be deleted from the account; a copy stays stored"
        if case.is_stored
        else "to be deleted; no stored copy"
    )
    return case.verdict(Verdict.CHANGE, "unwanted", reason, actions=(Action.DELETE,))


def _live(case: Case) -> Project:
    assert isinstance(case.details, Live), "the rows above leave only live projects"
    return case.details.project


def _not_ready(case: Case, project: Project) -> ProjectPlan | None:
    """Pending or blocked where there is nothing to download; None where there is."""
    if project.status in RENDERING or project.status is Status.DRAFT:
        reason = {Status.DRAFT: "draft: it was never submitted for rendering"}.get(project.status)
        return case.verdict(Verdict.PENDING, str(project.status), reason or f"{project.status}: not ready yet")
    if project.status in FAILED:
        if case.entry.is_discovered:
            reason = f"the render ended in {project.status}: it has no outputs"
            return case.verdict(Verdict.UNCHANGED, f"render_{project.status}", reason)
        told = "" if project.error is None else f" ({project.error.code}: {project.error.message})"
        return case.verdict(
            Verdict.BLOCKED, f"render_{project.status}", f"the render ended in {project.status}{told}"
        )
    if not project.downloads:
        return case.verdict(Verdict.BLOCKED, "no_outputs", "complete, but the API offers no output")
    return None


def _why_download(case: Case) -> tuple[str, str]:
    missing = case.inventory.missing(case.entry.id)
    if not missing:
        other_api = case.other_api
        if other_api is not None:
            return "not_stored", f"not stored yet: the receipt is of another API ({other_api})"
        return "not_stored", "not stored yet"
    first = missing[0]
    if first.suspect:
        what = "does not match its receipt"
    elif first.path in case.inventory.files:
        what = f"has {case.inventory.files[first.path]} bytes, not {first.size}"
    else:
        what = "is missing"
    more = f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""
    return "drift", f"{first.path} {what}{more}: to be downloaded again"
