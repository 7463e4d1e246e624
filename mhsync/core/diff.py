"""diff(manifest, inventories, details) -> Plan: the decision table, and nothing else.

Pure: the same values give the same plan. `docs/design.md` holds the table; the functions below follow its rows
from the top, and the first that fits decides.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from mhsync.core.index_row import outputs_of_line
from mhsync.core.manifest import Entry, Manifest, State
from mhsync.core.observed import Details, DetailsById, Gone, Inventory, Live, Unreadable, is_settled, sees_account
from mhsync.core.path_conflicts import without_clashes
from mhsync.core.paths import PathValues, UnusablePathError, filenames, filled_paths, output_paths
from mhsync.core.plan import Action, Plan, PlannedOutput, ProjectPlan, Projects, Verdict
from mhsync.core.project import FAILED, RENDERING, Project, Status, are_same_sources
from mhsync.core.receipt import Deletion, Receipt
from mhsync.errors import Problem

_COPY_FIRST = "if the storage was changed, copy the old storage's files and its .mhsync folder into this one first"

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
) -> Plan:
    """The changes that bring the account and the storages to the state that the manifest declares.

    Args:
        manifest: what is desired.
        inventories: what each storage holds, by `ManifestFile.file`.
        details: the answers of the API, by id; an id that is missing was not requested.
        api: the API's origin that the details come from.
        only: the ids to plan for; empty means all.
    """
    is_seen = sees_account(details)
    entries: list[Entry] = []
    judged: list[tuple[Inventory, ProjectPlan]] = []
    for file in manifest.files:
        inventory = inventories[file.file]
        wanted = [entry for entry in file.entries if entry.id in only] if only else file.entries
        entries += wanted
        judged += [
            (inventory, _judge(_Case(entry, inventory, details.get(entry.id), is_seen)))
            for entry in wanted
            if entry.id not in inventory.indexed or entry.id in details
        ]
    by_id = {plan.id: plan for plan in without_clashes(judged)}
    places = tuple({inventory.location: inventory for inventory in inventories.values()}.values())
    return Plan(api, manifest.files, Projects(entries, by_id, partial(_settled, places)))


def _settled(inventories: Sequence[Inventory], entry: Entry) -> ProjectPlan:
    """The verdict on an entry that the receipt index shows to be as desired: the one that the table would give."""
    code, reason = _AS_DESIRED[entry.state]
    line = next(inventory.indexed[entry.id] for inventory in inventories if entry.id in inventory.indexed)
    outputs = tuple(
        PlannedOutput(path, source, filename, size, sha256, stored=True)
        for path, size, sha256, source, filename in outputs_of_line(line)
    )
    return ProjectPlan(entry, Verdict.UNCHANGED, code, reason, outputs=outputs)


@dataclass(frozen=True, slots=True)
class _Case:
    """One project with all that the table looks at."""

    entry: Entry
    inventory: Inventory
    details: Details | None
    sees_account: bool
    """Whether a `GET` of this run answered 200, so that a 404 cannot be that of another account's key."""

    @property
    def receipt(self) -> Receipt | None:
        return self.inventory.receipt(self.entry.id)

    @property
    def is_stored(self) -> bool:
        return self.inventory.is_stored(self.entry.id)

    @property
    def is_deleted(self) -> bool:
        return self.receipt is not None and self.receipt.is_deleted

    @property
    def is_deleting(self) -> bool:
        """Whether mhsync began to delete the project, and the receipt does not record the end."""
        return self.receipt is not None and self.receipt.deletion is Deletion.DELETING

    @property
    def is_gone(self) -> bool:
        return isinstance(self.details, Gone)

    def verdict(
        self,
        verdict: Verdict,
        code: str,
        reason: str,
        *,
        actions: tuple[Action, ...] = (),
        outputs: tuple[PlannedOutput, ...] | None = None,
        hint: str | None = None,
    ) -> ProjectPlan:
        return ProjectPlan(
            entry=self.entry,
            verdict=verdict,
            reason_code=code,
            reason=reason,
            actions=actions,
            status=_status_word(self.details),
            never_stored=Action.DELETE in actions and Action.DOWNLOAD not in actions and not self.is_stored,
            not_found=isinstance(self.details, Gone) and self.details.not_found,
            outputs=self._stored_outputs() if outputs is None else outputs,
            hint=hint,
        )

    def failed(self, problem: Problem, *, outputs: tuple[PlannedOutput, ...] | None = None) -> ProjectPlan:
        return self.verdict(Verdict.FAILED, problem.code, problem.message, outputs=outputs, hint=problem.hint)

    def _stored_outputs(self) -> tuple[PlannedOutput, ...]:
        if self.receipt is None:
            return ()
        return tuple(
            PlannedOutput(o.path, o.source, o.filename, o.size, o.sha256, self.inventory.is_in_place(o))
            for o in self.receipt.outputs
        )


def _judge(case: _Case) -> ProjectPlan:
    entry, inventory, details = case.entry, case.inventory, case.details
    problem = inventory.problem or inventory.invalid.get(entry.id)
    if problem is not None:
        return case.failed(problem, outputs=())
    if not is_settled(entry, inventory):
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


def _judge_stored(case: _Case) -> ProjectPlan:
    """The rows of `downloaded` and `archived`: a move comes before the other actions.

    A project with `deleting` may be gone in every later run, and its paths must not block other projects for ever.
    """
    rest = _judge_downloaded(case) if case.entry.state is State.DOWNLOADED else _judge_archived(case)
    if (case.is_gone and not case.is_deleting) or not case.is_stored or Action.DOWNLOAD in rest.actions:
        return rest
    moved = _moved_outputs(case)
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


def _judge_downloaded(case: _Case) -> ProjectPlan:
    if case.is_stored:
        return case.verdict(Verdict.UNCHANGED, *_AS_DESIRED[State.DOWNLOADED])
    if case.is_gone:
        return _lost(case)
    project = _live(case)
    waiting = _not_ready(case, project)
    if waiting is not None:
        return waiting
    code, reason = _why_download(case)
    return case.verdict(
        Verdict.CHANGE, code, reason, actions=(Action.DOWNLOAD,), outputs=_outputs_to_store(case, project)
    )


def _judge_archived(case: _Case) -> ProjectPlan:
    # A project that the API shows is not gone, whatever the receipt records: its copy can still be downloaded.
    if case.is_gone or (case.is_deleted and not isinstance(case.details, Live)):
        if case.is_stored:
            return case.verdict(Verdict.UNCHANGED, *_AS_DESIRED[State.ARCHIVED])
        return _lost(case)
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
        outputs=_outputs_to_store(case, project),
    )


def _judge_deleted(case: _Case) -> ProjectPlan:
    if case.is_deleted:
        return case.verdict(Verdict.UNCHANGED, *_AS_DESIRED[State.DELETED])
    if _is_not_found(case) and case.receipt is None:
        return case.verdict(Verdict.UNCHANGED, "not_found", "not found: nothing was deleted")
    if case.is_gone:
        return case.verdict(
            Verdict.UNCHANGED, "gone", "not found" if _is_not_found(case) else "no longer in the account"
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


def _live(case: _Case) -> Project:
    assert isinstance(case.details, Live), "the rows above leave only live projects"
    return case.details.project


def _not_ready(case: _Case, project: Project) -> ProjectPlan | None:
    """Pending or blocked where there is nothing to download; None where there is."""
    if project.status in RENDERING or project.status is Status.DRAFT:
        reason = {Status.DRAFT: "draft: it was never submitted for rendering"}.get(project.status)
        return case.verdict(Verdict.PENDING, str(project.status), reason or f"{project.status}: not ready yet")
    if project.status in FAILED:
        told = "" if project.error is None else f" ({project.error.code}: {project.error.message})"
        return case.verdict(
            Verdict.BLOCKED, f"render_{project.status}", f"the render ended in {project.status}{told}"
        )
    if not project.downloads:
        return case.verdict(Verdict.BLOCKED, "no_outputs", "complete, but the API offers no output")
    return None


def _lost(case: _Case) -> ProjectPlan:
    """The project is gone from the account, and the storage has no complete copy."""
    how = "not found in the account" if _is_not_found(case) else "gone from the account"
    if case.receipt is not None and case.receipt.outputs:
        missing = case.inventory.missing(case.entry.id)
        paths = ", ".join(output.path for output in missing[:3])
        if case.is_deleting and _is_not_found(case) and not case.sees_account:
            return case.verdict(
                Verdict.BLOCKED,
                "copy_damaged",
                f"damaged in the storage: {paths}; mhsync may have deleted the original: the API does not find "
                "it, but no other response of this run shows that the key belongs to its account",
            )
        return case.verdict(
            Verdict.BLOCKED, "copy_lost", f"THE COPY IS LOST: {how}, and damaged in the storage: {paths}"
        )
    return _without_copy(case, how)


def _without_copy(case: _Case, how: str) -> ProjectPlan:
    """Gone from the account, and no receipt names an output. A copy may exist in another storage."""
    is_archived = case.entry.state is State.ARCHIVED
    code = "no_copy" if is_archived else "gone"
    other_api = _other_api(case)
    if other_api is not None:
        reason = f"{how}, and the receipt is of another API ({other_api})"
        return case.verdict(
            Verdict.BLOCKED, code, reason, hint="check the API's address: --api-url, MHSYNC_API_URL"
        )
    if case.receipt is not None:
        return case.verdict(Verdict.BLOCKED, code, f"{how}, and its receipt names no output: nothing was stored")
    advice = ["check the id and the API key"] if _is_not_found(case) else []
    if is_archived:
        advice.append(_COPY_FIRST)
    return case.verdict(
        Verdict.BLOCKED,
        code,
        f"{how}, and this storage has no receipt of it",
        hint="; ".join(advice) or None,
    )


def _other_api(case: _Case) -> str | None:
    """The origin of another API, where the receipt holds a record of that one only."""
    receipt = case.receipt
    if receipt is None or receipt.outputs or receipt.storing or receipt.deletion is not None:
        return None
    return next((str(other.get("api"))[:80] for other in receipt.others), None)


def _is_not_found(case: _Case) -> bool:
    return isinstance(case.details, Gone) and case.details.not_found


def _why_download(case: _Case) -> tuple[str, str]:
    missing = case.inventory.missing(case.entry.id)
    if not missing:
        other_api = _other_api(case)
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


def _values(case: _Case, project: Project | None) -> PathValues:
    """The values of path fields: those of the receipt once something was stored, else those of the API."""
    receipt = case.receipt
    if receipt is not None and receipt.stored_at is not None:
        return PathValues(case.entry.id, receipt.name, receipt.type, receipt.created_at)
    if project is None:
        return PathValues(case.entry.id)
    return PathValues(case.entry.id, project.name, project.type, project.created_at)


def _outputs_to_store(case: _Case, project: Project) -> tuple[PlannedOutput, ...]:
    sources = [download.source for download in project.downloads]
    names = filenames(sources)
    paths = output_paths(case.entry.path, _values(case, project), names)
    return tuple(
        PlannedOutput(path, source, name) for path, source, name in zip(paths, sources, names, strict=True)
    )


def _moved_outputs(case: _Case) -> tuple[PlannedOutput, ...] | None:
    """The stored outputs under the paths that the manifest gives them now; None where they are there already."""
    receipt = case.receipt
    assert receipt is not None, "only what is stored can move"
    names = [output.filename for output in receipt.outputs]
    values = _values(case, None)
    is_moving = bool(receipt.storing) or any(output.superseded is not None for output in receipt.outputs)
    if not is_moving and filled_paths(case.entry.path, values, names) == [o.path for o in receipt.outputs]:
        return None
    paths = output_paths(case.entry.path, values, names)
    return tuple(
        PlannedOutput(path, o.source, o.filename, o.size, o.sha256, stored=True)
        for o, path in zip(receipt.outputs, paths, strict=True)
    )


def _status_word(details: Details | None) -> str | None:
    if isinstance(details, Live):
        return details.project.status_text
    if isinstance(details, Gone):
        return "gone"
    return None if details is None else "unknown"
