"""copy_project: copy what one project has stored from one storage to another, and merge its receipt last.

An output is streamed, and becomes visible only if its bytes are those of the receipt. It is then read back from
the target. The receipt of the target names each file before it is visible, as in a download, so that a kill leaves
no file that nothing names. Nothing is changed in the source.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import field
from functools import partial

from mhsync.api.transfer_events import TransferEnded, TransferProgressed
from mhsync.core.copying import OutputCopy, RecordCopy, plan_record, records_of
from mhsync.core.receipt import Receipt, StoredOutput
from mhsync.dataclass import dataclass
from mhsync.errors import CopyNotProved, Interrupted, PathOccupied, StorageNotFound
from mhsync.reconcile.checksum import read_back
from mhsync.reconcile.context import Remark, Stop, StorageContext
from mhsync.reconcile.index_writer import Indexes
from mhsync.reconcile.leftovers import update
from mhsync.reconcile.ownership import Owners
from mhsync.reconcile.progress import Observer, ignore_progress
from mhsync.reconcile.publish import Publisher
from mhsync.settings import Settings
from mhsync.storage.base import Storage
from mhsync.storage.receipts import (
    OnWritten,
    WrittenReceipt,
    ignore_written,
    read_receipt,
    update_receipt,
)

_REPORTED = 32 * 1024 * 1024
"""Bytes between two reports of progress."""


@dataclass(frozen=True, slots=True)
class CopyContext:
    """A `StorageContext` and `InventoryContext` without a client, for the records of one API."""

    api: str
    settings: Settings
    stop: Stop
    observer: Observer = ignore_progress
    indexes: Indexes | None = None
    uses_index: bool = True
    refresh: bool = False

    def update_receipt(
        self,
        storage: Storage,
        id: str,
        change: Callable[[Receipt], Receipt],
        *,
        known: WrittenReceipt | None = None,
        on_written: OnWritten = ignore_written,
    ) -> Receipt:
        limit = self.settings.run.receipt_max
        return update_receipt(storage, id, self.api, change, limit=limit, on_written=on_written, known=known)


@dataclass(frozen=True, slots=True)
class Target:
    """The storage that projects are copied to. Its lock is held.

    Args:
        files: its listing: size in bytes by path.
        owners: which of its receipts name a path; shared by all projects of a run.
    """

    storage: Storage
    files: Mapping[str, int]
    owners: Owners


@dataclass(slots=True)
class ProjectCopied:
    """What was done for one project. Paths are those of the target."""

    written: list[StoredOutput] = field(default_factory=list)
    """Outputs that were copied, or whose bytes were there and are now in the receipt."""
    in_place: list[StoredOutput] = field(default_factory=list)
    damaged: list[tuple[StoredOutput, str]] = field(default_factory=list)
    """Outputs that were not copied, each with the reason: the bytes of the source are not those of its receipt."""
    damaged_sources: set[str] = field(default_factory=set)
    """The paths of the damaged outputs in the source."""
    is_receipt_changed: bool = False

    @property
    def is_unchanged(self) -> bool:
        return not (self.written or self.damaged or self.is_receipt_changed)


def copy_project(
    run: StorageContext, source: Storage, target: Target, receipt: Receipt, remark: Remark
) -> ProjectCopied:
    """Copy the outputs of all records of a receipt, and merge the records into the receipt of the target.

    Args:
        run: its `api` may be any. Records of other APIs are copied too.
        source: where the receipt was read; it is not changed.
        receipt: the receipt in the source.
        remark: called with the id and one line for people.

    Raises:
        PathOccupied: a path in the target has other bytes, or another receipt names it.
        CopyNotProved: the target does not return the bytes that were written.
        ReceiptInvalid: a receipt cannot be read; that of the target stays as it is.
        StorageError: a storage failed.
        Interrupted: a stop was requested.
    """
    done = ProjectCopied()
    for record in records_of(receipt):
        here = run if record.api == run.api else CopyContext(record.api, run.settings, run.stop, run.observer)
        copy_record(here, source, target, record, remark, done)
    return done


def copy_record(
    run: StorageContext,
    source: Storage,
    target: Target,
    record: Receipt,
    remark: Remark,
    done: ProjectCopied,
) -> None:
    """Copy the outputs of the record of one API, which is that of `run`, and merge it; see `copy_project`.

    Args:
        done: takes what was done.
    """
    kept = read_receipt(target.storage, record.id, limit=run.settings.run.receipt_max)
    before = (kept or Receipt.start(record.id, run.api)).for_api(run.api)
    plan = plan_record(record, None if kept is None else before, target.files)
    paths = [output.path for output in plan.outputs]
    publisher = Publisher(run, target.storage, target.owners, record.id, paths, remark)
    copier = _Copier(run, source, target, publisher, record.id)
    damaged: set[str] = set()
    for copy in plan.copies:
        if copy.is_in_place:
            done.in_place.append(copy.output)
            continue
        try:
            copier.copy(copy)
        except _DamagedError as error:
            damaged.add(copy.output.path)
            done.damaged.append((copy.output, str(error)))
            done.damaged_sources.add(copy.source)
        else:
            done.written.append(copy.output)
    change = partial(_merged, plan, frozenset(damaged))
    is_incomplete = plan.replaces and bool(damaged) and bool(before.outputs)
    if is_incomplete or all(copy.is_in_place for copy in plan.copies):
        if change(before) != before:
            update(run, target.storage, target.owners, record.id, change)
            done.is_receipt_changed = True
    else:
        publisher.conclude(change(before).outputs, change)


def _merged(plan: RecordCopy, damaged: frozenset[str], receipt: Receipt) -> Receipt:
    return plan.merged(receipt, damaged)


class _DamagedError(Exception):
    """The source does not have the bytes that its receipt names. The text follows the path in a message."""


class _SameBytesError(Exception):
    """The target has the bytes under the path: nothing is to be written."""


@dataclass(frozen=True, slots=True)
class _Copier:
    """Copies single outputs of one project."""

    run: StorageContext
    source: Storage
    target: Target
    publisher: Publisher
    id: str

    def copy(self, copy: OutputCopy) -> None:
        """Bring one output into the target, whole and proved."""
        output = copy.output
        owner = self.target.owners.other(output.path, self.id)
        if owner is not None:
            raise PathOccupied(
                f"{owner} names {output.path} in the target too, so nothing was written there",
                hint="give one of the projects another path in its manifest, apply it, and copy again",
                id=self.id,
            )
        if output.path in self.target.files and self.publisher.adopt(output):
            return
        try:
            self._stream(copy)
        except BaseException:
            self.run.observer(TransferEnded(self.id, output.path, None))
            raise
        self.run.observer(TransferEnded(self.id, output.path, output.size))
        self._require_whole(output)

    def _stream(self, copy: OutputCopy) -> None:
        output = copy.output
        try:
            reader = self.source.open(copy.source)
        except StorageNotFound:
            raise _DamagedError("the file is missing in the source") from None
        with reader, suppress(_SameBytesError), self.target.storage.write(output.path) as writer:
            digest, size, reported = hashlib.sha256(), 0, 0
            while data := reader.read(self.run.settings.download.chunk):
                if self.run.stop():
                    raise Interrupted(f"interrupted while {output.path} was copied", id=self.id)
                size += len(data)
                if size > output.size:
                    break
                digest.update(data)
                writer.write(data)
                if size - reported >= _REPORTED or not reported:
                    reported = size
                    self.run.observer(TransferProgressed(self.id, output.path, size, output.size))
            if size != output.size:
                raise _DamagedError(f"it does not have the {output.size} bytes of its receipt in the source")
            if digest.hexdigest() != output.sha256:
                raise _DamagedError("its bytes in the source do not match its receipt")
            if not self.publisher.make_way(output):
                raise _SameBytesError

    def _require_whole(self, output: StoredOutput) -> None:
        found = read_back(
            self.target.storage, output.path, chunk=self.run.settings.download.chunk, stop=self.run.stop
        )
        if found is not None and found.is_of(output):
            return
        self.target.storage.remove(output.path)
        raise CopyNotProved(
            f"{output.path} was written, and the target returns other bytes",
            hint="look at the target with `mhsync verify`, then copy again",
            id=self.id,
        )
