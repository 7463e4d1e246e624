"""The action `move`: give stored outputs the paths that the manifest now gives them. Called by `apply` alone.

One step copies, reads back, writes the receipt with the new path and the old one as superseded, removes the old
one, and ends the note. So the receipt names a whole file at every moment, and a step that was cut short is
finished by the next run. Outputs that change places, or whose paths differ in case alone, are parked in between.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from mhsync.core.paths import folders_of
from mhsync.core.plan import ProjectPlan
from mhsync.core.receipt import PARKED, Receipt, StoredOutput
from mhsync.core.template import path_key
from mhsync.errors import CopyNotProved, Interrupted, MhsyncError, PathOccupied, ReceiptInvalid
from mhsync.reconcile.reading import Owners, read_back
from mhsync.reconcile.run import Run, as_error
from mhsync.storage.base import Storage
from mhsync.storage.receipts import read_receipt, update_receipt


@dataclass(frozen=True, slots=True)
class Step:
    """One output that moves. `index` is its place in the receipt."""

    id: str
    index: int
    old: str
    new: str


def move_all(
    run: Run, storage: Storage, owners: Owners, plans: Iterable[ProjectPlan]
) -> dict[str, MhsyncError | None]:
    """Move the outputs of these projects within one storage.

    Returns:
        For each project that was begun, None where all went well, or the error that stopped it.
    """
    results: dict[str, MhsyncError | None] = {}
    waiting: list[Step] = []
    mover = _Mover(run, storage, owners)
    for plan in plans:
        if run.stop():
            return results
        try:
            waiting += mover.steps(plan)
            results[plan.id] = None
        except Exception as error:  # noqa: BLE001 - one project's failure stops no other's work
            results[plan.id] = as_error(error, plan.id)
    for step, failure in mover.go(waiting):
        results[step.id] = results[step.id] or failure
    return results


def end_moves(run: Run, storage: Storage, owners: Owners, id: str) -> None:
    """End what a receipt notes as superseded: the old files go, unless they are somebody else's by now.

    Raises:
        StorageError, ReceiptInvalid: a file or the receipt could not be read or written.
    """
    _Mover(run, storage, owners).end_former(id)


class _Waiting:
    """Steps not taken yet, by where their files stand; no file can go where one of these stands, nor below it."""

    def __init__(self, steps: Iterable[Step]) -> None:
        self.steps: dict[str, Step] = {}
        self._folders: Counter[str] = Counter()
        for step in steps:
            self.add(step)

    def add(self, step: Step) -> None:
        self.steps[path_key(step.old)] = step
        self._folders.update(folders_of(path_key(step.old)))

    def remove(self, step: Step) -> None:
        del self.steps[path_key(step.old)]
        self._folders.subtract(folders_of(path_key(step.old)))

    def is_free_for(self, step: Step) -> bool:
        key = path_key(step.new)
        return not (
            key in self.steps or self._folders[key] > 0 or any(folder in self.steps for folder in folders_of(key))
        )

    def next(self) -> Step | None:
        """A step whose new path is free; where there is none, any: it is to be parked."""
        free = (step for step in self.steps.values() if self.is_free_for(step))
        return next(free, None) or next(iter(self.steps.values()), None)


class _Mover:
    def __init__(self, run: Run, storage: Storage, owners: Owners) -> None:
        self._run = run
        self._storage = storage
        self._owners = owners
        self._limit = run.settings.run.receipt_max

    def steps(self, plan: ProjectPlan) -> list[Step]:
        """What is to be moved, once moves that a former run began are ended."""
        self.end_former(plan.id)
        receipt = self._receipt(plan.id)
        return [
            Step(plan.id, index, output.path, planned.path)
            for index, (output, planned) in enumerate(zip(receipt.outputs, plan.outputs, strict=True))
            if output.path != planned.path
        ]

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
        try:
            self._take(step)
        except Exception as error:  # noqa: BLE001 - one project's failure stops no other's work
            return as_error(error, step.id)
        return None

    def _take(self, step: Step) -> None:
        output = self._receipt(step.id).outputs[step.index]
        self._copy(output, step)
        self._note(step, lambda o: replace(o, path=step.new, superseded=step.old))
        self._storage.remove(step.old)
        self._note(step, lambda o: replace(o, superseded=None))

    def _copy(self, output: StoredOutput, step: Step) -> None:
        if self._storage.stat(step.new) is not None:
            if self._holds(step.new, output) and not self._owners.is_anothers(step.new, step.id):
                return
            raise PathOccupied(
                f"a file with other bytes stands at {step.new}, where an output of {step.id} is to go",
                hint="move it away or give the project another path in the manifest",
                id=step.id,
            )
        chunk = self._run.settings.download.chunk
        with self._storage.open(step.old) as reader, self._storage.write(step.new) as writer:
            while data := reader.read(chunk):
                writer.write(data)
        if not self._holds(step.new, output):
            self._storage.remove(step.new)
            self._note(step, lambda o: replace(o, suspect=True))
            raise CopyNotProved(
                f"{step.old} does not match its receipt, so it was not moved",
                hint="apply again: the next run downloads it anew",
                id=step.id,
            )

    def end_former(self, id: str) -> None:
        """End moves that were cut short: the receipt names the new paths already, the old files may still stand.

        One is removed only where it holds the output's own bytes and no other receipt names it by now.
        """
        for index, output in enumerate(self._receipt(id).outputs):
            old = output.superseded
            if old is None:
                continue
            if (
                self._holds(output.path, output)
                and self._holds(old, output)
                and not self._owners.is_anothers(old, id)
            ):
                self._storage.remove(old)
            self._note(Step(id, index, old, output.path), lambda o: replace(o, superseded=None))

    def _holds(self, path: str, output: StoredOutput) -> bool:
        found = read_back(self._storage, path, chunk=self._run.settings.download.chunk, stop=self._run.stop)
        return found is not None and found.is_of(output)

    def _receipt(self, id: str) -> Receipt:
        kept = read_receipt(self._storage, id, limit=self._limit)
        receipt = None if kept is None else kept.for_api(self._run.client.origin)
        if receipt is None:
            raise ReceiptInvalid(f"the receipt of {id} is gone since the plan was made", id=id)
        return receipt

    def _note(self, step: Step, change: Callable[[StoredOutput], StoredOutput]) -> None:
        def with_change(receipt: Receipt) -> Receipt:
            outputs = list(receipt.outputs)
            outputs[step.index] = change(outputs[step.index])
            return replace(receipt, outputs=tuple(outputs))

        update_receipt(self._storage, step.id, self._run.client.origin, with_change, limit=self._limit)
