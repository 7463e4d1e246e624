"""What a run observed: `Details` (answers of the API about projects) and `Inventory` (contents of one storage)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from types import MappingProxyType

from mhsync.core.index_row import outputs_of_line
from mhsync.core.manifest import Entry, State
from mhsync.core.project import Project, Status
from mhsync.core.receipt import Receipt, StoredOutput
from mhsync.core.retention import entry_at
from mhsync.dataclass import dataclass
from mhsync.errors import Problem

_NONE: Mapping[str, Receipt] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Live:
    """The API knows the project."""

    project: Project


@dataclass(frozen=True, slots=True)
class Gone:
    """404, or `enabled: false`. A 404 proves nothing beyond this run: the key may be another account's."""

    not_found: bool


@dataclass(frozen=True, slots=True)
class Unreadable:
    """The `GET` failed, or its answer cannot be understood: never a reason to act."""

    problem: Problem


Details = Live | Gone | Unreadable
DetailsById = Mapping[str, Details]


def details_of(project: Project) -> Details:
    """Sort what a `GET` gave: gone, a status that this version does not know, or live."""
    if project.is_gone:
        return Gone(not_found=False)
    if project.status is Status.UNKNOWN:
        message = f"the API sent a status that mhsync does not know: {project.status_text!r:.60}"
        return Unreadable(Problem("unknown_status", message, "upgrade mhsync", id=project.id))
    return Live(project)


def sees_account(details: DetailsById) -> bool:
    """Whether a `GET` of this run answered 200: the key is then one of the account's, and a 404 means gone."""
    return any(isinstance(one, Live) or (isinstance(one, Gone) and not one.not_found) for one in details.values())


@dataclass(frozen=True, slots=True)
class Inventory:
    """What is stored, as it was seen at one moment."""

    location: str
    """The identity of the storage: equal for two manifest files that share one."""
    files: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}), hash=False)
    """Path to size in bytes, of every visible file."""
    receipts: Mapping[str, Receipt] = field(default_factory=lambda: _NONE, hash=False)
    """By id; made against the API of this run (others prove nothing)."""
    invalid: Mapping[str, Problem] = field(default_factory=lambda: MappingProxyType({}), hash=False)
    """By id: the receipts that cannot be read."""
    problem: Problem | None = None
    """Why the listing could not be read; nothing is known then."""
    indexed: Mapping[str, bytes] = field(default_factory=lambda: MappingProxyType({}), hash=False)
    """By id: the lines of the receipt index that, with the listing, show entries to be as desired."""
    sighted: frozenset[str] = frozenset()
    """The ids of the projects that webhooks or imports named, by the listing."""

    def receipt(self, id: str) -> Receipt | None:
        return self.receipts.get(id)

    def tracked(self) -> set[str]:
        """The paths that the receipts name, without files that were set aside."""
        named = {path for line in self.indexed.values() for path, *_ in outputs_of_line(line)}
        read = [self.receipts[id_] for id_ in self.receipts if id_ not in self.indexed]
        named.update(*(receipt.named for receipt in read))
        return named - {record.path for receipt in read for record in receipt.set_aside}

    def is_in_place(self, output: StoredOutput) -> bool:
        """Whether an output is under the path of its receipt, with its size, and not suspect."""
        return not output.suspect and self.files.get(output.path) == output.size

    def is_stored(self, id: str) -> bool:
        """Whether a receipt names at least one output, and every output it names is in place."""
        receipt = self.receipts.get(id)
        return receipt is not None and bool(receipt.outputs) and all(map(self.is_in_place, receipt.outputs))

    def missing(self, id: str) -> tuple[StoredOutput, ...]:
        """The outputs that drifted: missing, of another size, or suspect."""
        receipt = self.receipts.get(id)
        return () if receipt is None else tuple(o for o in receipt.outputs if not self.is_in_place(o))


def is_settled(entry: Entry, inventory: Inventory, now: datetime | None = None) -> bool:
    """Whether the receipt and the listing prove that the entry is as desired, so that it needs no `GET`.

    Args:
        entry: as the manifest has it.
        inventory: what its storage holds.
        now: the time at which retention is judged; None ignores it.

    Returns:
        Never True for `lost`: the `GET` shows whether the project is live after all.
    """
    if entry.id in inventory.indexed:
        return True
    if entry.state is State.LOST:
        return False
    receipt = inventory.receipt(entry.id)
    entry = entry_at(entry, None if receipt is None else receipt.created_at, now)
    is_deleted = receipt is not None and receipt.is_deleted
    if entry.state is State.DELETED:
        return is_deleted
    if entry.state is State.ARCHIVED and not is_deleted:
        return False
    return inventory.is_stored(entry.id)


def needs_details(entry: Entry, inventory: Inventory, now: datetime | None = None) -> bool:
    """Whether a `GET` can change the verdict: not where the storage cannot be read, nor where all is settled."""
    if inventory.problem is not None or entry.id in inventory.invalid:
        return False
    return not is_settled(entry, inventory, now)
