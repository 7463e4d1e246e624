"""CloudStorage: a prefix in a bucket.

The services make an object visible completely or not at all, also if it is uploaded in parts. So objects are
written under their own names, and none is renamed.
"""

from __future__ import annotations

import io
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, BinaryIO

import obstore

from mhsync import FileInfo, Storage, StorageError, StorageNotFound, StorageUnavailable, Writer, validate_path
from mhsync.storage_kit import is_file_path
from mhsync_cloud.bounds import Bounds
from mhsync_cloud.failures import explain, is_status, storage_errors
from mhsync_cloud.place import Place
from mhsync_cloud.process import refuse_fork
from mhsync_cloud.reader import Server, open_object
from mhsync_cloud.writer import uploading, version_of

if TYPE_CHECKING:
    from obstore import ObjectMeta
    from obstore.store import ObjectStore

NO_LIMIT = sys.maxsize
_START = 64 * 1024
"""Bytes that are read back to check whether a storage can be read."""


@dataclass(frozen=True, slots=True)
class Stores:
    """Two clients of one bucket: `quick` for requests that transfer no file, `bulk` for those that do."""

    quick: ObjectStore
    bulk: ObjectStore


class CloudStorage(Storage):
    """A prefix in a bucket of S3, Google Cloud Storage or Azure.

    Args:
        copies_up_to: size in bytes of the largest file that the server copies completely in one request. Larger
            files are copied through this machine.
        before_first_use: called once, before the first request.
    """

    def __init__(
        self,
        stores: Stores,
        place: Place,
        bounds: Bounds,
        *,
        copies_up_to: int = NO_LIMIT,
        before_first_use: Callable[[], None] = lambda: None,
    ) -> None:
        self._stores = stores
        self._place = place
        self._bounds = bounds
        self._copies_up_to = copies_up_to
        self._before_first_use = before_first_use
        self._server = Server()
        self._lock, self._first_read = threading.Lock(), threading.Lock()
        self._is_started = self._is_object_storage = False

    def __repr__(self) -> str:
        return f"CloudStorage({self._place.url()!r})"

    def list(self, prefix: str = "") -> Iterator[FileInfo]:
        self._begin()
        folder = prefix.rpartition("/")[0]
        if folder and not is_file_path(folder):
            return
        first_paths: set[str] = set()
        with storage_errors("list", self._place, folder):
            pages = obstore.list(self._stores.quick, folder or None, chunk_size=self._bounds.page)
        while True:
            with storage_errors("list", self._place, folder):
                page = next(pages, None)
            if not page:
                break
            if page[0]["path"] in first_paths:
                raise StorageError(
                    f"the listing of {self._place.url(folder)} repeats a page",
                    hint="check the service, then run it again",
                )
            first_paths.add(page[0]["path"])
            # The empty object with which some tools represent the prefix as a folder has no path.
            yield from (_info(meta) for meta in page if meta["path"] and meta["path"].startswith(prefix))
        if not first_paths:
            self._check_is_object_storage()

    def stat(self, path: str) -> FileInfo | None:
        self._begin(path)
        with storage_errors("stat", self._place, path):
            try:
                return _info(obstore.head(self._stores.quick, path))
            except FileNotFoundError:
                return None

    def open(self, path: str) -> BinaryIO:
        self._begin(path)
        reader = open_object(self._stores.bulk, path, self._place, self._bounds, self._server)
        return io.BufferedReader(reader, 64 * 1024)

    @contextmanager
    def write(self, path: str) -> Iterator[Writer]:
        self._begin(path)
        with uploading(self._stores.bulk, path, self._place, self._bounds) as writer:
            yield writer
        if not self._server.serves_reads:
            with self._first_read:
                if not self._server.serves_reads:
                    self._check_is_readable(path)

    def copy(self, source: str, target: str) -> None:
        """Copy on the server, or through this machine where the server cannot copy a file of this size at once."""
        self._begin(source, target)
        before = self.stat(source)
        if before is None:
            raise StorageNotFound(f"there is no file {self._place.url(source)}")
        if source == target:
            return
        if before.size > self._copies_up_to:
            super().copy(source, target)
            return
        with storage_errors("copy", self._place, source):
            obstore.copy(self._stores.bulk, source, target)
        after = self.stat(target)
        if after is None or after.size != before.size:
            raise StorageError(
                f"{self._place.url(target)} is not a complete copy of {source}",
                hint="run it again; the original file was not changed",
            )

    def remove(self, path: str) -> None:
        self._begin(path)
        with storage_errors("remove", self._place, path):
            try:
                obstore.delete(self._stores.quick, path)
            except FileNotFoundError as error:
                if explain(error, self._place).kind is not StorageNotFound:
                    raise
            except obstore.exceptions.BaseError as error:
                # gofakes3 responds with 500 if there is no such object but others are below its name.
                if not is_status(error, 500) or self._is_there(path):
                    raise

    def _is_there(self, path: str) -> bool:
        """Whether there is an object at the path. True also if that cannot be found out."""
        try:
            obstore.head(self._stores.quick, path)
        except FileNotFoundError:
            return False
        except obstore.exceptions.BaseError:
            return True
        return True

    def _begin(self, *paths: str) -> None:
        for path in paths:
            validate_path(path)
        refuse_fork(self._place.url())
        with self._lock:
            if not self._is_started:
                self._before_first_use()
                self._is_started = True

    def _check_is_readable(self, path: str) -> None:
        """Check that the first file of a storage can be read, before a receipt names it.

        Raises:
            StorageError: the file cannot be read.
        """
        start = replace(self._bounds, read=_START)
        try:
            with open_object(self._stores.bulk, path, self._place, start, self._server) as reader:
                reader.read(1)
        except StorageError as error:
            raise type(error)(
                f"{self._place.url(path)} was written, but cannot be read: {error.message}", hint=error.hint
            ) from None

    def _check_is_object_storage(self) -> None:
        """Check a server whose listing is empty. Servers of other kinds may respond to everything with 200.

        Raises:
            StorageUnavailable: the server has a file with a random name.
        """
        if self._is_object_storage:
            return
        with storage_errors("list", self._place):
            try:
                obstore.head(self._stores.quick, f".mhsync/tmp/{uuid.uuid4()}")
            except (FileNotFoundError, obstore.exceptions.PermissionDeniedError):
                self._is_object_storage = True
                return
        raise StorageUnavailable(
            f"the server of {self._place.url()} is not an object storage: it has a file with any name",
            hint="check storage_options.endpoint",
        )


def _info(meta: ObjectMeta) -> FileInfo:
    return FileInfo(meta["path"], meta["size"], version_of(meta["e_tag"]))
