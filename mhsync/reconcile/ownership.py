"""Which receipts of a storage name a path: no file is replaced, moved or removed that another receipt names."""

from __future__ import annotations

import threading
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from itertools import islice

from mhsync.core.layout import RECEIPTS
from mhsync.core.receipt import Receipt
from mhsync.core.template import path_key
from mhsync.errors import ReceiptInvalid
from mhsync.reconcile.parallel import map_unordered
from mhsync.settings import RunSettings
from mhsync.storage.base import Storage
from mhsync.storage.receipts import id_of, read_receipt

_PART = 8
"""Receipts that a thread reads before it takes the next ones: in a folder, a hand-over costs as much as a read."""


def named_paths(
    storage: Storage, settings: RunSettings, *, without: Container[str] = ()
) -> Iterator[tuple[str, Mapping[str, frozenset[str]] | ReceiptInvalid]]:
    """For each receipt of the storage its id, and the paths that it names by API origin, or its error.

    Reads every receipt, `settings.transfers` at a time: only for paths that may belong to another project, and for
    `verify`. The order is not defined. Ids in `without` are left out.
    """
    found = (id_of(info.path) for info in storage.list(RECEIPTS))
    ids = (id_ for id_ in found if id_ is not None and id_ not in without)
    parts = iter(lambda: tuple(islice(ids, _PART)), ())

    def read(id_: str) -> Mapping[str, frozenset[str]] | ReceiptInvalid | None:
        try:
            receipt = read_receipt(storage, id_, limit=settings.receipt_max)
        except ReceiptInvalid as error:
            return error
        if receipt is None:
            return None
        return paths_by_api(receipt)

    def read_part(part: Sequence[str]) -> list[Mapping[str, frozenset[str]] | ReceiptInvalid | None]:
        return [read(id_) for id_ in part]

    for part, results in map_unordered(parts, read_part, workers=settings.transfers, go_on=lambda: True):
        for id_, named in zip(part, results, strict=True):
            if named is not None:
                yield id_, named


def paths_by_api(receipt: Receipt) -> dict[str, frozenset[str]]:
    """The paths that a receipt names, by API origin."""
    others = {str(other.get("api")): _paths_of(other) for other in receipt.others}
    return {**others, receipt.api: receipt.named}


class Owners:
    """Which receipts of a storage name a path. The receipts are read once in a run, on the first call.

    The lock keeps other runs out, and what this run writes into receipts is passed to `record`: once is enough.
    A project may have a record for each of several APIs; each is an owner of its own.
    """

    def __init__(self, storage: Storage, settings: RunSettings) -> None:
        self._storage = storage
        self._settings = settings
        self._lock = threading.Lock()
        self._is_read = False
        self._owners: dict[str, set[tuple[str, str]]] = {}
        """By path key: the id and the API origin of each record that names the path."""
        self._keys: dict[tuple[str, str], set[str]] = {}
        self._unreadable: set[str] = set()

    def other(self, path: str, id: str) -> str | None:
        """A description of another project's receipt that names the path; None where there is none.

        A receipt that cannot be read counts as naming every path.

        Raises:
            StorageError: the receipts cannot be read.
        """
        with self._lock:
            self._read()
            others = sorted(owner for owner, _ in self._owners.get(path_key(path), ()) if owner != id)
            if others:
                return f"the receipt of {others[0]}"
            return f"the receipt of {min(self._unreadable)}, which cannot be read," if self._unreadable else None

    def is_shared(self, path: str, receipt: Receipt) -> bool:
        """Whether any other record names the path: of another project, or of this one for another API.

        Raises:
            StorageError: the receipts cannot be read.
        """
        with self._lock:
            self._read()
            others = self._owners.get(path_key(path), set()) - {(receipt.id, receipt.api)}
            return bool(others or self._unreadable)

    def is_named(self, path: str) -> bool:
        """Whether any receipt names the path.

        Raises:
            StorageError: the receipts cannot be read.
        """
        with self._lock:
            self._read()
            return bool(self._owners.get(path_key(path)) or self._unreadable)

    def record(self, receipt: Receipt) -> None:
        """Take note of what this run has just written into a receipt."""
        with self._lock:
            if self._is_read:
                self._set(receipt.id, receipt.api, receipt.named)

    def _read(self) -> None:
        if self._is_read:
            return
        for id_, named in named_paths(self._storage, self._settings):
            if isinstance(named, ReceiptInvalid):
                self._unreadable.add(id_)
                continue
            for api, paths in named.items():
                self._set(id_, api, paths)
        self._is_read = True

    def _set(self, id: str, api: str, paths: Iterable[str]) -> None:
        owner = (id, api)
        for key in self._keys.pop(owner, ()):
            self._owners[key].discard(owner)
        self._keys[owner] = {path_key(path) for path in paths}
        for key in self._keys[owner]:
            self._owners.setdefault(key, set()).add(owner)


def _paths_of(receipt: Mapping[str, object]) -> frozenset[str]:
    """The paths that a receipt of another API names, read as it was written."""
    named: set[str] = set()
    for key in ("outputs", "storing", "set_aside"):
        items = receipt.get(key)
        for item in items if isinstance(items, list) else ():
            if isinstance(item, dict):
                named |= {path for path in (item.get("path"), item.get("superseded")) if isinstance(path, str)}
    return frozenset(named)
