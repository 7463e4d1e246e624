"""Read stored files back, and compare their bytes with a receipt."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from mhsync.core.audio import HEAD
from mhsync.core.receipt import FileRecord, StoredOutput
from mhsync.dataclass import dataclass
from mhsync.errors import Interrupted, StorageNotFound
from mhsync.storage.base import Storage


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What a file's bytes are. `size` is in bytes; `head` holds the first of them."""

    size: int
    sha256: str
    head: bytes = b""

    def is_of(self, output: StoredOutput | FileRecord) -> bool:
        return (self.size, self.sha256) == (output.size, output.sha256)


def read_back(storage: Storage, path: str, *, chunk: int, stop: Callable[[], bool]) -> Fingerprint | None:
    """Read a stored file through to its end; None where there is none.

    Raises:
        StorageError: it cannot be read.
        Interrupted: asked to stop.
    """
    digest, size, head = hashlib.sha256(), 0, b""
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
            if len(head) < HEAD:
                head += data[: HEAD - len(head)]
    return Fingerprint(size, digest.hexdigest(), head)
