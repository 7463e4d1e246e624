"""observe: read the storages and request project details from the API. Changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from datetime import datetime
from types import MappingProxyType

from mhsync.core.copies import Copies, combine
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
    """By `ManifestFile.file`; where a file names several storages, the combined view of them."""
    details: DetailsById
    clock: Clock
    """The time at which retention is judged, in all plans of the run."""
    copies: Mapping[str, Copies] = field(default_factory=lambda: MappingProxyType({}))
    """By `ManifestFile.file`: what each storage holds, for files that name several."""

    @property
    def by_location(self) -> dict[str, Inventory]:
        """What each storage holds, by its location."""
        held = [one for copies in self.copies.values() for one in copies.inventories]
        return {one.location: one for one in (*self.inventories.values(), *held)}

    def inventory(self, file: str, number: int) -> Inventory:
        """The inventory of one storage of a file; the primary one has the number 0."""
        held = self.copies.get(file)
        return self.inventories[file] if held is None else held.inventories[number]


def observe(run: RunContext, manifest: Manifest, storages: Storages) -> Observation:
    """Read each storage once, then ask the API for what is not settled.

    Raises:
        AuthenticationFailed: the key is wrong; no other request would fare better.
        Interrupted: asked to stop.
    """
    now = run.at or run.now()
    by_place = take_inventories(run, manifest, storages, now)
    views = _views(run, manifest, storages, by_place)
    asked = [
        entry.id
        for file, entry in manifest
        if _is_wanted(run, entry.id) and (run.refresh or needs_details(entry, views.inventories[file.file], now))
    ]
    details = get_details(run, asked)
    found = _unlisted_receipts(run, manifest, storages, by_place, views.inventories, details)
    if found:
        views = _views(run, manifest, storages, by_place | found)
    clock = Clock(now, run.client.clock_skew, run.settings.run.clock_skew_max)
    return Observation(views.inventories, details, clock, views.copies)


@dataclass(frozen=True, slots=True)
class _Views:
    """The part of an observation that is about storages."""

    inventories: Mapping[str, Inventory]
    copies: Mapping[str, Copies]


def _views(run: RunContext, manifest: Manifest, storages: Storages, by_place: Mapping[str, Inventory]) -> _Views:
    """The inventories by file: files that share their storages share one combined view of them."""
    entries: dict[str, list[Entry]] = {}
    for file in manifest.files:
        if file.file in storages.copies:
            entries.setdefault(storages.location(file), []).extend(file.entries)
    combined: dict[str, Copies] = {}
    copies: dict[str, Copies] = {}
    for file in manifest.files:
        place = storages.location(file)
        if place not in entries:
            continue
        if place not in combined:
            held = [by_place[one] for one in storages.places(file)]
            combined[place] = combine(held, entries[place], run.client.origin)
        copies[file.file] = combined[place]
    inventories = {
        file.file: copies[file.file].combined if file.file in copies else by_place[storages.location(file)]
        for file in manifest.files
    }
    return _Views(inventories, copies)


def get_details(run: RunContext, ids: Iterable[str]) -> dict[str, Details]:
    """`GET` each id; one that fails becomes `Unreadable` and stops no other.

    Raises:
        AuthenticationFailed: the key is wrong.
        Interrupted: asked to stop before all were asked.
    """
    wanted = list(ids)
    if wanted:
        run.client.prepare()
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
    """What each storage holds, by its location.

    Args:
        run: the context of the run.
        manifest: the desired state.
        storages: the open storages of the manifest.
        now: the time at which retention is judged; None ignores it.
    """
    entries: dict[str, list[Entry]] = {}
    for file in manifest.files:
        wanted = [entry for entry in file.entries if entry.id in run.only] if run.only else file.entries
        for place in storages.places(file):
            entries.setdefault(place, []).extend(wanted)
    return {
        place: take_inventory(run, place, storage, entries.get(place, []), now)
        for place, storage in storages.by_location.items()
    }


def _unlisted_receipts(
    run: RunContext,
    manifest: Manifest,
    storages: Storages,
    by_place: Mapping[str, Inventory],
    inventories: Mapping[str, Inventory],
    details: DetailsById,
) -> dict[str, Inventory]:
    """By location: inventories with the receipts of gone projects that no listing shows, read by their paths.

    A listing may omit names that begin with a dot, so a copy is not called lost because of a listing.
    """
    doubtful: dict[str, list[str]] = {}
    if not any(isinstance(one, Gone) for one in details.values()):
        return {}
    for file, entry in manifest:
        inventory = inventories[file.file]
        is_known = inventory.problem is not None or entry.id in inventory.invalid or entry.id in inventory.receipts
        if isinstance(details.get(entry.id), Gone) and entry.state is not State.DELETED and not is_known:
            for place in storages.places(file):
                doubtful.setdefault(place, []).append(entry.id)
    return {
        place: with_receipts(run, by_place[place], storages.by_location[place], ids)
        for place, ids in doubtful.items()
    }


def parked_files(inventory: Inventory) -> tuple[str, ...]:
    """The files that wait to be moved, or that a run which was cut short left there."""
    return tuple(path for path in inventory.files if path.startswith(PARKED))


def _is_wanted(run: RunContext, id: str) -> bool:
    return not run.only or id in run.only
