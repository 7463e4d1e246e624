"""CloudStorage: a prefix in a bucket.

An object is visible whole or not at all: that is what the services promise of a single upload and of one in parts.
Nothing is written under another name first, so nothing is renamed.
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
from mhsync_cloud.bounds import Bounds
from mhsync_cloud.failures import explain, is_status, told
from mhsync_cloud.place import Place
from mhsync_cloud.process import must_be_home
from mhsync_cloud.reader import ObjectReader, Server
from mhsync_cloud.writer import uploading

if TYPE_CHECKING:
    from obstore import ObjectMeta
    from obstore.store import ObjectStore

NO_LIMIT = sys.maxsize
_START = 64 * 1024
"""Bytes that are asked for to see whether a storage can be read."""


@dataclass(frozen=True, slots=True)
class Stores:
    """The same bucket twice: `quick` for requests that move no file, `bulk` for those that do."""

    quick: ObjectStore
    bulk: ObjectStore


class CloudStorage(Storage):
    """A prefix in a bucket of S3, Google Cloud Storage or Azure.

    Args:
        copies_up_to: bytes that the service copies by itself, at once and for certain; larger files are copied
            through this machine.
        before_first_use: called once, before anything is asked of the service.
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
        self._lock, self._first_reading = threading.Lock(), threading.Lock()
        self._is_begun = self._is_known_store = False

    def __repr__(self) -> str:
        return f"CloudStorage({self._place.url()!r})"

    def list(self, prefix: str = "") -> Iterator[FileInfo]:
        self._begin()
        folder = prefix.rpartition("/")[0]
        if folder and not _is_path(folder):
            return
        firsts: set[str] = set()
        with told("list", self._place, folder):
            pages = obstore.list(self._stores.quick, folder or None, chunk_size=self._bounds.page)
        while True:
            with told("list", self._place, folder):
                page = next(pages, None)
            if not page:
                break
            if page[0]["path"] in firsts:
                raise StorageError(
                    f"the listing of {self._place.url(folder)} goes in circles",
                    hint="see that the service is well",
                )
            firsts.add(page[0]["path"])
            # What some tools put there to show the prefix as a folder has no path of its own.
            yield from (_info(meta) for meta in page if meta["path"] and meta["path"].startswith(prefix))
        if not firsts:
            self._must_be_a_store()

    def stat(self, path: str) -> FileInfo | None:
        self._begin(path)
        with told("look at", self._place, path):
            try:
                return _info(obstore.head(self._stores.quick, path))
            except FileNotFoundError:
                return None

    def open(self, path: str) -> BinaryIO:
        self._begin(path)
        reader = ObjectReader(self._stores.bulk, path, self._place, self._bounds, self._server)
        return io.BufferedReader(reader, 64 * 1024)

    @contextmanager
    def write(self, path: str) -> Iterator[Writer]:
        self._begin(path)
        with uploading(self._stores.bulk, path, self._place, self._bounds) as writer:
            yield writer
        if not self._server.serves_reads:
            with self._first_reading:
                if not self._server.serves_reads:
                    self._must_be_readable(path)

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
        with told("copy", self._place, source):
            obstore.copy(self._stores.bulk, source, target)
        after = self.stat(target)
        if after is None or after.size != before.size:
            raise StorageError(
                f"{self._place.url(target)} is not a complete copy of {source}",
                hint="run it again; the original file was not changed",
            )

    def remove(self, path: str) -> None:
        self._begin(path)
        with told("remove", self._place, path):
            try:
                obstore.delete(self._stores.quick, path)
            except FileNotFoundError as error:
                if explain(error, self._place).kind is not StorageNotFound:
                    raise
            except obstore.exceptions.BaseError as error:
                # gofakes3 answers 500 where there is no such object but others lie below its name.
                if not is_status(error, 500) or self._is_there(path):
                    raise

    def _is_there(self, path: str) -> bool:
        """Whether an object lies under the path; also where the server does not answer that."""
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
        must_be_home(self._place.url())
        with self._lock:
            if not self._is_begun:
                self._before_first_use()
                self._is_begun = True

    def _must_be_readable(self, path: str) -> None:
        """See once that what is written here can be read: no receipt may name a file that cannot.

        Raises:
            StorageError: the file that was written cannot be read back.
        """
        start = replace(self._bounds, read=_START)
        try:
            with ObjectReader(self._stores.bulk, path, self._place, start, self._server) as reader:
                reader.read(1)
        except StorageError as error:
            raise type(error)(
                f"{self._place.url(path)} was written, and cannot be read back: {error.message}", hint=error.hint
            ) from None

    def _must_be_a_store(self) -> None:
        """A listing without entries is also what a server that is no object storage seems to give.

        Raises:
            StorageUnavailable: it answers as if there were a file under a name that nobody ever used.
        """
        if self._is_known_store:
            return
        with told("list", self._place):
            try:
                obstore.head(self._stores.quick, f".mhsync/tmp/{uuid.uuid4()}")
            except (FileNotFoundError, obstore.exceptions.PermissionDeniedError):
                self._is_known_store = True
                return
        raise StorageUnavailable(
            f"what answers for {self._place.url()} is no object storage: it has a file under any name",
            hint="see that storage_options.endpoint is right",
        )


def _info(meta: ObjectMeta) -> FileInfo:
    etag = meta["e_tag"]
    # A listing of Azure has no quotes around it, a look at one object has.
    return FileInfo(meta["path"], meta["size"], None if etag is None else etag.strip('"'))


def _is_path(text: str) -> bool:
    """Whether files could lie below it at all; the prefix of a listing may be any text."""
    try:
        validate_path(text)
    except StorageError:
        return False
    return True
