"""Reading stored outputs back: what their bytes are now, against what a receipt says."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from mhsync.core.receipt import StoredOutput
from mhsync.core.template import path_key
from mhsync.errors import Interrupted, ReceiptInvalid, StorageNotFound
from mhsync.storage.base import Storage
from mhsync.storage.receipts import RECEIPTS, id_of, read_receipt


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What a file's bytes are. `size` is in bytes."""

    size: int
    sha256: str

    def is_of(self, output: StoredOutput) -> bool:
        return (self.size, self.sha256) == (output.size, output.sha256)


def read_back(storage: Storage, path: str, *, chunk: int, stop: Callable[[], bool]) -> Fingerprint | None:
    """Read a stored file through to its end; None where there is none.

    Raises:
        StorageError: it cannot be read.
        Interrupted: asked to stop.
    """
    digest, size = hashlib.sha256(), 0
    try:
        reader = storage.open(path)
    except StorageNotFound:
        return None
    with reader:
        while data := reader.read(chunk):
            if stop():
                raise Interrupted(f"interrupted while {path} was read back")
            digest.update(data)
            size += len(data)
    return Fingerprint(size, digest.hexdigest())


def named_paths(storage: Storage, *, limit: int) -> Iterator[tuple[str, set[str] | ReceiptInvalid]]:
    """For each receipt of the storage its id, and the paths that it names for whichever API, or its error.

    Reads every receipt: for the rare moments when somebody else's file may stand in the way, and for `verify`.
    """
    for info in storage.list(RECEIPTS):
        id_ = id_of(info.path)
        if id_ is None:
            continue
        try:
            receipt = read_receipt(storage, id_, limit=limit)
        except ReceiptInvalid as error:
            yield id_, error
            continue
        if receipt is None:
            continue
        named = set(receipt.paths)
        named |= {output.superseded for output in receipt.outputs if output.superseded is not None}
        for other in receipt.others:
            named |= _paths_of(other)
        yield id_, named


class Owners:
    """Whose file is it? Which receipts of a storage name a path, read once for a run and only when first asked.

    Within a run no two projects are given one path, and the lock keeps other runs out: once is enough.
    """

    def __init__(self, storage: Storage, *, limit: int) -> None:
        self._storage = storage
        self._limit = limit
        self._lock = threading.Lock()
        self._ids: dict[str, set[str]] | None = None
        self._is_partial = False

    def is_anothers(self, path: str, id: str) -> bool:
        """Whether a receipt of another project names the path; where one cannot be read, it may.

        Raises:
            StorageError: the receipts cannot be read.
        """
        with self._lock:
            if self._ids is None:
                self._ids = self._read()
        return self._is_partial or bool(self._ids.get(path_key(path), set()) - {id})

    def _read(self) -> dict[str, set[str]]:
        ids: dict[str, set[str]] = {}
        for id_, named in named_paths(self._storage, limit=self._limit):
            if isinstance(named, ReceiptInvalid):
                self._is_partial = True
                continue
            for path in named:
                ids.setdefault(path_key(path), set()).add(id_)
        return ids


def _paths_of(receipt: Mapping[str, object]) -> set[str]:
    """The paths that a receipt of another API names, read as it was written."""
    outputs = receipt.get("outputs")
    if not isinstance(outputs, list):
        return set()
    return {str(output.get("path")) for output in outputs if isinstance(output, dict)}
