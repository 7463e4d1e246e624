"""Access: instances of a file system, lent to one caller at a time, and what they raise told in mhsync's words."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TypeVar

from mhsync import StorageError
from mhsync_fsspec.backend import Backend
from mhsync_fsspec.failures import is_answer, not_opened, told

T = TypeVar("T")


class Access:
    """The file system of one storage; safe in threads, which most of fsspec's instances are not.

    Args:
        make: one more instance.
        name: the storage's folder as messages name it.
        secrets: values that no message may hold.
    """

    def __init__(self, make: Callable[[], Backend], name: str, secrets: Iterable[str] = ()) -> None:
        self._make = make
        self._secrets = tuple(secrets)
        self._idle: list[Backend] = []
        self._lock = threading.Lock()
        self._closed = False
        self.name = name

    def place(self, path: str) -> str:
        """A path of the storage as messages name it."""
        return f"{self.name}/{path}" if path else self.name

    def run(self, doing: str, path: str, work: Callable[[Backend], T]) -> T:
        """Do something that may be done twice: it is repeated once, with a new instance, unless it was answered.

        Raises:
            StorageError: it failed; the message names the path.
            StorageUnavailable: the file system cannot be opened.
        """
        backend, result = self.lease(doing, path, work)
        self.give(backend)
        return result

    def lease(self, doing: str, path: str, work: Callable[[Backend], T]) -> tuple[Backend, T]:
        """As `run`, but the instance is kept: `give` it back."""
        try:
            try:
                return self._begin(work)
            except Exception as error:
                if is_answer(error):
                    raise
            return self._begin(work, is_new=True)
        except Exception as error:
            raise self.told(doing, path, error) from error

    def told(self, doing: str, path: str, error: Exception) -> StorageError:
        return told(doing, self.place(path), error, self._secrets)

    def take(self, *, is_new: bool = False) -> Backend:
        """An instance of one's own; `give` it back.

        Args:
            is_new: none that was used before: its connection may be gone like the one that just broke.

        Raises:
            StorageUnavailable: it cannot be made.
        """
        with self._lock:
            if self._closed:
                raise StorageError("the storage is closed already")
            if self._idle and not is_new:
                return self._idle.pop()
        try:
            return self._make()
        except Exception as error:
            raise not_opened(self.name, error, self._secrets) from error

    def give(self, backend: Backend, *, is_sound: bool = True) -> None:
        """Hand an instance back; one that may have lost its connection is let go of."""
        with self._lock:
            keep = is_sound and not self._closed
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
        backend = self.take(is_new=is_new)
        try:
            return backend, work(backend)
        except BaseException as error:
            self.give(backend, is_sound=isinstance(error, Exception) and is_answer(error))
            raise


def _close(backend: Backend) -> None:
    with suppress(Exception):  # it may be broken already, in whatever way
        backend.close()
