"""The action `delete`: prove the copy where one is kept, note `deleting`, DELETE, note `deleted`.

Called by `apply` alone, and the only place in a sync that sends a DELETE.
"""

from __future__ import annotations

from mhsync.core.details import Gone, Live, Unreadable, details_of
from mhsync.core.manifest import State
from mhsync.core.plan import ProjectPlan
from mhsync.core.project import Status
from mhsync.core.receipt import Deletion, Proof, Receipt
from mhsync.errors import CopyNotProved, OutputsChanged, ProjectNotFound
from mhsync.reconcile.reading import read_back
from mhsync.reconcile.run import Run
from mhsync.storage.base import Storage
from mhsync.storage.receipts import read_receipt, update_receipt


def delete(run: Run, storage: Storage, plan: ProjectPlan) -> bool:
    """Delete one project from the account; whether it was there to be deleted.

    Raises:
        CopyNotProved: the copy of an `archived` project does not match its receipt.
        OutputsChanged: a fresh `GET` of an `archived` project shows other outputs, or none.
        ApiError: the DELETE failed; the receipt says `deleting`, and the next run finds out.
        StorageError, ReceiptInvalid: the receipt could not be read or written: no DELETE was sent.
    """
    if plan.desired is State.ARCHIVED:
        receipt = _proved(run, storage, plan)
        if not _still_offers(run, plan, receipt):
            return False
    elif plan.desired is not State.DELETED:
        raise AssertionError(f"{plan.id} is desired {plan.desired}: there is nothing to delete")
    note_deletion(run, storage, plan.id, Deletion.DELETING)
    was_there = run.client.delete(plan.id)
    note_deletion(run, storage, plan.id, Deletion.DELETED)
    return was_there


def note_deletion(run: Run, storage: Storage, id: str, deletion: Deletion) -> Receipt:
    """Write one step of a delete into the project's receipt, with the time."""
    return update_receipt(
        storage,
        id,
        run.client.origin,
        lambda receipt: receipt.with_deletion(deletion, run.now()),
        limit=run.settings.run.receipt_max,
    )


def _proved(run: Run, storage: Storage, plan: ProjectPlan) -> Receipt:
    """The receipt, once every byte that it names was read back and matched."""
    kept = read_receipt(storage, plan.id, limit=run.settings.run.receipt_max)
    receipt = None if kept is None else kept.for_api(run.client.origin)
    if receipt is None or not receipt.outputs:
        raise CopyNotProved(f"no receipt proves a copy of {plan.id}: it is not deleted", id=plan.id)
    unconfirmed = [output.path for output in receipt.outputs if output.proof is Proof.UNCONFIRMED]
    if unconfirmed:
        raise CopyNotProved(
            f"nothing proves that {', '.join(unconfirmed)} is whole (no length was told): {plan.id} lives on",
            hint="listen to the file; once you trust it, write 'deleted' instead of 'archived'",
            id=plan.id,
        )
    wrong = []
    for output in receipt.outputs:
        found = read_back(storage, output.path, chunk=run.settings.download.chunk, stop=run.stop)
        if output.suspect or found is None or not found.is_of(output):
            wrong.append(output.path)
    if wrong:
        update_receipt(
            storage,
            plan.id,
            run.client.origin,
            lambda current: current.with_suspects(frozenset(wrong)),
            limit=run.settings.run.receipt_max,
        )
        raise CopyNotProved(
            f"the stored copy does not match its receipt: {', '.join(wrong)}; {plan.id} is not deleted",
            hint="apply again: the next run downloads it anew",
            id=plan.id,
        )
    return receipt


def _still_offers(run: Run, plan: ProjectPlan, receipt: Receipt) -> bool:
    """Whether a fresh `GET` shows the very outputs that are stored; False where the project is gone already."""
    try:
        details = details_of(run.client.get(plan.id))
    except ProjectNotFound:
        return False
    match details:
        case Gone():
            return False
        case Live(project) if project.status is Status.COMPLETE and project.sources == receipt.sources:
            return True
        case Live(project):
            what = (
                "other outputs than those stored" if project.downloads else f"no outputs ({project.status_text})"
            )
        case Unreadable(message=message):
            what = message
    raise OutputsChanged(
        f"the API now shows {what}: {plan.id} is not deleted",
        hint="apply again: the next run plans with what the API shows now",
        id=plan.id,
    )
