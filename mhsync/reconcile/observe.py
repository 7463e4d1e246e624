"""observe: read the storages and request project details from the API. Changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from mhsync.core.layout import PARKED
from mhsync.core.manifest import Entry, Manifest, State
from mhsync.core.observed import Details, DetailsById, Gone, Inventory, Unreadable, details_of, needs_details
from mhsync.core.retention import Clock
from mhsync.dataclass import dataclass
from mhsync.errors import AuthenticationFailed, Interrupted, MhsyncError, ProjectNotFound
from mhsync.reconcile.context import RunContext
from mhsync.reconcile.inventory import take_inventory, with_receipts
from mhsync.reconcile.parallel import collect
from mhsync.reconcile.progress import ChecksProgressed
from mhsync.reconcile.storages import Storages


@dataclass(frozen=True, slots=True)
class Observation:
    """What was seen, at one moment."""

    inventories: Mapping[str, Inventory]
    """By `ManifestFile.file`."""
    details: DetailsById
    clock: Clock
    """The time at which retention is judged, in all plans of the run."""


def observe(run: RunContext, manifest: Manifest, storages: Storages) -> Observation:
    """Read each storage once, then ask the API for what is not settled.

    Raises:
        AuthenticationFailed: the key is wrong; no other request would fare better.
        Interrupted: asked to stop.
    """
    now = run.at or run.now()
    inventories = take_inventories(run, manifest, storages, now)
    asked = [
        entry.id
        for file, entry in manifest
        if _is_wanted(run, entry.id) and (run.refresh or needs_details(entry, inventories[file.file], now))
    ]
    details = get_details(run, asked)
    clock = Clock(now, run.client.clock_skew, run.settings.run.clock_skew_max)
    return Observation(_with_unlisted_receipts(run, manifest, storages, inventories, details), details, clock)


def get_details(run: RunContext, ids: Iterable[str]) -> dict[str, Details]:
    """`GET` each id; one that fails becomes `Unreadable` and stops no other.

    Raises:
        AuthenticationFailed: the key is wrong.
        Interrupted: asked to stop before all were asked.
    """
    wanted = list(ids)
    found = collect(
        wanted,
        lambda id_: get_one(run, id_),
        workers=run.settings.run.checkers,
        go_on=lambda: not run.stop(),
        progress=lambda done: run.observer(ChecksProgressed(done, len(wanted))),
    )
    if run.stop():
        raise Interrupted("interrupted while the API was asked; nothing was changed")
    return found


def get_one(run: RunContext, id: str) -> Details:
    """The details of one project, or why they could not be read, as a value.

    Raises:
        AuthenticationFailed: the key is wrong.
        Interrupted: asked to stop.
    """
    try:
        return details_of(run.client.get(id))
    except ProjectNotFound:
        return Gone(not_found=True)
    except (AuthenticationFailed, Interrupted):
        raise
    except MhsyncError as error:
        return Unreadable(error.problem)


def take_inventories(
    run: RunContext, manifest: Manifest, storages: Storages, now: datetime | None = None
) -> dict[str, Inventory]:
    """What each file's storage holds; files that share a storage share its inventory.

    Args:
        run: the context of the run.
        manifest: the desired state.
        storages: the open storages of the manifest.
        now: the time at which retention is judged; None ignores it.
    """
    entries: dict[str, list[Entry]] = {}
    for file in manifest.files:
        wanted = entries.setdefault(storages.location(file), [])
        wanted += [entry for entry in file.entries if entry.id in run.only] if run.only else file.entries
    by_location = {
        place: take_inventory(run, place, storage, entries.get(place, []), now)
        for place, storage in storages.by_location.items()
    }
    return {file.file: by_location[storages.location(file)] for file in manifest.files}


def _with_unlisted_receipts(
    run: RunContext,
    manifest: Manifest,
    storages: Storages,
    inventories: Mapping[str, Inventory],
    details: DetailsById,
) -> Mapping[str, Inventory]:
    """Read the receipts of gone projects by their paths where the listing shows none.

    A listing may omit names that begin with a dot, so a copy is not called lost because of a listing.
    """
    doubtful: dict[str, list[str]] = {}
    if not any(isinstance(one, Gone) for one in details.values()):
        return inventories
    for file, entry in manifest:
        inventory = inventories[file.file]
        is_known = inventory.problem is not None or entry.id in inventory.invalid or entry.id in inventory.receipts
        if isinstance(details.get(entry.id), Gone) and entry.state is not State.DELETED and not is_known:
            doubtful.setdefault(storages.location(file), []).append(entry.id)
    found = {
        inventory.location: with_receipts(run, inventory, storages.by_location[inventory.location], ids)
        for inventory in inventories.values()
        if (ids := doubtful.get(inventory.location))
    }
    return {file: found.get(inventory.location, inventory) for file, inventory in inventories.items()}


def parked_files(inventory: Inventory) -> tuple[str, ...]:
    """The files that wait to be moved, or that a run which was cut short left there."""
    return tuple(path for path in inventory.files if path.startswith(PARKED))


def _is_wanted(run: RunContext, id: str) -> bool:
    return not run.only or id in run.only
