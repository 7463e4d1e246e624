"""MinimalStorage: the least that a storage plugin must write."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from mhsync.storage.base import Storage, Writer, validate_path
from mhsync.storage_kit.spool import spooling


class MinimalStorage(Storage):
    """A storage made of five methods: `list`, `stat`, `open`, `put` and `remove`.

    `write` collects the bytes in a local file (a spool) and calls `put` when the block ends without an exception.
    The spool is removed when the block ends. If the process is killed, the next `apply` removes it.
    """

    gives_local_files = True

    @abstractmethod
    def put(self, path: str, file: BinaryIO, size: int) -> None:
        """Store a file under the path, replacing an existing file. Any thread may call it.

        The file must become visible at once and completely, or not at all, also if the process is killed. When
        the method returns, the file must be durable and in the next listing.

        Args:
            path: was checked with `validate_path`.
            file: the content, readable from its beginning. Read it in pieces: it may be large.
            size: its length in bytes.

        Raises:
            StorageError: the file was not stored.
        """

    @contextmanager
    def write(self, path: str) -> Iterator[Writer]:
        validate_path(path)
        with spooling(path) as spool:
            yield spool
            with spool.local_path.open("rb") as file:
                self.put(path, file, spool.size)
