"""Leftovers: files of a project that its outputs no longer need, and what is done about them.

A receipt names each of them: as `superseded` (the old path of a move), or in `storing` (what a run was about to
publish when it ended). One is removed only where the outputs are whole, its bytes are those that the receipt
notes, and no other receipt names it. One whose bytes differ stays, and is named in `set_aside`.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace

from mhsync.core.receipt import FileRecord, Receipt
from mhsync.core.template import path_key
from mhsync.errors import CopyNotProved, ReceiptInvalid
from mhsync.reconcile.checksum import Fingerprint, read_back
from mhsync.reconcile.context import Remark, StorageContext
from mhsync.reconcile.ownership import Owners
from mhsync.storage.base import Storage
from mhsync.storage.receipts import read_receipt

Change = Callable[[Receipt], Receipt]


def update(run: StorageContext, storage: Storage, owners: Owners, id: str, change: Change) -> Receipt:
    """Change the receipt of a project for this run's API, and record in `owners` the paths that it names now.

    Raises:
        StorageError, ReceiptInvalid: it could not be read or written.
    """
    receipt = run.update_receipt(storage, id, change)
    owners.record(receipt)
    return receipt


def with_set_aside(receipt: Receipt, *records: FileRecord | None) -> Receipt:
    """The receipt with these files named in `set_aside`, each path once."""
    new = {record.path: record for record in records if record is not None}
    kept = tuple(record for record in receipt.set_aside if record.path not in new)
    return replace(receipt, set_aside=(*kept, *new.values()))


class Leftovers:
    """What former runs left of the projects of one storage.

    Args:
        remark: called with the id and one line for people.
    """

    def __init__(self, run: StorageContext, storage: Storage, owners: Owners, remark: Remark) -> None:
        self._run = run
        self._storage = storage
        self._owners = owners
        self._remark = remark

    def receipt(self, id: str) -> Receipt:
        """The record of this run's API.

        Raises:
            ReceiptInvalid: it cannot be understood, or is not there.
            StorageError: it cannot be read.
        """
        kept = read_receipt(self._storage, id, limit=self._run.settings.run.receipt_max)
        if kept is None:
            raise ReceiptInvalid(f"the receipt of {id} is gone since the plan was made", id=id)
        return kept.for_api(self._run.api)

    def end(self, id: str) -> None:
        """Clear all leftovers of one project.

        Raises:
            CopyNotProved: an output is not whole: nothing was removed, and the output is marked suspect.
            StorageError, ReceiptInvalid: a file or the receipt could not be read or written.
        """
        receipt = self.receipt(id)
        superseded = [FileRecord(o.superseded, o.size, o.sha256) for o in receipt.outputs if o.superseded]
        if not superseded and not receipt.storing:
            return
        self._require_whole(receipt)
        kept = [self.drop(receipt, record) for record in (*superseded, *receipt.storing)]

        def ended(current: Receipt) -> Receipt:
            outputs = tuple(replace(output, superseded=None) for output in current.outputs)
            return with_set_aside(replace(current, outputs=outputs, storing=()), *kept)

        self.update(id, ended)

    def drop(self, receipt: Receipt, record: FileRecord) -> FileRecord | None:
        """Remove one leftover, and the folders that it leaves empty.

        Returns:
            The file as it is, where it stays because its bytes are others than noted.
        """
        if self._is_in_use(receipt, record.path) or self._owners.is_shared(record.path, receipt):
            return None
        found = self._read(record.path)
        if found is None or found.is_of(record):
            # Also where the file is gone: a run that ended right then left its folders.
            self._storage.remove(record.path)
            return None
        self._remark(receipt.id, f"{record.path} was changed after it was stored, so it was not removed")
        return FileRecord(record.path, found.size, found.sha256)

    def park(self, id: str, record: FileRecord, parked: str) -> None:
        """Give a file that `storing` names another path, where it is as noted and no other receipt names it.

        Where the file is missing, its record is removed from the receipt.

        Raises:
            StorageError, ReceiptInvalid: a file or the receipt could not be read or written.
        """

        def without(receipt: Receipt) -> Receipt:
            return replace(receipt, storing=tuple(one for one in receipt.storing if one != record))

        found = self._read(record.path)
        if found is None:
            self._storage.remove(record.path)  # clears empty folders
            self.update(id, without)
        if found is None or not found.is_of(record) or self._owners.is_shared(record.path, self.receipt(id)):
            return
        copy = replace(record, path=parked)
        receipt = self.update(id, lambda current: replace(current, storing=(*current.storing, copy)))
        with self._storage.open(record.path) as reader, self._storage.write(parked) as writer:
            shutil.copyfileobj(reader, writer, self._run.settings.download.chunk)
        found = self._read(parked)
        if found is not None and found.is_of(copy) and self.drop(receipt, record) is None:
            self.update(id, without)

    def update(self, id: str, change: Change) -> Receipt:
        """Change the receipt, and record the paths that it names."""
        return update(self._run, self._storage, self._owners, id, change)

    def _require_whole(self, receipt: Receipt) -> None:
        wrong = [o.path for o in receipt.outputs if (found := self._read(o.path)) is None or not found.is_of(o)]
        if not wrong:
            return
        self.update(receipt.id, lambda current: current.with_suspects(frozenset(wrong)))
        raise CopyNotProved(
            f"{', '.join(wrong)} does not match its receipt, so what former runs left of {receipt.id} was kept",
            hint="apply again: the next run downloads it again",
            id=receipt.id,
        )

    def _is_in_use(self, receipt: Receipt, path: str) -> bool:
        """Whether the path is that of an output or a kept file, also where it is only written in another case."""
        in_use = {o.path for o in receipt.outputs} | {record.path for record in receipt.set_aside}
        alike = {other for other in in_use if path_key(other) == path_key(path)}
        if path in alike or not alike:
            return bool(alike)
        # Two names that differ in case are two files only where the storage lists both.
        return not all(any(info.path == one for info in self._storage.list(one)) for one in {path, *alike})

    def _read(self, path: str) -> Fingerprint | None:
        return read_back(self._storage, path, chunk=self._run.settings.download.chunk, stop=self._run.stop)
