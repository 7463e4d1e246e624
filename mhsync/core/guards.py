"""Guards: whether a plan may be applied at all. They run before anything changes, over all files together."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from mhsync.core.manifest import Deletes, Limit, ManifestFile, State
from mhsync.core.plan import Action, Plan, ProjectPlan, Verdict
from mhsync.core.project import RENDERING
from mhsync.dataclass import dataclass
from mhsync.errors import Position, Problem

_RENDERING_WORDS = frozenset(status.value for status in RENDERING)


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the guards need to know in addition to the plan."""

    is_ci: bool = False
    """Whether this is a CI runner, whose folders are removed when the job ends."""
    is_waiting: bool = False
    """Whether the run waits for renders: their deletes are counted beforehand."""
    max_deletes: Limit | None = None
    """Replaces each file's own limit."""
    local_files: frozenset[str] = frozenset()
    """The manifest files whose storage is a folder of this machine."""


def expected_deletes(plan: Plan, *, is_waiting: bool) -> tuple[ProjectPlan, ...]:
    """The projects that the run may delete: those planned and, with `--wait`, those that renders may come to."""
    return tuple(
        project
        for project in plan.judged
        if Action.DELETE in project.actions or (is_waiting and _may_come_to_delete(project))
    )


def _may_come_to_delete(project: ProjectPlan) -> bool:
    return (
        project.verdict is Verdict.PENDING
        and project.status in _RENDERING_WORDS
        and project.desired is not State.DOWNLOADED
    )


def check(plan: Plan, circumstances: Circumstances) -> tuple[Problem, ...]:
    """Every reason not to apply the plan; none where it may be applied."""
    expected = expected_deletes(plan, is_waiting=circumstances.is_waiting)
    ids = {project.id for project in expected}
    archived = {project.id for project in expected if project.desired is State.ARCHIVED}
    problems: list[Problem] = []
    for file in plan.files:
        to_delete = [entry.id for entry in file.entries if entry.id in ids] if ids else []
        problems += _check_forbidden(file, to_delete)
        problems += _check_limit(file, to_delete, circumstances.max_deletes)
        if circumstances.is_ci and file.file in circumstances.local_files:
            problems += _check_durable(file, archived)
    return tuple(problems)


def _check_forbidden(file: ManifestFile, to_delete: Collection[str]) -> list[Problem]:
    if not to_delete or file.policy.deletes is not Deletes.FORBID:
        return []
    return [
        Problem(
            "deletes_forbidden",
            f"{_count(len(to_delete))}, but policy.deletes is 'forbid': {_some(to_delete)}",
            "change policy.deletes, or skip deletes with apply --no-deletes",
            Position(file.file),
        )
    ]


def _check_limit(file: ManifestFile, to_delete: Collection[str], override: Limit | None) -> list[Problem]:
    limit = override or file.policy.max_deletes
    if limit is None:
        return []
    total = len(file.entries)
    allowed = limit.of(total)
    if len(to_delete) <= allowed:
        return []
    name = "--max-deletes" if override is not None else "policy.max_deletes"
    shown = f"{allowed} ({limit})" if limit.is_percent else f"{allowed}"
    return [
        Problem(
            "max_deletes",
            f"{len(to_delete)} of {total} projects would be deleted, but {name} allows {shown}",
            f"allow it for one run with --max-deletes {len(to_delete)}, or skip deletes with apply --no-deletes",
            Position(file.file),
        )
    ]


def _check_durable(file: ManifestFile, ids: Collection[str]) -> list[Problem]:
    archived = [entry.id for entry in file.entries if entry.id in ids]
    if not archived or file.policy.durable_storage:
        return []
    return [
        Problem(
            "storage_not_durable",
            f"'archived' would delete {_some(archived)} and keep the only copy in {file.storage!r}, "
            "a folder of this CI runner",
            "use a storage that outlives the run, set policy.durable_storage: true if this folder is kept, "
            "or skip deletes with apply --no-deletes",
            Position(file.file),
        )
    ]


def unconfirmed(plan: Plan, *, is_waiting: bool) -> tuple[ProjectPlan, ...]:
    """The deletes that must be confirmed: those of files whose policy is `confirm`."""
    expected = expected_deletes(plan, is_waiting=is_waiting)
    if not expected:
        return ()
    confirm = {e.id for file in plan.files if file.policy.deletes is Deletes.CONFIRM for e in file.entries}
    return tuple(p for p in expected if p.id in confirm)


def never_stored(projects: Collection[ProjectPlan]) -> Mapping[str, str]:
    """Of the deletes those of which no copy is kept, by id, with the API's status."""
    return {project.id: project.status or "unknown" for project in projects if project.never_stored}


def _count(number: int) -> str:
    return "1 delete is planned" if number == 1 else f"{number} deletes are planned"


def _some(ids: Collection[str]) -> str:
    shown = ", ".join(list(ids)[:3])
    return shown if len(ids) <= 3 else f"{shown} and {len(ids) - 3} more"
