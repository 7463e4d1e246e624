"""inventory: what a storage holds, from one listing, the receipt index, and the receipts that it does not have."""

from __future__ import annotations

import logging
from collections import ChainMap
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import field, replace
from datetime import datetime
from typing import cast

from mhsync.core.index_row import IndexedReceipts, Row, paths_of_row, shows_as_desired
from mhsync.core.layout import INDEX, PARKED, PRIVATE, RECEIPTS, SIGHTINGS
from mhsync.core.manifest import Entry
from mhsync.core.observed import Inventory
from mhsync.core.receipt import Receipt
from mhsync.dataclass import dataclass
from mhsync.errors import MhsyncError, Problem
from mhsync.reconcile.context import InventoryContext, attempt
from mhsync.reconcile.index_writer import StorageIndex
from mhsync.reconcile.parallel import collect
from mhsync.storage.base import Storage
from mhsync.storage.index_file import IndexInvalidError, read_index
from mhsync.storage.receipts import read_receipt, receipt_name, receipt_name_of
from mhsync.storage.sightings import sighted_id

log = logging.getLogger(__name__)

_NOT_LISTED = "\0not listed"
"""In place of a version; no storage gives it."""


@dataclass(slots=True)
class _Listing:
    """One listing of a storage."""

    files: dict[str, int]
    """Path to size in bytes: visible files, and parked ones."""
    versions: dict[str, str | None]
    """By the name of a receipt's file."""
    has_index: bool = False
    sighted: set[str] = field(default_factory=set)
    """The ids of sighted projects."""


def take_inventory(
    run: InventoryContext, place: str, storage: Storage, entries: Iterable[Entry], now: datetime | None = None
) -> Inventory:
    """What a storage holds, with the receipts of the entries.

    The index is used for entries that it shows to be as desired. The receipts of all others are read.

    Args:
        place: the identity of the storage.
        entries: whose receipts are needed.
        now: the time at which retention is judged; None ignores it.
    """
    index = None if run.indexes is None else run.indexes.of(storage)
    entries = tuple(entries)
    try:
        if run.uses_index and index is None and not run.refresh:
            settled = _all_settled(run, storage, entries, now)
            if settled:
                receipts = IndexedReceipts({}, settled, run.api)
                return Inventory(place, receipts=receipts, indexed=settled, sighted=_sighted(storage))
        listing = _list(storage)
    except MhsyncError as error:
        return Inventory(place, problem=replace(error.problem, code="storage_unreadable", id=None))
    wanted = {name: entry for entry in entries if (name := receipt_name(entry.id)) in listing.versions}
    lines: dict[str, bytes] = {}
    if listing.has_index and run.uses_index:
        lines = _from_index(run, storage, listing, wanted, index, now)
    for id_ in lines:
        del wanted[receipt_name(id_)]
    if index is not None:
        index.is_observed = True
    read = _read_all(run, storage, [entry.id for entry in wanted.values()], listing.files, listing.versions)
    listing.files.update(read.unlisted)
    receipts = IndexedReceipts(read.receipts, lines, run.api)
    sighted = frozenset(listing.sighted)
    return Inventory(place, listing.files, receipts, read.invalid, indexed=lines, sighted=sighted)


def _sighted(storage: Storage) -> frozenset[str]:
    """The ids of the sighted projects, where the whole storage was not listed."""
    return frozenset(id_ for info in storage.list(SIGHTINGS) if (id_ := sighted_id(info.path)) is not None)


def with_receipts(
    run: InventoryContext, inventory: Inventory, storage: Storage, ids: Collection[str]
) -> Inventory:
    """The inventory with the receipts of these projects that the listing does not show, if there are any."""
    read = _read_all(run, storage, ids, inventory.files, {})
    return replace(
        inventory,
        files={**inventory.files, **read.unlisted},
        receipts=ChainMap(read.receipts, cast("dict[str, Receipt]", inventory.receipts)),
        invalid={**inventory.invalid, **read.invalid},
    )


def _all_settled(
    run: InventoryContext, storage: Storage, entries: Collection[Entry], now: datetime | None
) -> dict[str, bytes]:
    """By id the lines of the index, if it shows every entry to be as desired; else none.

    For a storage that looks at single files faster than it lists all of them. Where nothing is to be done, other
    files do not matter.

    Raises:
        StorageError: the storage cannot be read.
    """
    if storage.sizes(()) is None:
        return {}
    wanted = {receipt_name(entry.id): entry for entry in entries}
    versions: dict[str, str | None] = dict.fromkeys(wanted, _NOT_LISTED)
    for info in storage.list(RECEIPTS):
        name = receipt_name_of(info.path)
        if name in versions:
            versions[name] = info.version
    if _NOT_LISTED in versions.values() or None in versions.values():
        return {}
    lines: dict[str, bytes] = {}
    try:
        for batch in _Walk(run, storage, versions).batches():
            files = storage.sizes([path for _, row in batch for path in paths_of_row(row)])
            lines.update(_as_desired(batch, wanted, files or {}, now))
    except (IndexInvalidError, MhsyncError) as error:
        _note_unused(storage, error)
        return {}
    return lines if len(lines) == len(wanted) else {}


def _from_index(
    run: InventoryContext,
    storage: Storage,
    listing: _Listing,
    wanted: Mapping[str, Entry],
    index: StorageIndex | None,
    now: datetime | None,
) -> dict[str, bytes]:
    """By id the lines of the entries that the index shows to be as desired; none if it cannot be used.

    Args:
        wanted: the entries by the names of their receipts' files.
        index: takes every line whose receipt has the version that the listing gives.
    """
    lines: dict[str, bytes] = {}
    walk = _Walk(run, storage, listing.versions, None if index is None else {})
    try:
        for batch in walk.batches():
            lines.update(_as_desired(batch, wanted, listing.files, now))
    except (IndexInvalidError, MhsyncError) as error:
        _note_unused(storage, error)
        lines, walk = {}, _Walk(run, storage, {}, {}, is_partial=True)
    if index is not None and walk.kept is not None:
        index.lines, index.is_changed = walk.kept, walk.is_partial
    return lines


@dataclass(slots=True)
class _Walk:
    """One way through the lines of an index."""

    run: InventoryContext
    storage: Storage
    versions: dict[str, str | None]
    """By the names of receipts' files, as listed."""
    kept: dict[str, bytes] | None = None
    """Takes every line whose receipt has the listed version. None if lines and versions are not needed later."""
    is_partial: bool = False
    """Whether lines were left out."""

    def batches(self) -> Iterator[list[tuple[bytes, Row]]]:
        """The lines whose receipts have the listed version, with their rows.

        Raises:
            IndexInvalidError, StorageError: the index cannot be used, and neither can what was given so far.
        """
        limits = self.run.settings.run
        # A version that was compared is not needed again, and a million of them take 100 MB.
        take = self.versions.pop if self.kept is None else self.versions.get
        for batch in read_index(
            self.storage, self.run.api, size_max=limits.index_max, row_max=limits.index_row_max
        ):
            current = [(line, row) for line, row in batch if take(row[0], None) == row[1]]
            if self.kept is not None:
                self.kept.update((row[0], line) for line, row in current)
                self.is_partial = self.is_partial or len(current) < len(batch)
            yield current


def _note_unused(storage: Storage, error: Exception) -> None:
    log.debug("the index of receipts in %r is not used: %s", storage, error)


def _as_desired(
    batch: Iterable[tuple[bytes, Row]], wanted: Mapping[str, Entry], files: Mapping[str, int], now: datetime | None
) -> Iterator[tuple[str, bytes]]:
    for line, row in batch:
        entry = wanted.get(row[0])
        if entry is not None and shows_as_desired(row, entry, files, now):
            yield entry.id, line


def _list(storage: Storage) -> _Listing:
    listing = _Listing({}, {})
    files, versions = listing.files, listing.versions
    for info in storage.list(""):
        path = info.path
        if not path.startswith(PRIVATE) or path.startswith(PARKED):
            files[path] = info.size
        elif (name := receipt_name_of(path)) is not None:
            versions[name] = info.version
        elif path == INDEX:
            listing.has_index = True
        elif path.startswith(SIGHTINGS) and (id_ := sighted_id(path)) is not None:
            listing.sighted.add(id_)
    return listing


@dataclass(frozen=True, slots=True)
class _Read:
    """What was read of some projects."""

    receipts: dict[str, Receipt] = field(default_factory=dict)
    invalid: dict[str, Problem] = field(default_factory=dict)
    unlisted: dict[str, int] = field(default_factory=dict)
    """Path to size of outputs that the listing omitted, and `stat` found."""


def _read_all(
    run: InventoryContext,
    storage: Storage,
    ids: Collection[str],
    files: Mapping[str, int],
    versions: Mapping[str, str | None],
) -> _Read:
    """Read the receipt of each project from its own file.

    Args:
        versions: by the names of receipts' files, as they were listed before.
    """
    if not ids:
        return _Read()
    index = None if run.indexes is None else run.indexes.of(storage)
    found = _Read()
    reading = collect(
        ids,
        lambda id_: attempt(id_, lambda: _read(run, storage, id_, files)),
        workers=run.settings.run.checkers,
        go_on=lambda: not run.stop(),
        progress=lambda number: None,  # noqa: ARG005 - only requests to the API are reported
    )
    for id_, one in reading.items():
        if isinstance(one, MhsyncError):
            found.invalid[id_] = one.problem
        elif one is not None:
            kept, found.receipts[id_], unlisted = one
            found.unlisted.update(unlisted)
            if index is not None:
                # The file was listed before it was read: if it changed in between, its version did too.
                index.add(kept, versions.get(receipt_name(id_)))
    return found


def _read(
    run: InventoryContext, storage: Storage, id: str, files: Mapping[str, int]
) -> tuple[Receipt, Receipt, dict[str, int]] | None:
    """The receipt as it is kept and for this API, and the outputs that `stat` finds and the listing omitted."""
    kept = read_receipt(storage, id, limit=run.settings.run.receipt_max)
    if kept is None:
        return None
    receipt = kept.for_api(run.api)
    unlisted = {o.path: storage.stat(o.path) for o in receipt.outputs if o.path not in files}
    return kept, receipt, {path: info.size for path, info in unlisted.items() if info is not None}
