"""gc: list what nothing needs in the storages of a manifest, and remove it on request. Asks nothing of the API.

Only what a receipt proves to be superseded is removed, once its outputs were read back, and parked copies that no
receipt names. A receipt that cannot be read counts as naming every file of its storage.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace

from mhsync.core.copying import records_of
from mhsync.core.manifest import Manifest
from mhsync.core.receipt import Receipt
from mhsync.core.unused import (
    Reason,
    UnusedFile,
    UnusedOutcome,
    UnusedReport,
    find_unused,
    leftovers_of,
)
from mhsync.dataclass import dataclass
from mhsync.errors import MhsyncError
from mhsync.hooks.manager import Hooks
from mhsync.reconcile.context import Stop, attempt
from mhsync.reconcile.copy_project import CopyContext
from mhsync.reconcile.leftovers import Leftovers
from mhsync.reconcile.ownership import Owners
from mhsync.reconcile.parallel import map_unordered
from mhsync.reconcile.progress import Observer, StorageLocked, ignore_progress
from mhsync.reconcile.storages import opened
from mhsync.settings import Settings
from mhsync.storage.base import Storage
from mhsync.storage.receipts import id_of, read_receipt


def collect_garbage(
    manifest: Manifest,
    *,
    remove: bool = False,
    hooks: Hooks | None = None,
    settings: Settings = Settings(),  # noqa: B008 - frozen
    stop: Stop | None = None,
    observer: Observer = ignore_progress,
    clock: Callable[[], float] = time.monotonic,
) -> UnusedReport:
    """List the files that are no output of a receipt, and remove those that are proved to be unused.

    Args:
        manifest: its storages are looked at, as a whole.
        remove: whether to remove; otherwise nothing is written.
        hooks: the plugins; None loads all installed ones.
        settings: bounds.
        stop: the request to stop.
        observer: called with each progress event.
        clock: a monotonic clock in seconds, for the wait for locks.

    Raises:
        LockTimeout: with `remove`, another run holds a storage.
        StorageUnavailable, StorageError: a storage cannot be opened or listed.
        PluginError: a plugin is broken.
    """
    hooks = Hooks.load() if hooks is None else hooks
    hooks.require_loaded()
    stop = Stop() if stop is None else stop
    files: list[UnusedFile] = []
    problems: list[str] = []
    with opened(hooks, manifest) as storages:
        waiting = (settings.run.lock_timeout, lambda holder: observer(StorageLocked(holder)), stop, clock)
        with storages.locked(*waiting) if remove else nullcontext():
            for location, storage in storages.by_location.items():
                one = _Collection(storage, location.partition(" ")[0], settings, stop, problems)
                found = one.find()
                files += one.remove(found) if remove and not stop() else found
    return UnusedReport(tuple(files), tuple(problems), is_interrupted=stop())


@dataclass(frozen=True, slots=True)
class _Collection:
    storage: Storage
    name: str
    settings: Settings
    stop: Stop
    problems: list[str]

    def find(self) -> list[UnusedFile]:
        """What is listed, with what would be removed. Receipts that cannot be read keep everything."""
        files = {info.path: info.size for info in self.storage.list("")}
        records, is_complete = self._records(files)
        found = list(find_unused(self.name, files, records))
        if is_complete:
            return found
        why = "a receipt cannot be read, and may name it"
        return [replace(f, outcome=UnusedOutcome.KEPT, message=f.message or why) for f in found]

    def _records(self, files: dict[str, int]) -> tuple[list[Receipt], bool]:
        ids = [id_ for path in files if (id_ := id_of(path)) is not None]

        def read(id_: str) -> list[Receipt] | MhsyncError:
            return attempt(id_, lambda: self._read(id_))

        records: list[Receipt] = []
        is_complete = True
        workers = self.settings.run.transfers
        for _, one in map_unordered(ids, read, workers=workers, go_on=lambda: not self.stop()):
            if isinstance(one, MhsyncError):
                self.problems.append(one.message)
                is_complete = False
            else:
                records += one
        return records, is_complete and not self.stop()

    def _read(self, id: str) -> list[Receipt]:
        receipt = read_receipt(self.storage, id, limit=self.settings.run.receipt_max)
        return [] if receipt is None else list(records_of(receipt))

    def remove(self, found: list[UnusedFile]) -> list[UnusedFile]:
        """Remove what is unused; the files with their new outcomes."""
        owners = Owners(self.storage, self.settings.run)
        notes: dict[str, str] = {}
        for id_ in sorted({f.id for f in found if f.outcome is UnusedOutcome.UNUSED and f.id is not None}):
            if self.stop():
                break
            error = attempt(id_, lambda id_=id_: self._end(owners, id_))  # type: ignore[misc]
            if isinstance(error, MhsyncError):
                self.problems.append(error.message)
                notes[id_] = error.message
        return [self._removed(owners, file, notes) for file in found]

    def _end(self, owners: Owners, id: str) -> None:
        """Remove the leftovers of a project, once its outputs were read back; each record on its own."""
        for record in self._read(id):
            if leftovers_of(record):
                run = CopyContext(record.api, self.settings, self.stop)
                Leftovers(run, self.storage, owners, lambda *_: None).end(id)

    def _removed(self, owners: Owners, file: UnusedFile, notes: dict[str, str]) -> UnusedFile:
        if file.outcome is not UnusedOutcome.UNUSED:
            return file
        if file.reason is Reason.PARKED and not self.stop():
            error = attempt(file.path, lambda: self._remove_parked(owners, file.path))
            if isinstance(error, MhsyncError):
                self.problems.append(error.message)
        if self.storage.stat(file.path) is None:
            return replace(file, outcome=UnusedOutcome.REMOVED)
        why = notes.get(file.id or "") or "its bytes are not those of the receipt, or another receipt names it"
        return replace(file, outcome=UnusedOutcome.KEPT, message=why)

    def _remove_parked(self, owners: Owners, path: str) -> None:
        if not owners.is_named(path):
            self.storage.remove(path)
