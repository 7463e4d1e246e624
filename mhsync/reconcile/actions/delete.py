"""The action `delete`: prove the copy where one is kept, note `deleting`, DELETE, note `deleted`.

Called only by `apply`. No other place in a sync sends a DELETE.
"""

from __future__ import annotations

from collections.abc import Mapping

from mhsync.core.audio import Doubt, doubt_of
from mhsync.core.manifest import State
from mhsync.core.observed import Gone, Live, Unreadable, details_of
from mhsync.core.plan import ProjectPlan
from mhsync.core.project import Project, Status, are_same_sources
from mhsync.core.receipt import Deletion, Proof, Receipt
from mhsync.core.retention import Clock, differing_clocks, is_by_retention, is_due, retention_reason
from mhsync.errors import (
    CopyNotProved,
    Interrupted,
    MhsyncError,
    OutputsChanged,
    ProjectNotFound,
    RetentionNotDue,
)
from mhsync.reconcile.checksum import read_back
from mhsync.reconcile.context import RunContext
from mhsync.reconcile.progress import Warned
from mhsync.storage.base import Storage
from mhsync.storage.receipts import read_receipt

_DOUBTS = {
    Doubt.UNRECOGNISED: "is not recognised as audio",
    Doubt.TOO_SHORT: "is shorter than its own header says",
}


def delete(
    run: RunContext,
    storages: Mapping[str, Storage],
    plan: ProjectPlan,
    *,
    required: int = 1,
    audio_only: bool = True,
) -> bool:
    """Delete one project from the account; whether it was there to be deleted.

    The delete is recorded in every storage before the request is sent.

    Args:
        storages: those of its manifest file by their names, the primary one first. A damaged copy in one of them
            is a warning where enough others are whole.
        required: the number of them whose copy must be proved, for an `archived` project.
        audio_only: the policy: only a copy that is recognised as whole audio costs an `archived` original.

    Raises:
        CopyNotProved: the copy of an `archived` project does not match its receipt, or is no audio.
        OutputsChanged: a fresh `GET` of an `archived` project shows other outputs, or none.
        RetentionNotDue: by a fresh `GET` and the API's clock the retention of the project is not over.
        ApiError: the DELETE failed; the receipt says `deleting`, and the next run finds out.
        StorageError, ReceiptInvalid: the receipt could not be read or written: no DELETE was sent.
    """
    if plan.desired is State.ARCHIVED:
        receipt = _proved_in(run, storages, plan, required=required, audio_only=audio_only)
        if not _still_offers(run, plan, receipt):
            return False
    elif plan.desired is not State.DELETED:
        raise AssertionError(f"{plan.id} is desired {plan.desired}: there is nothing to delete")
    for storage in storages.values():
        note_deletion(run, storage, plan.id, Deletion.DELETING)
    was_there = run.client.delete(plan.id)
    for storage in storages.values():
        note_deletion(run, storage, plan.id, Deletion.DELETED)
    return was_there


def note_deletion(run: RunContext, storage: Storage, id: str, deletion: Deletion) -> Receipt:
    """Write one step of a delete into the project's receipt, with the time."""
    return run.update_receipt(storage, id, lambda receipt: receipt.with_deletion(deletion, run.now()))


def end_deleting(run: RunContext, storage: Storage, id: str) -> None:
    """Record a DELETE of an earlier run as ours, if the receipt itself still says `deleting`."""

    def ended(receipt: Receipt) -> Receipt:
        is_deleting = receipt.deletion is Deletion.DELETING
        return receipt.with_deletion(Deletion.DELETED, run.now()) if is_deleting else receipt

    run.update_receipt(storage, id, ended)


def _proved_in(
    run: RunContext, storages: Mapping[str, Storage], plan: ProjectPlan, *, required: int, audio_only: bool
) -> Receipt:
    """A receipt that was proved in as many storages as required. Every storage is read, so that damage is found.

    Raises:
        CopyNotProved: fewer storages than required hold these outputs whole.
        StorageError, ReceiptInvalid: as many could not be read.
    """
    proved: list[Receipt] = []
    seen: dict[tuple[int, int], str] = {}
    failures: dict[str, MhsyncError] = {}
    for name, storage in storages.items():
        try:
            receipt = _proved(run, storage, plan, audio_only=audio_only)
            if len(storages) > 1:
                _refuse_same_files(storage, name, receipt, seen)
            if proved and _contents(receipt) != _contents(proved[0]):
                raise CopyNotProved(
                    f"the storages hold different outputs of {plan.id}: it was not deleted",
                    hint="apply again: the next run makes them equal",
                    id=plan.id,
                )
        except Interrupted:
            raise
        except MhsyncError as error:
            failures[name] = error
        else:
            proved.append(receipt)
    if len(proved) < required:
        raise next(iter(failures.values()))
    for name, failure in failures.items():
        run.observer(Warned(f"{plan.id}: the copy in {name} is not whole: {failure.message}"))
    return proved[0]


def _refuse_same_files(storage: Storage, name: str, receipt: Receipt, seen: dict[tuple[int, int], str]) -> None:
    """Refuse a copy whose files are those of another storage: one file with several names is one copy.

    Args:
        seen: takes the name of the storage by device and inode of each file.

    Raises:
        CopyNotProved: a file is a hard link to one of another storage.
        StorageError: a file cannot be examined.
    """
    files = [(output.path, storage.local_file(output.path)) for output in receipt.outputs]
    for path, file in files:
        if file is None:
            continue
        try:
            stat = file.stat()
        except OSError as error:
            raise CopyNotProved(f"{path} in {name} cannot be examined: {error.strerror}", id=receipt.id) from None
        other = seen.setdefault((stat.st_dev, stat.st_ino), name)
        if other != name:
            raise CopyNotProved(
                f"{path} in {name} is the same file as in {other} (a hard link), so it is no second copy; "
                f"{receipt.id} was not deleted",
                hint="use folders that share no files; `mhsync pull --link` makes such links",
                id=receipt.id,
            )


def _contents(receipt: Receipt) -> list[tuple[str, int, str]]:
    return sorted((output.source, output.size, output.sha256) for output in receipt.outputs)


def _proved(run: RunContext, storage: Storage, plan: ProjectPlan, *, audio_only: bool) -> Receipt:
    """The receipt, once every byte that it names was read back and matched, and was seen to be audio."""
    kept = read_receipt(storage, plan.id, limit=run.settings.run.receipt_max)
    receipt = None if kept is None else kept.for_api(run.client.origin)
    if receipt is None or not receipt.outputs:
        raise CopyNotProved(f"no receipt proves a copy of {plan.id}: it was not deleted", id=plan.id)
    _refuse_unconfirmed(receipt)
    if receipt.indistinct_reason is not None:
        raise CopyNotProved(
            f"{receipt.indistinct_reason}; {plan.id} was not deleted",
            hint="compare the files; state 'downloaded' keeps both them and the original",
            id=plan.id,
        )
    wrong: list[str] = []
    doubts: dict[Doubt, list[str]] = {}
    for output in receipt.outputs:
        found = read_back(storage, output.path, chunk=run.settings.download.chunk, stop=run.stop)
        if output.suspect or found is None or not found.is_of(output):
            wrong.append(output.path)
        elif (doubt := doubt_of(found.head, found.size)) is not None:
            doubts.setdefault(doubt, []).append(output.path)
    texts = doubts.pop(Doubt.TEXT, [])
    if wrong or texts:
        _mark(run, storage, plan.id, [*wrong, *texts])
        what = "does not match its receipt" if wrong else "is a text, not audio"
        raise CopyNotProved(
            f"the stored copy {what}: {', '.join(wrong or texts)}; {plan.id} was not deleted",
            hint="apply again: the next run downloads it again",
            id=plan.id,
        )
    if audio_only:
        _refuse_doubtful(doubts, plan.id)
    return receipt


def _refuse_unconfirmed(receipt: Receipt) -> None:
    unconfirmed = [output.path for output in receipt.outputs if output.proof is Proof.UNCONFIRMED]
    if unconfirmed:
        raise CopyNotProved(
            f"cannot prove that {', '.join(unconfirmed)} is complete (the server sent no length); "
            f"{receipt.id} was not deleted",
            hint="to download it again, remove the stored file and apply; state 'downloaded' keeps the original",
            id=receipt.id,
        )


def _refuse_doubtful(doubts: Mapping[Doubt, list[str]], id: str) -> None:
    """Refuse to delete where a stored file may be something else than whole audio."""
    for doubt, what in _DOUBTS.items():
        if doubt in doubts:
            raise CopyNotProved(
                f"{', '.join(doubts[doubt])} {what}; {id} was not deleted",
                hint="look at the file; if it is what you want to keep, 'audio_only: false' in the manifest's "
                "policy accepts it as a copy",
                id=id,
            )


def _mark(run: RunContext, storage: Storage, id: str, paths: list[str]) -> None:
    """Mark outputs as suspect, so that the next run downloads them again."""
    run.update_receipt(storage, id, lambda current: current.with_suspects(frozenset(paths)))


def _still_offers(run: RunContext, plan: ProjectPlan, receipt: Receipt) -> bool:
    """Whether a fresh `GET` shows the very outputs that are stored; False where the project is gone already."""
    try:
        details = details_of(run.client.get(plan.id))
    except ProjectNotFound:
        return False
    match details:
        case Gone():
            return False
        case Live(project) if project.status is Status.COMPLETE and are_same_sources(
            project.sources, receipt.sources
        ):
            _require_due(run, plan, project)
            return True
        case Live(project):
            what = (
                "other outputs than those stored" if project.downloads else f"no outputs ({project.status_text})"
            )
        case Unreadable(problem):
            what = problem.text
    raise OutputsChanged(
        f"the API now shows {what}: {plan.id} is not deleted",
        hint="apply again: the next run plans with what the API shows now",
        id=plan.id,
    )


def _require_due(run: RunContext, plan: ProjectPlan, project: Project) -> None:
    """Refuse to delete by retention what the fresh details and the clocks do not show to be due now."""
    retain = plan.entry.retain
    if retain is None or not is_by_retention(plan.entry):
        return
    clock = Clock(run.now(), run.client.clock_skew, run.settings.run.clock_skew_max)
    if clock.is_wrong:
        what = differing_clocks(clock)
    elif not is_due(retain, project.created_at, clock.now):
        what = retention_reason(retain, project.created_at)
    else:
        return
    raise RetentionNotDue(
        f"{plan.id} was not deleted: {what}",
        hint="look at the clock of this machine; the next run judges the retention again",
        id=plan.id,
    )
