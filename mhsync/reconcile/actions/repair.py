"""The action `repair`: bring what one storage holds of a project into the other storages of its manifest.

A download does the same after its outputs are in the primary storage, so that one transfer from the API feeds
every storage. The API is not asked. Nothing is removed from the storage that is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mhsync.core.copies import Repair
from mhsync.core.observed import Inventory
from mhsync.core.plan import ProjectPlan
from mhsync.core.receipt import Deletion, Receipt
from mhsync.dataclass import dataclass
from mhsync.errors import CopyNotProved, Interrupted, MhsyncError, ReceiptInvalid
from mhsync.reconcile.context import Remark, RunContext
from mhsync.reconcile.copy_project import ProjectCopied, Target, copy_record
from mhsync.reconcile.ownership import Owners
from mhsync.reconcile.progress import Warned
from mhsync.storage.base import Storage
from mhsync.storage.receipts import read_receipt


@dataclass(frozen=True, slots=True)
class HeldStorages:
    """The storages of one manifest file, the primary one first. All sequences have the same order."""

    storages: Sequence[Storage]
    owners: Sequence[Owners]
    inventories: Sequence[Inventory]
    names: Sequence[str]
    """As in the manifest."""
    required: int
    """The number of storages that must hold a project: `min_copies`."""

    @property
    def all_others(self) -> Repair:
        """From the primary storage to every other one."""
        return Repair(0, tuple(range(1, len(self.storages))))


def repair(run: RunContext, held: HeldStorages, plan: ProjectPlan, wanted: Repair, remark: Remark) -> None:
    """Copy a project into the storages that lack it.

    A storage that cannot be written is a warning where enough others hold the project; the next plan repairs it.

    Args:
        wanted: from where, and into which storages.
        remark: called with the id and one line of text for the report.

    Raises:
        CopyNotProved: the bytes of the source do not match its receipt, or a target returns other bytes.
        PathOccupied: a path in a target has other bytes, or another receipt names it.
        ReceiptInvalid: a receipt cannot be read.
        StorageError: fewer storages than required hold the project now.
        Interrupted: a stop was requested.
    """
    source = held.storages[wanted.source]
    record = _record(run, source, plan.id)
    combined = _deleted_record(held, plan.id)
    if combined is not None and not record.is_deleted:
        record = run.update_receipt(source, plan.id, lambda receipt: _with_deleted(receipt, combined))
    record = replace(record, others=())
    failures: list[tuple[int, MhsyncError]] = []
    for number in wanted.targets:
        try:
            _copy_to(run, held, number, wanted.source, record, remark)
        except Interrupted:
            raise
        except MhsyncError as error:
            failures.append((number, error))
    if failures and len(held.storages) - len(failures) < held.required:
        raise failures[0][1]
    for number, failure in failures:
        text = f"not stored in {held.names[number]}: {failure.message}"
        remark(plan.id, text)
        run.observer(Warned(f"{plan.id}: {text}"))


def _record(run: RunContext, source: Storage, id: str) -> Receipt:
    kept = read_receipt(source, id, limit=run.settings.run.receipt_max)
    if kept is None:
        raise ReceiptInvalid(f"the receipt of {id} is gone since the plan was made", id=id)
    return kept.for_api(run.api)


def _deleted_record(held: HeldStorages, id: str) -> Receipt | None:
    """A receipt that records the delete of the project, if a storage has one."""
    receipts = (inventory.receipt(id) for inventory in held.inventories)
    return next((receipt for receipt in receipts if receipt is not None and receipt.is_deleted), None)


def _with_deleted(receipt: Receipt, other: Receipt) -> Receipt:
    if receipt.is_deleted:
        return receipt
    return replace(
        receipt,
        deletion=Deletion.DELETED,
        deleting_at=receipt.deleting_at or other.deleting_at,
        deleted_at=other.deleted_at,
    )


def _copy_to(
    run: RunContext, held: HeldStorages, number: int, source: int, record: Receipt, remark: Remark
) -> None:
    target = Target(held.storages[number], held.inventories[number].files, held.owners[number])
    done = ProjectCopied()
    copy_record(run, held.storages[source], target, record, remark, done)
    if not done.damaged:
        return
    damaged = frozenset(done.damaged_sources)
    run.update_receipt(held.storages[source], record.id, lambda receipt: receipt.with_suspects(damaged))
    output, reason = done.damaged[0]
    raise CopyNotProved(
        f"{output.path} was not copied from {held.names[source]}: {reason}",
        hint="apply again: the next run copies it from another storage, or downloads it again",
        id=record.id,
    )
