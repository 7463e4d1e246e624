"""Publisher: checks the path of an output and records it in the receipt before the output becomes visible.

Right before an output becomes visible, the receipt names it in `storing`: if the run is killed
after that, the next one knows whose file it is. A file of this project whose bytes were changed from outside is
copied to another name first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import count

from mhsync.core.paths import aside_path
from mhsync.core.receipt import FileRecord, Receipt, StoredOutput
from mhsync.core.template import path_key
from mhsync.errors import CopyNotProved, PathOccupied, StorageError
from mhsync.reconcile.checksum import Fingerprint, read_back
from mhsync.reconcile.context import Remark, StorageContext
from mhsync.reconcile.leftovers import Leftovers, with_set_aside
from mhsync.reconcile.ownership import Owners, paths_by_api
from mhsync.storage.base import Storage
from mhsync.storage.receipts import WrittenReceipt, read_receipt


class Publisher:
    """Publishes the outputs of one project, one after another.

    Args:
        planned: all paths that the outputs are to have.
        remark: called with the id and one line for people.
    """

    def __init__(
        self,
        run: StorageContext,
        storage: Storage,
        owners: Owners,
        id: str,
        planned: Iterable[str],
        remark: Remark,
    ) -> None:
        self._run = run
        self._storage = storage
        self._owners = owners
        self._id = id
        self._planned = {path_key(path) for path in planned}
        self._remark = remark
        self._known: Receipt | None = None
        self._written: WrittenReceipt | None = None

    @property
    def _receipt(self) -> Receipt:
        """The receipt as it was read or written last.

        Each change reads it again, so it is not read earlier where no file has the path: one request less for each
        project.
        """
        if self._known is None:
            kept = read_receipt(self._storage, self._id, limit=self._run.settings.run.receipt_max)
            self._known = (kept or Receipt.start(self._id, self._run.api)).for_api(self._run.api)
        return self._known

    def adopt(self, output: StoredOutput) -> bool:
        """Whether the very bytes of an output are under its path; they are flushed to disk.

        Raises:
            PathOccupied: a file of another project, or an untracked one, is there.
            StorageError, ReceiptInvalid, Interrupted: the storage or the receipt failed.
        """
        return self._adopt(output, self._find(output))

    def _adopt(self, output: StoredOutput, found: Fingerprint | None) -> bool:
        is_there = found is not None and found.is_of(output)
        if is_there:
            self._storage.flush(output.path)
        return is_there

    def make_way(self, output: StoredOutput) -> bool:
        """Prepare the storage and the receipt for an output that is about to become visible.

        Returns:
            Whether it is to be written; False where its very bytes are there, and are flushed to disk.

        Raises:
            PathOccupied: a file of another project, or an untracked one, is there.
            CopyNotProved: a changed file could not be set aside; it is as it was.
            StorageError, ReceiptInvalid, Interrupted: the storage or the receipt failed.
        """
        found = self._find(output)
        if self._adopt(output, found):
            return False
        changed = None
        if found is not None and not any(found.is_of(record) for record in self._records_of(output.path)):
            changed = self._aside(output.path, found)
        self._note(output, found, changed)
        if changed is not None:
            self._set_aside(output.path, changed)
        return True

    def conclude(self, outputs: tuple[StoredOutput, ...], change: Callable[[Receipt], Receipt]) -> Receipt:
        """Write the receipt of all outputs, which are visible now, and clear what they no longer need.

        Args:
            outputs: what the receipt is to have.
            change: gives the receipt its outputs.

        Raises:
            StorageError, ReceiptInvalid, Interrupted: the storage or the receipt failed.
        """
        self._known = self._update(lambda receipt: change(_with_leftovers(receipt, outputs, self._storage)))
        if self._known.storing:
            leftovers = Leftovers(self._run, self._storage, self._owners, self._remark)
            leftovers.end(self._id)
            self._known = leftovers.receipt(self._id)
        return self._known

    def _find(self, output: StoredOutput) -> Fingerprint | None:
        """The file under the path, where this project may replace it; None where there is none."""
        path = output.path
        there = self._storage.stat(path)
        if there is None:
            return None
        is_ours = bool(self._records_of(path))
        found = self._read(path) if is_ours or there.size == output.size else None
        is_same = found is not None and found.is_of(output)
        other = self._owners.other(path, self._id) if (is_ours or is_same) else None
        if (is_ours and (is_same or not self._owners.is_shared(path, self._receipt))) or (is_same and not other):
            return found
        if is_ours or other:
            raise PathOccupied(
                f"{other or 'the record of another API'} names {path} too, so the file is not replaced",
                hint="give the project another path in the manifest, or correct the receipts under "
                ".mhsync/receipts/",
                id=self._id,
            )
        named = paths_by_api(self._receipt).items()
        api = next((api for api, paths in named if api != self._receipt.api and path in paths), None)
        if api is not None:
            raise PathOccupied(
                f"the file at {path} was stored from another API ({api}), and its bytes differ",
                hint="use a storage of its own for each API, or check --api-url and MHSYNC_API_URL",
                id=self._id,
            )
        raise PathOccupied(
            f"a file that no receipt of {self._id} names is at {path}, and its bytes differ",
            hint="move it away or give the project another path in the manifest; mhsync never overwrites files "
            "that it did not write",
            id=self._id,
        )

    def _records_of(self, path: str) -> list[FileRecord]:
        """The records of the path in the receipt of this project."""
        outputs = [FileRecord.of(output) for output in self._receipt.outputs]
        return [record for record in (*outputs, *self._receipt.storing) if record.path == path]

    def _aside(self, path: str, found: Fingerprint) -> FileRecord:
        """Where the changed file is to be kept: where an earlier run began to, or under the next free name."""
        for record in self._receipt.set_aside:
            if found.is_of(record) and self._read(record.path) in (None, found):
                return record
        for number in count(1):
            kept = aside_path(path, number)
            if path_key(kept) not in self._planned and self._is_free(kept):
                return FileRecord(kept, found.size, found.sha256)
        raise AssertionError("there is no last number")

    def _is_free(self, path: str) -> bool:
        try:
            stands = self._storage.stat(path) is not None or any(True for _ in self._storage.list(path))
        except StorageError:
            return False
        return not stands and not self._owners.is_named(path)

    def _note(self, output: StoredOutput, found: Fingerprint | None, changed: FileRecord | None) -> None:
        new = FileRecord.of(output)

        def noted(receipt: Receipt) -> Receipt:
            # Of the earlier records of this path only that of the present file can still be needed.
            kept = tuple(
                r for r in receipt.storing if r.path != new.path or (found is not None and found.is_of(r))
            )
            return with_set_aside(replace(receipt, storing=(*(r for r in kept if r != new), new)), changed)

        self._known = self._update(noted)

    def _set_aside(self, path: str, changed: FileRecord) -> None:
        """Copy the changed file to its new name, and read it back; the receipt names it there already."""
        if self._read(changed.path) is None:
            digest, size, chunk = hashlib.sha256(), 0, self._run.settings.download.chunk
            with self._storage.open(path) as reader, self._storage.write(changed.path) as writer:
                while data := reader.read(chunk):
                    writer.write(data)
                    digest.update(data)
                    size += len(data)
                if (size, digest.hexdigest()) != (changed.size, changed.sha256):
                    raise self._not_set_aside(path)
        found = self._read(changed.path)
        if found is None or not found.is_of(changed):
            raise self._not_set_aside(path)
        self._remark(self._id, f"{path} was changed after it was stored: kept as {changed.path}")

    def _not_set_aside(self, path: str) -> CopyNotProved:
        return CopyNotProved(
            f"{path} was changed after it was stored, and no whole copy of it could be made: it stays as it is",
            hint="see what else writes to this file, then apply again",
            id=self._id,
        )

    def _read(self, path: str) -> Fingerprint | None:
        return read_back(self._storage, path, chunk=self._run.settings.download.chunk, stop=self._run.stop)

    def _update(self, change: Callable[[Receipt], Receipt]) -> Receipt:
        receipt = self._run.update_receipt(
            self._storage, self._id, change, known=self._written, on_written=self._note_written
        )
        self._owners.record(receipt)
        return receipt

    def _note_written(self, receipt: Receipt, version: str | None) -> None:
        self._written = WrittenReceipt(receipt, version)


def _with_leftovers(receipt: Receipt, outputs: tuple[StoredOutput, ...], storage: Storage) -> Receipt:
    """The receipt with the files under former paths named in it.

    What holds the same bytes as one of the outputs is to be removed; older versions are kept.
    """
    now = {output.path for output in outputs}
    bytes_now = {(output.size, output.sha256) for output in outputs}
    former = [FileRecord.of(o) for o in receipt.outputs]
    former += [FileRecord(o.superseded, o.size, o.sha256) for o in receipt.outputs if o.superseded is not None]
    former = [record for record in dict.fromkeys(former) if record.path not in now]
    removable = [record for record in former if (record.size, record.sha256) in bytes_now]
    storing = dict.fromkeys((*(record for record in receipt.storing if record.path not in now), *removable))
    kept = [record for record in former if record not in removable]
    receipt = with_set_aside(replace(receipt, storing=tuple(storing)), *kept)
    still = tuple(r for r in receipt.set_aside if r.path not in now and storage.stat(r.path) is not None)
    return replace(receipt, set_aside=still)
