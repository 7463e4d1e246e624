"""Warnings about a plan: they change nothing and refuse nothing."""

from __future__ import annotations

from collections.abc import Iterator

from mhsync.core.guards import Circumstances
from mhsync.core.manifest import State
from mhsync.core.plan import Action, Plan
from mhsync.errors import Position, Problem

_SURPRISES = frozenset({"lost_but_live", "lost_but_stored"})


def surprises(plan: Plan) -> Iterator[Problem]:
    """The projects that the manifest lists as lost, and that the account or the storage has."""
    for project in plan.judged:
        if project.is_acknowledged and project.reason_code in _SURPRISES:
            yield Problem(project.reason_code, project.reason, project.hint, project.entry.position, project.id)


def throwaway_folders(plan: Plan, circumstances: Circumstances) -> Iterator[Problem]:
    """The files whose `downloaded` projects would be stored in a folder that a CI runner removes after the job.

    Deletes of `archived` projects there are refused by a guard; what is `downloaded` stays in the account.
    """
    if not circumstances.is_ci:
        return
    ids = {p.id for p in plan.judged if Action.DOWNLOAD in p.actions and p.desired is State.DOWNLOADED}
    for file in plan.files:
        number = sum(entry.id in ids for entry in file.entries) if ids else 0
        if number and file.file in circumstances.local_files and not file.policy.durable_storage:
            count = "1 download" if number == 1 else f"{number:,} downloads"
            yield Problem(
                "storage_not_durable",
                f"{count} of 'downloaded' projects would go into {file.storage!r}, a folder of this CI runner, "
                "which is removed after the job",
                "use a storage that outlives the run, or set policy.durable_storage: true if this folder is kept",
                Position(file.file),
            )
