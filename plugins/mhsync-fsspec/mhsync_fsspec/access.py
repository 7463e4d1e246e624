"""Access: a pool of instances of a file system. Their exceptions become errors of mhsync."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TypeVar

from mhsync import StorageError
from mhsync_fsspec.backend import Backend
from mhsync_fsspec.failures import is_final, not_opened, storage_error

T = TypeVar("T")


class Access:
    """The file system of one storage, for many threads. Most instances of fsspec are not thread-safe.

    Args:
        make: makes an instance.
        name: the folder of the storage, as messages name it.
        secrets: values that no message may contain.
    """

    def __init__(self, make: Callable[[], Backend], name: str, secrets: Iterable[str] = ()) -> None:
        self._make = make
        self._secrets = tuple(secrets)
        self._idle: list[Backend] = []
        self._lock = threading.Lock()
        self._closed = False
        self.name = name

    def place(self, path: str) -> str:
        """A path of the storage, as messages name it."""
        return f"{self.name}/{path}" if path else self.name

    def run(self, doing: str, path: str, work: Callable[[Backend], T]) -> T:
        """Run an operation that can be repeated. It is retried once with a new instance if the error is not final.

        Args:
            doing: the operation, as the message has it after "cannot".

        Raises:
            StorageError: it failed. The message names the path.
            StorageUnavailable: the file system cannot be opened.
        """
        backend, result = self.lease(doing, path, work)
        self.release(backend)
        return result

    def lease(self, doing: str, path: str, work: Callable[[Backend], T]) -> tuple[Backend, T]:
        """Like `run`, but the caller keeps the instance, and must `release` it."""
        try:
            try:
                return self._begin(work)
            except Exception as error:
                if is_final(error):
                    raise
            return self._begin(work, is_new=True)
        except StorageError:
            raise
        except Exception as error:
            raise self.error(doing, path, error) from error

    def error(self, doing: str, path: str, error: Exception) -> StorageError:
        """The error of mhsync for an exception of the file system."""
        return storage_error(doing, self.place(path), error, self._secrets)

    def acquire(self, *, is_new: bool = False) -> Backend:
        """An instance that no other caller uses. The caller must `release` it.

        Args:
            is_new: do not reuse an instance, because its connection may be broken too.

        Raises:
            StorageUnavailable: it cannot be made.
        """
        with self._lock:
            if self._closed:
                raise StorageError("the storage is already closed")
            if self._idle and not is_new:
                return self._idle.pop()
        try:
            return self._make()
        except Exception as error:
            raise not_opened(self.name, error, self._secrets) from error

    def release(self, backend: Backend, *, is_reusable: bool = True) -> None:
        """Return an instance to the pool. One that may have lost its connection is closed."""
        with self._lock:
            keep = is_reusable and not self._closed
            if keep:
                self._idle.append(backend)
        if not keep:
            _close(backend)

    def close(self) -> None:
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for backend in idle:
            _close(backend)

    def _begin(self, work: Callable[[Backend], T], *, is_new: bool = False) -> tuple[Backend, T]:
        backend = self.acquire(is_new=is_new)
        try:
            return backend, work(backend)
        except BaseException as error:
            self.release(backend, is_reusable=isinstance(error, Exception) and is_final(error))
            raise


def _close(backend: Backend) -> None:
    with suppress(Exception):  # the connection may be broken
        backend.close()
