"""copies: one view of several storages that hold the same projects, and what each of them lacks.

No storage is the master. For each project the newest record wins whose outputs are all in place in its storage.
The decision table sees one inventory, that of the primary storage as it will be after the repairs; `with_repairs`
then adds the action `repair` where a storage lacks something that another one has.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from mhsync.core.copying import plan_record
from mhsync.core.index_row import outputs_of_line
from mhsync.core.manifest import Entry, State
from mhsync.core.observed import Inventory
from mhsync.core.plan import Action, ProjectPlan, Verdict
from mhsync.core.receipt import Deletion, Receipt, StoredOutput
from mhsync.dataclass import dataclass
from mhsync.errors import Problem

_FURTHER = (None, Deletion.DELETING, Deletion.DELETED)
"""The steps of a delete in their order."""


@dataclass(frozen=True, slots=True)
class Repair:
    """What one project needs so that every storage holds it. Numbers count the storages; the primary one is 0."""

    source: int
    """The storage with the newest whole copy."""
    targets: tuple[int, ...]
    """The storages that lack outputs, hold others, or whose receipt does not record a delete."""


@dataclass(frozen=True, slots=True)
class Copies:
    """What the storages of one manifest file hold."""

    inventories: tuple[Inventory, ...]
    """Of each storage, the primary one first."""
    combined: Inventory
    """The inventory that the decision table sees."""
    repairs: Mapping[str, Repair]
    """By id; none for a project that no storage holds whole, or that every storage holds."""
    misplaced: frozenset[str] = frozenset()
    """The projects that a storage holds whole under other paths than the combined receipt, or half moved."""


def combine(inventories: Sequence[Inventory], entries: Iterable[Entry], api: str) -> Copies:
    """The view of the storages of one file.

    A storage that could not be listed makes the whole view unreadable: nothing is deleted while a copy is unknown.
    A project whose receipt is invalid in one storage is failed, for the same reason.

    Args:
        inventories: of each storage, the primary one first.
        entries: the entries of the file.
        api: the origin of the records.
    """
    primary = inventories[0]
    problem = next((one.problem for one in inventories if one.problem is not None), None)
    if problem is not None:
        return Copies(tuple(inventories), replace(primary, problem=problem), {})
    invalid: dict[str, Problem] = {}
    for inventory in reversed(inventories):
        invalid.update(inventory.invalid)
    indexed = _indexed_alike(inventories)
    receipts: dict[str, Receipt] = {}
    files: dict[str, int] = {}
    repairs: dict[str, Repair] = {}
    misplaced: set[str] = set()
    for entry in entries:
        if entry.id in indexed or entry.id in invalid:
            continue
        found = _combine_one(inventories, entry.id, api)
        if found is None:
            continue
        receipts[entry.id] = found.receipt
        files.update({output.path: output.size for output in found.outputs})
        if found.repair is not None:
            repairs[entry.id] = found.repair
        if any(_is_misplaced(found.receipt, other) for other in inventories[1:]):
            misplaced.add(entry.id)
    combined = replace(
        primary,
        files=ChainMap(files, dict(primary.files)) if files else primary.files,
        receipts=_Receipts(receipts, primary.receipts),
        invalid=MappingProxyType(invalid),
        indexed=indexed,
    )
    return Copies(tuple(inventories), combined, repairs, frozenset(misplaced))


class _Receipts(Mapping[str, Receipt]):
    """The combined receipts, and those of the primary storage for all other projects."""

    __slots__ = ("_combined", "_primary")

    def __init__(self, combined: Mapping[str, Receipt], primary: Mapping[str, Receipt]) -> None:
        self._combined = combined
        self._primary = primary

    def __getitem__(self, id: str) -> Receipt:
        found = self._combined.get(id)
        return self._primary[id] if found is None else found

    def __iter__(self):  # type: ignore[no-untyped-def]
        yield from self._combined
        yield from (id_ for id_ in self._primary if id_ not in self._combined)

    def __len__(self) -> int:
        return len(self._combined.keys() | self._primary.keys())


def _indexed_alike(inventories: Sequence[Inventory]) -> dict[str, bytes]:
    """The lines of the primary index whose projects every index shows to be as desired, with the same outputs."""
    first, *others = inventories
    return {
        id_: line
        for id_, line in first.indexed.items()
        if all(_says_the_same(line, other.indexed.get(id_)) for other in others)
    }


def _says_the_same(line: bytes, other: bytes | None) -> bool:
    return other is not None and list(outputs_of_line(line)) == list(outputs_of_line(other))


@dataclass(frozen=True, slots=True)
class _Combined:
    receipt: Receipt
    outputs: tuple[StoredOutput, ...] = ()
    """Those that the primary storage will have after the repair."""
    repair: Repair | None = None


def _combine_one(inventories: Sequence[Inventory], id: str, api: str) -> _Combined | None:
    """The record of one project over all storages; None if no storage has a receipt."""
    kept = [inventory.receipt(id) for inventory in inventories]
    if not any(kept):
        return None
    furthest = _furthest(kept)
    whole = [number for number, inventory in enumerate(inventories) if _is_whole(inventory, id)]
    if not whole:
        return _Combined(_with_deletion(_best_of_damaged(kept), furthest))
    source = max(whole, key=lambda number: (_stored_at(kept[number]), _step(kept[number]), -number))
    newest = kept[source]
    assert newest is not None, "a project that is whole has a receipt"
    targets = tuple(
        number
        for number, inventory in enumerate(inventories)
        if number != source and not _is_level(newest, kept[number], inventory, furthest)
    )
    repair = Repair(source, targets) if targets else None
    if source == 0:
        # Where the index shows the outputs, the listing may have been left out.
        return _Combined(_with_deletion(newest, furthest), newest.outputs, repair)
    own = kept[0]
    record = plan_record(newest, own, inventories[0].files)
    merged = record.merged(own or Receipt.start(id, api))
    outputs = record.outputs or merged.outputs
    return _Combined(_with_deletion(merged, furthest), outputs, repair)


def _is_whole(inventory: Inventory, id: str) -> bool:
    receipt = inventory.receipt(id)
    # A line of the index shows that its outputs are in place; the listing may then be left out.
    return bool(receipt and receipt.outputs) and (id in inventory.indexed or inventory.is_stored(id))


def _is_level(newest: Receipt, own: Receipt | None, inventory: Inventory, furthest: Receipt | None) -> bool:
    """Whether a storage holds the outputs of the newest record, and records a delete that another one records."""
    if own is None or not _is_whole(inventory, newest.id):
        return False
    if furthest is not None and furthest.is_deleted and not own.is_deleted:
        return False
    return _contents(newest) == _contents(own)


def _contents(receipt: Receipt) -> list[tuple[str, int, str]]:
    return sorted((output.source, output.size, output.sha256) for output in receipt.outputs)


def _is_misplaced(combined: Receipt, other: Inventory) -> bool:
    """Whether a storage holds the combined record's outputs under other paths, or a move has not ended there."""
    own = other.receipt(combined.id)
    if own is None or not _is_whole(other, combined.id) or _contents(own) != _contents(combined):
        return False
    is_moving = bool(own.storing) or any(output.superseded is not None for output in own.outputs)
    return is_moving or own.paths != combined.paths


def _best_of_damaged(kept: Sequence[Receipt | None]) -> Receipt:
    """Where no storage has a whole copy: the record of the primary storage, else the newest of the others.

    The outputs of another storage's record are not in the primary one: they are marked as suspect.
    """
    own = kept[0]
    if own is not None and own.outputs:
        return own
    found = [receipt for receipt in kept if receipt is not None]
    best = max(found, key=lambda receipt: (bool(receipt.outputs), _stored_at(receipt)))
    return best if best is own else best.with_suspects(best.paths)


def _stored_at(receipt: Receipt | None) -> float:
    return 0.0 if receipt is None or receipt.stored_at is None else receipt.stored_at.timestamp()


def _step(receipt: Receipt | None) -> int:
    """How far the delete of a project has come."""
    return 0 if receipt is None else _FURTHER.index(receipt.deletion)


def _furthest(kept: Sequence[Receipt | None]) -> Receipt | None:
    """The receipt whose delete has come furthest."""
    return max((receipt for receipt in kept if receipt is not None), key=_step, default=None)


def _with_deletion(receipt: Receipt, furthest: Receipt | None) -> Receipt:
    if furthest is None or _step(furthest) <= _step(receipt):
        return receipt
    return replace(
        receipt,
        deletion=furthest.deletion,
        deleting_at=furthest.deleting_at or receipt.deleting_at,
        deleted_at=furthest.deleted_at,
    )


def with_repairs(plan: ProjectPlan, copies: Copies, names: Sequence[str]) -> ProjectPlan:
    """The plan with the action `repair`, and with `move` for other storages, where the project needs them.

    A download brings the outputs into every storage by itself. `deleted` and `lost` do not manage stored copies. A
    project that is blocked, failed or rendering is not changed.

    Args:
        names: of the storages, for people.
    """
    is_ready = plan.verdict in (Verdict.UNCHANGED, Verdict.CHANGE)
    is_kept = plan.desired in (State.DOWNLOADED, State.ARCHIVED)
    if not is_ready or not is_kept or Action.DOWNLOAD in plan.actions:
        return plan
    if plan.id in copies.misplaced and Action.MOVE not in plan.actions:
        reason = "stored under another path in one of the storages"
        plan = _preceded(plan, Action.MOVE, "path_changed", reason)
    repair = copies.repairs.get(plan.id)
    if repair is None:
        return plan
    targets = ", ".join(names[number] for number in repair.targets)
    reason = f"not whole in {targets}; to be copied from {names[repair.source]}"
    return _preceded(plan, Action.REPAIR, "copy_missing", reason)


def _preceded(plan: ProjectPlan, action: Action, code: str, reason: str) -> ProjectPlan:
    """The plan with one more action before its others; a project that has others keeps their code."""
    if plan.actions:
        code, reason = plan.reason_code, f"{reason}; then: {plan.reason}"
    return replace(plan, verdict=Verdict.CHANGE, reason_code=code, reason=reason, actions=(action, *plan.actions))
