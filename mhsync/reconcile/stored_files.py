"""stored_files: what the storages of a manifest have of its projects, for commands that need no client."""

from __future__ import annotations

from mhsync.core.manifest import Entry, Manifest, ManifestFile, State
from mhsync.core.observed import Inventory
from mhsync.core.paths import UnusablePathError
from mhsync.core.pulled import WantedFile, wanted_files
from mhsync.dataclass import dataclass
from mhsync.errors import Problem
from mhsync.reconcile.context import InventoryContext
from mhsync.reconcile.inventory import take_inventory
from mhsync.reconcile.storages import Storages

_STORED = frozenset({State.DOWNLOADED, State.ARCHIVED})


@dataclass(frozen=True, slots=True)
class StoredProject:
    """One project that is desired `downloaded` or `archived`: its files, or why they are not there."""

    file: ManifestFile
    entry: Entry
    files: tuple[WantedFile, ...] = ()
    problem: Problem | None = None
    is_missing: bool = False
    """Whether it is only not stored, or not completely."""
    is_absent: bool = False
    """Whether no receipt names an output of it: it is not stored yet."""


def stored_projects(
    run: InventoryContext, manifest: Manifest, storages: Storages, only: frozenset[str] = frozenset()
) -> list[StoredProject]:
    """What is stored of each project, in the order of the manifest.

    Args:
        only: the ids to look at; empty means all.
    """
    wanted = [(f, e) for f, e in manifest if e.state in _STORED and (not only or e.id in only)]
    entries: dict[str, list[Entry]] = {}
    for file, entry in wanted:
        entries.setdefault(storages.location(file), []).append(entry)
    inventories = {
        place: take_inventory(run, place, storages.by_location[place], found) for place, found in entries.items()
    }
    return [_project(run.api, file, entry, inventories[storages.location(file)]) for file, entry in wanted]


def _project(api: str, file: ManifestFile, entry: Entry, inventory: Inventory) -> StoredProject:
    problem = inventory.problem or inventory.invalid.get(entry.id)
    if problem is not None:
        return StoredProject(file, entry, problem=problem)
    receipt = inventory.receipt(entry.id)
    if receipt is None or not receipt.outputs:
        why = f"nothing from {api} is stored"
        return StoredProject(file, entry, problem=_missing(entry, why), is_missing=True, is_absent=True)
    if entry.id not in inventory.indexed and not inventory.is_stored(entry.id):
        paths = ", ".join(output.path for output in inventory.missing(entry.id))
        why = f"{paths}: missing in the storage, or changed there"
        return StoredProject(file, entry, problem=_missing(entry, why), is_missing=True)
    try:
        return StoredProject(file, entry, wanted_files(entry, receipt))
    except UnusablePathError as error:
        return StoredProject(file, entry, problem=Problem("path", str(error), error.hint, id=entry.id))


def _missing(entry: Entry, message: str) -> Problem:
    return Problem("not_stored", message, "run `mhsync apply`, then pull again", id=entry.id)
