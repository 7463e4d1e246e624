"""The action `move`: give stored outputs the paths that the manifest now gives them. Called only by `apply`.

One step names the copy in the receipt (`storing`), copies, reads back, writes the receipt with the new path and
the old one as superseded, removes the old one, and ends the note. So the receipt names a whole file at every
moment, and also each file that a step which was cut short leaves; the next run ends it. Outputs that change
places, or whose paths differ only in case, are parked in between.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial

from mhsync.core.layout import PARKED
from mhsync.core.paths import folders_of
from mhsync.core.plan import ProjectPlan
from mhsync.core.receipt import FileRecord, Receipt, StoredOutput
from mhsync.core.template import path_key
from mhsync.dataclass import dataclass
from mhsync.errors import CopyNotProved, Interrupted, MhsyncError, PathOccupied
from mhsync.reconcile.checksum import read_back
from mhsync.reconcile.context import Remark, RunContext, attempt
from mhsync.reconcile.leftovers import Leftovers, with_set_aside
from mhsync.reconcile.ownership import Owners
from mhsync.storage.base import Storage
from mhsync.storage.receipts import read_receipt

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Step:
    """One output that moves. `index` is its place in the receipt."""

    id: str
    index: int
    old: str
    new: str


def move_all(
    run: RunContext, storage: Storage, owners: Owners, plans: Iterable[ProjectPlan], remark: Remark
) -> dict[str, MhsyncError | None]:
    """Move the outputs of these projects within one storage.

    Args:
        remark: called with the id and one line for people.

    Returns:
        For each project that was begun, None where all went well, or the error that stopped it.
    """
    results: dict[str, MhsyncError | None] = {}
    waiting: list[Step] = []
    mover = _Mover(run, storage, owners, remark)
    for plan in plans:
        if run.stop():
            return results
        steps = attempt(plan.id, partial(mover.steps, plan))
        if isinstance(steps, MhsyncError):
            results[plan.id] = steps
        else:
            results[plan.id] = None
            waiting += steps
    for step, failure in mover.go(waiting):
        results[step.id] = results[step.id] or failure
    return results


def in_order_of(run: RunContext, storage: Storage, plans: Iterable[ProjectPlan]) -> list[ProjectPlan]:
    """The plans with their outputs in the order of the receipts of this storage.

    Storages of one manifest may name the same outputs in another order. A project of which this storage names
    other outputs is left out: the next plan repairs it.
    """
    found: list[ProjectPlan] = []
    for plan in plans:
        receipt = attempt(plan.id, partial(read_receipt, storage, plan.id, limit=run.settings.run.receipt_max))
        if not isinstance(receipt, Receipt):
            continue
        left = list(plan.outputs)
        ordered = []
        for output in receipt.for_api(run.api).outputs:
            same = next((p for p in left if (p.source, p.sha256) == (output.source, output.sha256)), None)
            if same is not None:
                left.remove(same)
                ordered.append(same)
        if not left and len(ordered) == len(receipt.for_api(run.api).outputs):
            found.append(replace(plan, outputs=tuple(ordered)))
    return found


def make_room(
    run: RunContext, storage: Storage, owners: Owners, in_the_way: Mapping[str, frozenset[str]], remark: Remark
) -> None:
    """Park files of projects that are downloaded again, where they stand in the way of other projects.

    What cannot be parked stays. A project that needs its path is blocked, with the reason.

    Args:
        in_the_way: by id the paths to leave.
        remark: called with the id and one line for people.
    """
    mover = _Mover(run, storage, owners, remark)
    for id_, paths in in_the_way.items():
        if run.stop():
            return
        error = attempt(id_, partial(mover.park, id_, paths))
        if error is not None:
            log.debug("%s: not parked: %s", id_, error.message)


class _Waiting:
    """Steps not taken yet, by where their files stand; no file can go where one of these stands, nor below it."""

    def __init__(self, steps: Iterable[Step]) -> None:
        self.steps: dict[tuple[str, int], Step] = {}
        self._files: Counter[str] = Counter()
        self._folders: Counter[str] = Counter()
        for step in steps:
            self.add(step)

    def add(self, step: Step) -> None:
        self.steps[step.id, step.index] = step
        self._files[path_key(step.old)] += 1
        self._folders.update(folders_of(path_key(step.old)))

    def remove(self, step: Step) -> None:
        del self.steps[step.id, step.index]
        self._files[path_key(step.old)] -= 1
        self._folders.subtract(folders_of(path_key(step.old)))

    def is_free_for(self, step: Step) -> bool:
        key = path_key(step.new)
        return not (
            self._files[key] > 0
            or self._folders[key] > 0
            or any(self._files[folder] > 0 for folder in folders_of(key))
        )

    def next(self) -> Step | None:
        """A step whose new path is free; where there is none, any: it is to be parked."""
        free = (step for step in self.steps.values() if self.is_free_for(step))
        return next(free, None) or next(iter(self.steps.values()), None)


class _Mover:
    def __init__(self, run: RunContext, storage: Storage, owners: Owners, remark: Remark) -> None:
        self._run = run
        self._storage = storage
        self._owners = owners
        self._leftovers = Leftovers(run, storage, owners, remark)

    def steps(self, plan: ProjectPlan) -> list[Step]:
        """What is to be moved, once what former runs began is ended."""
        self._leftovers.end(plan.id)
        receipt = self._leftovers.receipt(plan.id)
        return [
            Step(plan.id, index, output.path, planned.path)
            for index, (output, planned) in enumerate(zip(receipt.outputs, plan.outputs, strict=True))
            if output.path != planned.path
        ]

    def park(self, id: str, paths: frozenset[str]) -> None:
        """Move what the receipt names under these paths out of the way."""
        receipt = self._leftovers.update(id, _without_superseded)
        for index, output in enumerate(receipt.outputs):
            if output.path not in paths:
                continue
            step = Step(id, index, output.path, f"{PARKED}{id}-{index}")
            if self._storage.stat(output.path) is None:
                # Only its name is in the way, and perhaps an empty folder: it is missing under the new one too.
                self._storage.remove(step.old)
                self._note(step, partial(replace, path=step.new))
            elif (error := self._attempt(step)) is not None:
                log.debug("%s was not parked: %s", step.old, error.message)
        number = len(receipt.outputs)
        for record in receipt.storing:
            if record.path in paths and record.path not in receipt.paths:
                while self._storage.stat(f"{PARKED}{id}-{number}") is not None:
                    number += 1
                self._leftovers.park(id, record, f"{PARKED}{id}-{number}")

    def go(self, steps: list[Step]) -> Iterator[tuple[Step, MhsyncError | None]]:
        """Take the steps in an order in which each finds its new path free; park where there is none."""
        waiting = _Waiting(steps)
        while (step := waiting.next()) is not None and not self._run.stop():
            is_free = waiting.is_free_for(step)
            waiting.remove(step)
            target = step.new if is_free else f"{PARKED}{step.id}-{step.index}"
            error = self._attempt(replace(step, new=target))
            if error is None and not is_free:
                waiting.add(replace(step, old=target))
                continue
            yield step, error
        for step in waiting.steps.values():
            yield step, Interrupted(f"interrupted before {step.old} was moved", id=step.id)

    def _attempt(self, step: Step) -> MhsyncError | None:
        return attempt(step.id, lambda: self._take(step))

    def _take(self, step: Step) -> None:
        receipt = self._leftovers.receipt(step.id)
        output = receipt.outputs[step.index]
        self._check_owners(step, receipt)
        new = FileRecord(step.new, output.size, output.sha256)
        if self._storage.stat(step.new) is not None:
            if not self._holds(step.new, output):
                raise PathOccupied(
                    f"a file with other bytes stands at {step.new}, where an output of {step.id} is to go",
                    hint="move it away or give the project another path in the manifest",
                    id=step.id,
                )
            self._storage.flush(step.new)
        else:
            # The receipt names the new file before it is visible: a run that ends in between leaves none unknown.
            self._update(step.id, lambda current: replace(current, storing=(*current.storing, new)))
            self._copy(output, step)
        receipt = self._note(step, lambda o: replace(o, path=step.new, superseded=step.old))
        kept = self._leftovers.drop(receipt, FileRecord(step.old, output.size, output.sha256))
        self._note(step, lambda o: replace(o, superseded=None), kept)

    def _check_owners(self, step: Step, receipt: Receipt) -> None:
        """What several receipts name is moved by none of them, and no two outputs get one path."""
        siblings = {path_key(o.path) for index, o in enumerate(receipt.outputs) if index != step.index}
        own = f"another output of {step.id}" if path_key(step.new) in siblings else None
        for path, owner in (
            (step.old, self._owners.other(step.old, step.id)),
            (step.new, own or self._owners.other(step.new, step.id)),
        ):
            if owner is not None:
                raise PathOccupied(
                    f"{owner} names {path} too, so {step.old} was not moved to {step.new}",
                    hint="give the project another path in the manifest, or correct the receipts under "
                    ".mhsync/receipts/",
                    id=step.id,
                )

    def _copy(self, output: StoredOutput, step: Step) -> None:
        self._storage.copy(step.old, step.new)
        if not self._holds(step.new, output):
            self._storage.remove(step.new)
            self._note(step, lambda o: replace(o, suspect=True))
            raise CopyNotProved(
                f"{step.old} does not match its receipt, so it was not moved",
                hint="apply again: the next run downloads it again",
                id=step.id,
            )

    def _holds(self, path: str, output: StoredOutput) -> bool:
        found = read_back(self._storage, path, chunk=self._run.settings.download.chunk, stop=self._run.stop)
        return found is not None and found.is_of(output)

    def _note(
        self, step: Step, change: Callable[[StoredOutput], StoredOutput], kept: FileRecord | None = None
    ) -> Receipt:
        """Change one output in the receipt; the copy of this step needs no name in `storing` any more."""

        def with_change(receipt: Receipt) -> Receipt:
            outputs = list(receipt.outputs)
            outputs[step.index] = change(outputs[step.index])
            storing = tuple(record for record in receipt.storing if record.path != step.new)
            return with_set_aside(replace(receipt, outputs=tuple(outputs), storing=storing), kept)

        return self._update(step.id, with_change)

    def _update(self, id: str, change: Callable[[Receipt], Receipt]) -> Receipt:
        return self._leftovers.update(id, change)


def _without_superseded(receipt: Receipt) -> Receipt:
    """The receipt with the old paths of moves named in `storing`, so that the outputs can move once more."""
    former = [FileRecord(o.superseded, o.size, o.sha256) for o in receipt.outputs if o.superseded is not None]
    outputs = tuple(replace(output, superseded=None) for output in receipt.outputs)
    return replace(receipt, outputs=outputs, storing=tuple(dict.fromkeys((*receipt.storing, *former))))
