"""Path conflicts: two projects with one path, and paths that are blocked by an untracked file or folder."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace

from mhsync.core.index_row import outputs_of_line
from mhsync.core.observed import Inventory
from mhsync.core.paths import folders_of
from mhsync.core.plan import Action, ProjectPlan, Verdict
from mhsync.core.template import path_key
from mhsync.dataclass import dataclass


def without_clashes(judged: list[tuple[Inventory, ProjectPlan]]) -> Iterator[ProjectPlan]:
    """Block every project whose new path belongs to another project, or is blocked by an untracked file."""
    if not any(_writes(plan) for _, plan in judged):
        yield from (plan for _, plan in judged)
        return
    claims: dict[tuple[str, str], set[str]] = defaultdict(set)
    folders: dict[tuple[str, str], set[str]] = defaultdict(set)
    for location, id_, path in _claimed(judged):
        key = path_key(path)
        claims[location, key].add(id_)
        for folder in folders_of(key):
            folders[location, folder].add(id_)
    written = {inventory.location: inventory for inventory, plan in judged if _writes(plan)}
    untracked = {location: _UntrackedFiles.of(inventory) for location, inventory in written.items()}
    for inventory, plan in judged:
        if not _writes(plan):
            yield plan
            continue
        blocker = untracked[inventory.location].in_the_way_of(plan)
        if blocker is not None:
            reason = f"{blocker[0]} blocks its path {blocker[1]}"
            yield _blocked(plan, "path_occupied", reason, "move it away, or change the path in the manifest")
            continue
        yield _unless_clash(plan, inventory.location, claims, folders)


def _claimed(judged: list[tuple[Inventory, ProjectPlan]]) -> Iterator[tuple[str, str, str]]:
    """Location, id and path of each output: of the judged projects, and of those that the index has."""
    seen: dict[str, Inventory] = {}
    ids: set[str] = set()
    for inventory, plan in judged:
        seen[inventory.location] = inventory
        ids.add(plan.id)
        for output in plan.outputs:
            yield inventory.location, plan.id, output.path
    for location, inventory in seen.items():
        for id_, line in inventory.indexed.items():
            if id_ not in ids:
                for path, *_ in outputs_of_line(line):
                    yield location, id_, path


def in_the_way(judged: list[tuple[Inventory, ProjectPlan]]) -> dict[str, frozenset[str]]:
    """By id what the receipts of projects to be downloaded again name where other projects' outputs are to go.

    A project that moves leaves its old paths itself; one that is downloaded leaves them only when all is stored,
    and two of them could wait for each other for ever. A name counts also where its file is missing.
    """
    goals: dict[tuple[str, str], set[str]] = defaultdict(set)
    folders: dict[tuple[str, str], set[str]] = defaultdict(set)
    for inventory, plan in judged:
        for output in plan.outputs if _writes(plan) else ():
            key = path_key(output.path)
            goals[inventory.location, key].add(plan.id)
            for folder in folders_of(key):
                folders[inventory.location, folder].add(plan.id)
    found: dict[str, frozenset[str]] = {}
    for inventory, plan in judged:
        receipt = inventory.receipt(plan.id)
        if receipt is None or Action.DOWNLOAD not in plan.actions:
            continue
        paths = frozenset(
            path
            for path in receipt.named - {record.path for record in receipt.set_aside}
            if _claimants(path, inventory.location, goals, folders) - {plan.id}
        )
        if paths:
            found[plan.id] = paths
    return found


def _claimants(
    path: str,
    location: str,
    claims: Mapping[tuple[str, str], set[str]],
    folders: Mapping[tuple[str, str], set[str]],
) -> set[str]:
    """The projects whose outputs have the path, or lie below it, or have one of its folders as a file."""
    key = path_key(path)
    others = claims.get((location, key), set()) | folders.get((location, key), set())
    for folder in folders_of(key):
        others = others | claims.get((location, folder), set())
    return others


def _writes(plan: ProjectPlan) -> bool:
    return not {Action.DOWNLOAD, Action.MOVE}.isdisjoint(plan.actions)


@dataclass(frozen=True, slots=True)
class _UntrackedFiles:
    """Files of a storage that no receipt of the manifest names, and their folders. No path is both."""

    files: frozenset[str]
    folders: frozenset[str]

    @classmethod
    def of(cls, inventory: Inventory) -> _UntrackedFiles:
        named = inventory.tracked()
        files = frozenset(path_key(path) for path in inventory.files if path not in named)
        return cls(files, frozenset(folder for path in files for folder in folders_of(path)))

    def in_the_way_of(self, plan: ProjectPlan) -> tuple[str, str] | None:
        """What blocks the plan, and which of its paths."""
        for output in plan.outputs:
            key = path_key(output.path)
            if key in self.folders:
                return "a folder", output.path
            file = next((folder for folder in folders_of(key) if folder in self.files), None)
            if file is not None:
                return f"the file {file}", output.path
        return None


def _unless_clash(
    plan: ProjectPlan,
    location: str,
    claims: Mapping[tuple[str, str], set[str]],
    folders: Mapping[tuple[str, str], set[str]],
) -> ProjectPlan:
    for output in plan.outputs:
        others = _claimants(output.path, location, claims, folders) - {plan.id}
        if others:
            reason = f"its path {output.path} conflicts with a path of {min(others)}"
            return _blocked(plan, "path_clash", reason, "add {id} to the path of one of them in the manifest")
    return plan


def _blocked(plan: ProjectPlan, code: str, reason: str, hint: str) -> ProjectPlan:
    return replace(
        plan, verdict=Verdict.BLOCKED, reason_code=code, reason=reason, hint=hint, actions=(), never_stored=False
    )
