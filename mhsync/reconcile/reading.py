"""Reading stored outputs back: what their bytes are now, against what a receipt says."""

from __future__ import annotations

import hashlib
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


def named_paths(
    storage: Storage, *, limit: int, besides: str | None = None
) -> Iterator[set[str] | ReceiptInvalid]:
    """For each receipt of the storage the paths that it names, for whichever API, or why it cannot be read.

    Reads every receipt: for the rare moments when somebody else's file may stand in the way, and for `verify`.
    """
    for info in storage.list(RECEIPTS):
        id_ = id_of(info.path)
        if id_ is None or id_ == besides:
            continue
        try:
            receipt = read_receipt(storage, id_, limit=limit)
        except ReceiptInvalid as error:
            yield error
            continue
        if receipt is None:
            continue
        named = set(receipt.paths)
        named |= {output.superseded for output in receipt.outputs if output.superseded is not None}
        for other in receipt.others:
            named |= _paths_of(other)
        yield named


def is_named(storage: Storage, path: str, *, besides: str, limit: int) -> bool:
    """Whether any receipt but that of `besides` names the path as an output; one that cannot be read may."""
    key = path_key(path)
    return any(
        isinstance(named, ReceiptInvalid) or key in map(path_key, named)
        for named in named_paths(storage, limit=limit, besides=besides)
    )


def _paths_of(receipt: Mapping[str, object]) -> set[str]:
    """The paths that a receipt of another API names, read as it was written."""
    outputs = receipt.get("outputs")
    if not isinstance(outputs, list):
        return set()
    return {str(output.get("path")) for output in outputs if isinstance(output, dict)}
