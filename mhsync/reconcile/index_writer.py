"""The receipt indexes that an apply writes at its end: one for each storage, of what it read and wrote."""

from __future__ import annotations

import logging
from dataclasses import field

from mhsync.core.index_row import row_of
from mhsync.core.receipt import Receipt
from mhsync.dataclass import dataclass
from mhsync.errors import MhsyncError
from mhsync.storage.base import Storage
from mhsync.storage.index_file import write_index
from mhsync.storage.receipts import receipt_name

log = logging.getLogger(__name__)


@dataclass(slots=True)
class StorageIndex:
    """What the index of one storage is to hold. Any thread may add to it.

    Args:
        api: the origin that it is for.
        row_max: bytes; a receipt with a longer row has none.
    """

    api: str
    row_max: int
    lines: dict[str, bytes] = field(default_factory=dict)
    """By the name of a receipt's file."""
    is_observed: bool = False
    """Whether the storage was listed; its index is not replaced otherwise."""
    is_changed: bool = False
    """Whether the file holds something else."""

    def add(self, receipt: Receipt, version: str | None) -> None:
        """Take a receipt as it is in its file.

        Args:
            version: of exactly these bytes; None if it is not known: the receipt then has no row.
        """
        name = receipt_name(receipt.id)
        line = None if version is None else row_of(receipt, name, version, self.api)
        if line is None or len(line) > self.row_max:
            self.is_changed = self.lines.pop(name, None) is not None or self.is_changed
        elif self.lines.get(name) != line:
            self.lines[name] = line
            self.is_changed = True


class Indexes:
    """The indexes of a run, by storage."""

    def __init__(self, api: str, *, row_max: int) -> None:
        self._api = api
        self._row_max = row_max
        self._by_storage: dict[Storage, StorageIndex] = {}

    def of(self, storage: Storage) -> StorageIndex:
        found = self._by_storage.get(storage)
        if found is None:
            found = self._by_storage.setdefault(storage, StorageIndex(self._api, self._row_max))
        return found

    def write(self, *, rows_max: int | None = None) -> None:
        """Write each index that is not as its file. A failure is only logged: the next plan reads more files.

        Args:
            rows_max: leave out indexes with more rows; None writes all.
        """
        for storage, index in self._by_storage.items():
            is_short = rows_max is None or len(index.lines) <= rows_max
            if index.is_observed and index.is_changed and is_short:
                try:
                    write_index(storage, index.api, index.lines)
                except MhsyncError as error:
                    log.info("the index of receipts was not written: %s", error.message)
