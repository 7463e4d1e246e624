"""copy: copy all that one storage has, outputs and receipts, to another one. Sends no request to the API.

The source is only read. The lock of the target is held, as in an apply. A copy that was interrupted is continued
by the next one: what the receipts of the target name as stored is not copied again.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import field

from mhsync.core.copy_report import CopiedOutput, CopiedProject, CopyOutcome, CopyReport
from mhsync.core.copying import plan_record, records_of
from mhsync.core.layout import RECEIPTS
from mhsync.core.manifest import Entry, Manifest, ManifestFile
from mhsync.core.receipt import Receipt
from mhsync.core.selection import select
from mhsync.core.template import path_key
from mhsync.dataclass import dataclass
from mhsync.errors import Interrupted, MhsyncError, PathOccupied, Problem, ReceiptInvalid, UsageError
from mhsync.hooks.manager import Hooks
from mhsync.reconcile.checksum import read_back
from mhsync.reconcile.context import Stop, attempt
from mhsync.reconcile.copy_project import CopyContext, Target, copy_project
from mhsync.reconcile.ownership import Owners
from mhsync.reconcile.parallel import map_unordered
from mhsync.reconcile.progress import Observer, StorageLocked, Warned, ignore_progress
from mhsync.reconcile.storage_place import StoragePlace, find_place
from mhsync.reconcile.storages import Storages, opened
from mhsync.settings import Settings
from mhsync.storage.base import Storage
from mhsync.storage.receipts import id_of, read_receipt

Place = str | os.PathLike[str] | Manifest
"""A URL, the path of a folder or of a manifest, or a loaded manifest."""


def copy_storage(
    source: Place,
    target: Place,
    *,
    hooks: Hooks | None = None,
    only: Collection[str] = (),
    check: bool = False,
    settings: Settings = Settings(),  # noqa: B008 - frozen
    stop: Stop | None = None,
    observer: Observer = ignore_progress,
    clock: Callable[[], float] = time.monotonic,
) -> CopyReport:
    """Copy the outputs and receipts of a storage to another one, or compare the two.

    Args:
        source: only read.
        target: where the copies are written.
        hooks: the plugins; None loads all installed ones.
        only: selectors as in `select`; empty means every project that has a receipt in the source.
        check: write nothing; read every output of the target and compare it with the receipt of the source.
        settings: bounds.
        stop: the request to stop.
        observer: called with each progress event.
        clock: a monotonic clock in seconds, for the wait for the lock.

    Raises:
        UsageError: both are the same storage, the source has no receipt, or a selector chooses none of them.
        ManifestError: a manifest has problems.
        LockTimeout: another run holds the target.
        StorageUnavailable, StorageError: a storage cannot be opened or listed.
        PluginError: a plugin is broken.
    """
    hooks = Hooks.load() if hooks is None else hooks
    hooks.require_loaded()
    stop = Stop() if stop is None else stop
    places = find_place(source, settings.manifest), find_place(target, settings.manifest)
    if places[0].location == places[1].location:
        raise UsageError(
            f"{places[0].name} and {places[1].name} are the same storage", hint="name two different storages"
        )
    with opened(hooks, places[0].manifest) as sources, opened(hooks, places[1].manifest) as targets:
        copying = _Copying(settings, stop, observer, *places, sources, targets)
        ids = copying.choose(only)
        if check:
            return copying.run(ids, _check_one, is_check=True)
        waiting = (settings.run.lock_timeout, lambda holder: observer(StorageLocked(holder)), stop, clock)
        with targets.locked(*waiting):
            return copying.run(ids, _copy_one, is_check=False)


@dataclass(slots=True)
class _Copying:
    settings: Settings
    stop: Stop
    observer: Observer
    source_place: StoragePlace
    target_place: StoragePlace
    sources: Storages
    targets: Storages
    claims: dict[str, str] = field(default_factory=dict)
    """By path key: the project that has the path in the source."""
    notes: dict[str, list[str]] = field(default_factory=dict)
    mutex: threading.Lock = field(default_factory=threading.Lock)

    @property
    def source(self) -> Storage:
        return self.sources.of(self.source_place.file)

    def choose(self, only: Collection[str]) -> list[str]:
        """The ids whose receipts the source has and that are selected, in order."""
        found = sorted({id_ for info in self.source.list(RECEIPTS) if (id_ := id_of(info.path)) is not None})
        if not found:
            raise UsageError(
                f"{self.source_place.name} has no receipt of mhsync, so there is nothing to copy",
                hint="look at the first argument: FROM is a storage that `mhsync apply` has written to",
            )
        if not only:
            return found
        known = self.source_place.entries
        file = ManifestFile("", "", "", entries=tuple(known.get(id_) or Entry(id_) for id_ in found))
        ids, unused = select(Manifest((file,)), only)
        if unused:
            raise UsageError(
                f"--only {unused[0]!r:.130}: {self.source_place.name} has no receipt of such a project",
                hint="give an id, or a pattern such as 'intro-*'",
            )
        return sorted(ids)

    def run(
        self, ids: list[str], work: Callable[[_Copying, Target, Receipt], CopiedProject], *, is_check: bool
    ) -> CopyReport:
        storage = self.targets.of(self.target_place.file)
        if not is_check:
            self._sweep(storage)
        files = {info.path: info.size for info in storage.list("")}
        target = Target(storage, files, Owners(storage, self.settings.run))
        done = dict(
            map_unordered(
                ids,
                lambda id_: self._one(target, id_, work),
                workers=self.settings.run.transfers,
                go_on=lambda: not self.stop(),
            )
        )
        projects = tuple(done.get(id_) or _not_attempted(id_) for id_ in ids)
        return CopyReport(
            self.source_place.name, self.target_place.name, projects, is_check, is_interrupted=self.stop()
        )

    def _sweep(self, storage: Storage) -> None:
        try:
            storage.sweep()
        except MhsyncError as error:
            self.observer(Warned(f"files of ended runs could not be removed: {error.message}"))

    def _one(
        self, target: Target, id: str, work: Callable[[_Copying, Target, Receipt], CopiedProject]
    ) -> CopiedProject:
        result = attempt(id, lambda: work(self, target, self._receipt(id)))
        if isinstance(result, Interrupted):
            return CopiedProject(id, CopyOutcome.NOT_ATTEMPTED, error=result.problem)
        if isinstance(result, MhsyncError):
            return CopiedProject(id, CopyOutcome.FAILED, error=result.problem)
        return result

    def _receipt(self, id: str) -> Receipt:
        receipt = read_receipt(self.source, id, limit=self.settings.run.receipt_max)
        if receipt is None:
            raise ReceiptInvalid(f"the receipt of {id} disappeared during the copy", id=id)
        with self.mutex:
            for path in {path for record in records_of(receipt) for path in record.paths}:
                owner = self.claims.setdefault(path_key(path), id)
                if owner != id:
                    raise PathOccupied(f"the receipts of {owner} and {id} both name {path}", id=id)
        return receipt

    def remark(self, id: str, text: str) -> None:
        with self.mutex:
            self.notes.setdefault(id, []).append(text)


def _not_attempted(id: str) -> CopiedProject:
    problem = Problem("interrupted", "interrupted before this was tried", id=id)
    return CopiedProject(id, CopyOutcome.NOT_ATTEMPTED, error=problem)


def _copy_one(copying: _Copying, target: Target, receipt: Receipt) -> CopiedProject:
    run = CopyContext(receipt.api, copying.settings, copying.stop, copying.observer)
    done = copy_project(run, copying.source, target, receipt, copying.remark)
    outputs = [CopiedOutput.of(output, CopyOutcome.COPIED) for output in done.written]
    outputs += [CopiedOutput.of(output, CopyOutcome.UNCHANGED) for output in done.in_place]
    outputs += [CopiedOutput.of(output, CopyOutcome.FAILED) for output, _ in done.damaged]
    aside = sum(len(record.set_aside) for record in records_of(receipt))
    if aside:
        copying.remark(receipt.id, f"{aside} changed file{'s'[: aside > 1]} that the source set aside stay there")
    note = "; ".join(copying.notes.get(receipt.id, ()))
    if done.damaged:
        reasons = "; ".join(f"{output.path}: {reason}" for output, reason in done.damaged)
        hint = "repair the source with `mhsync apply`, or restore the file from a backup, and copy again"
        problem = Problem("copy_not_proved", reasons, hint, id=receipt.id)
        return CopiedProject(receipt.id, CopyOutcome.FAILED, tuple(outputs), problem, note)
    outcome = CopyOutcome.UNCHANGED if done.is_unchanged else CopyOutcome.COPIED
    return CopiedProject(receipt.id, outcome, tuple(outputs), note=note)


def _check_one(copying: _Copying, target: Target, receipt: Receipt) -> CopiedProject:
    """Compare what the target has of a project with the receipt of the source; reads every output there."""
    kept = read_receipt(target.storage, receipt.id, limit=copying.settings.run.receipt_max)
    if kept is None:
        problem = Problem("copy_missing", "the target has no receipt of it", id=receipt.id)
        return CopiedProject(receipt.id, CopyOutcome.MISSING, error=problem)
    outputs: list[CopiedOutput] = []
    reasons: list[str] = []
    for record in records_of(receipt):
        before = kept.for_api(record.api)
        plan = plan_record(record, before, target.files)
        for output in plan.outputs or before.outputs:
            found = read_back(
                target.storage, output.path, chunk=copying.settings.download.chunk, stop=copying.stop
            )
            if found is None:
                outcome, reason = CopyOutcome.MISSING, "is missing in the target"
            elif not found.is_of(output):
                outcome, reason = CopyOutcome.DIFFERS, "has other bytes in the target"
            else:
                outcome, reason = CopyOutcome.UNCHANGED, ""
            outputs.append(CopiedOutput.of(output, outcome))
            reasons += [f"{output.path} {reason}"] if reason else []
        if not reasons and plan.merged(before) != before:
            reasons.append("the receipt of the target does not have all that the one of the source has")
    if not reasons:
        return CopiedProject(receipt.id, CopyOutcome.UNCHANGED, tuple(outputs))
    problem = Problem("copy_differs", "; ".join(reasons), "copy again", id=receipt.id)
    return CopiedProject(receipt.id, CopyOutcome.DIFFERS, tuple(outputs), problem)
