"""GuardedStorage: a storage whose exceptions are all errors of mhsync.

A plugin may raise anything, from any method, while a listing is read and while a file is written. The wrapper is
put around each storage once, where it is opened, so that no other code has to catch exceptions that are not an
`MhsyncError`. Errors of mhsync, `KeyboardInterrupt` and exceptions of the caller pass unchanged.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO, Generic, TypeVar, cast

from mhsync.dataclass import dataclass
from mhsync.errors import MhsyncError, StorageError
from mhsync.hooks.invoke import one_line
from mhsync.storage.base import FileInfo, Keeper, LocalWriter, Partials, Storage, Writer
from mhsync.storage.os_errors import printable_path

if TYPE_CHECKING:
    from mhsync.fileio.partial import Partial, Restored

log = logging.getLogger(__name__)

T = TypeVar("T")

_HINT = "this is a defect of the plugin: report it to its authors, with the output of -vv"


@dataclass(frozen=True, slots=True)
class Guard:
    """Calls methods of a storage. `name` is what messages call the plugin."""

    name: str

    def call(self, doing: str, method: Callable[[], T]) -> T:
        """What the method returns.

        Args:
            doing: what was tried, as it follows "cannot".

        Raises:
            MhsyncError: the error that the method raised, or a `StorageError` in place of any other exception.
        """
        try:
            return method()
        except MhsyncError:
            raise
        except (Exception, SystemExit) as error:
            raise self.error(doing, error) from error

    def error(self, doing: str, error: BaseException) -> StorageError:
        return StorageError(f"{self.name}: cannot {doing}: {one_line(error)}", hint=_HINT)

    def wrong_type(self, doing: str, value: object, expected: str) -> StorageError:
        return StorageError(
            f"{self.name}: cannot {doing}: got {type(value).__name__} where {expected} is required", hint=_HINT
        )


class GuardedStorage(Storage):
    """Passes each call on to a storage, and turns the exceptions of a plugin into a `StorageError`.

    Args:
        name: what messages call the plugin that the storage came from.
        storage: the storage itself, kept as `wrapped`.
    """

    def __init__(self, name: str, storage: Storage) -> None:
        self.wrapped = storage
        self._guard = Guard(name)
        self.is_local = self._guard.call("open the storage", lambda: bool(storage.is_local))
        self.gives_local_files = self._guard.call("open the storage", lambda: bool(storage.gives_local_files))

    def __repr__(self) -> str:
        return self._guard.call("describe the storage", lambda: repr(self.wrapped))

    def list(self, prefix: str = "") -> Iterator[FileInfo]:
        doing = "list the storage"
        # One block for the whole listing: a call of the guard for each of a million files would take seconds.
        try:
            for info in self.wrapped.list(prefix):
                yield self._checked(doing, info)
        except MhsyncError:
            raise
        except (Exception, SystemExit) as error:
            raise self._guard.error(doing, error) from error

    def _checked(self, doing: str, info: object) -> FileInfo:
        if not isinstance(info, FileInfo):
            raise self._guard.wrong_type(doing, info, "a FileInfo")
        return info

    def stat(self, path: str) -> FileInfo | None:
        doing = f"look at {printable_path(path)}"
        info = self._guard.call(doing, lambda: self.wrapped.stat(path))
        if info is not None and not isinstance(info, FileInfo):
            raise self._guard.wrong_type(doing, info, "a FileInfo or None")
        return info

    def sizes(self, paths: Collection[str]) -> Mapping[str, int] | None:
        doing = "look at files"
        sizes = self._guard.call(doing, lambda: self.wrapped.sizes(paths))
        if sizes is not None and not isinstance(sizes, Mapping):
            raise self._guard.wrong_type(doing, sizes, "a mapping or None")
        return sizes

    def open(self, path: str) -> BinaryIO:
        doing = f"read {printable_path(path)}"
        reader = self._guard.call(doing, lambda: self.wrapped.open(path))
        return cast("BinaryIO", GuardedReader(self._guard, doing, reader))

    def local_file(self, path: str) -> Path | None:
        doing = f"find {printable_path(path)} on this machine"
        file = self._guard.call(doing, lambda: self.wrapped.local_file(path))
        if file is not None and not isinstance(file, Path):
            raise self._guard.wrong_type(doing, file, "a Path or None")
        return file

    def write(self, path: str) -> AbstractContextManager[Writer]:
        doing = f"write {printable_path(path)}"
        return GuardedBlock(
            self._guard,
            doing,
            lambda: self.wrapped.write(path),
            lambda writer: _writer(self._guard, doing, writer),
        )

    def copy(self, source: str, target: str) -> None:
        self._guard.call(
            f"copy {printable_path(source)} to {printable_path(target)}", lambda: self.wrapped.copy(source, target)
        )

    def remove(self, path: str) -> None:
        self._guard.call(f"remove {printable_path(path)}", lambda: self.wrapped.remove(path))

    def flush(self, path: str) -> None:
        self._guard.call(f"flush {printable_path(path)}", lambda: self.wrapped.flush(path))

    def lock(self) -> AbstractContextManager[object]:
        return GuardedBlock(self._guard, "lock the storage", lambda: self.wrapped.lock(), lambda held: held)

    def partials(self) -> Partials | None:
        partials = self._guard.call("find interrupted downloads", self.wrapped.partials)
        return None if partials is None else GuardedPartials(self._guard, partials)

    def sweep(self) -> None:
        self._guard.call("clear temporary files", self.wrapped.sweep)

    def close(self) -> None:
        self._guard.call("close the storage", self.wrapped.close)


class GuardedBlock(AbstractContextManager[T], Generic[T]):
    """A context manager of a plugin: of a write, or of a lock.

    The exception that ends the block always reaches the caller: a plugin cannot make a failed write look like one
    that ended well.

    Args:
        make: gives the context manager; called when the block begins.
        wrap: what the block gets in place of the plugin's own value.
    """

    def __init__(
        self, guard: Guard, doing: str, make: Callable[[], AbstractContextManager[Any]], wrap: Callable[[Any], T]
    ) -> None:
        self._guard = guard
        self._doing = doing
        self._make = make
        self._wrap = wrap

    def __enter__(self) -> T:
        self._context = self._guard.call(self._doing, self._make)
        return self._wrap(self._guard.call(self._doing, self._context.__enter__))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._context.__exit__(kind, error, trace)
        except MhsyncError:
            raise
        except (Exception, SystemExit) as raised:
            if error is None:
                raise self._guard.error(self._doing, raised) from raised
            if raised is not error:
                # The exception that ended the block says what happened first.
                log.debug("%s", self._guard.error(self._doing, raised).message, exc_info=raised)


def _writer(guard: Guard, doing: str, writer: Writer) -> GuardedWriter:
    is_local = guard.call(doing, lambda: _is_local_writer(writer))
    return GuardedLocalWriter(guard, doing, writer) if is_local else GuardedWriter(guard, doing, writer)


def _is_local_writer(writer: Writer) -> bool:
    """As `isinstance`, which takes longer than all other calls of a write together."""
    kind = type(writer)
    return all(hasattr(kind, name) for name in ("write", "local_path", "flush")) or isinstance(writer, LocalWriter)


class GuardedWriter:
    """A `Writer` of a plugin, kept as `wrapped`."""

    def __init__(self, guard: Guard, doing: str, writer: Writer) -> None:
        self.wrapped = writer
        self._guard = guard
        self._doing = doing

    def write(self, data: bytes, /) -> int:
        return self._guard.call(self._doing, lambda: self.wrapped.write(data))

    @property
    def version(self) -> str | None:
        version = self._guard.call(self._doing, lambda: getattr(self.wrapped, "version", None))
        if version is not None and not isinstance(version, str):
            raise self._guard.wrong_type(self._doing, version, "a str or None")
        return version


class GuardedLocalWriter(GuardedWriter):
    """A `LocalWriter` of a plugin."""

    @property
    def local_path(self) -> Path:
        return self._guard.call(self._doing, lambda: Path(cast("LocalWriter", self.wrapped).local_path))

    def flush(self) -> None:
        self._guard.call(self._doing, cast("LocalWriter", self.wrapped).flush)


class GuardedReader(io.RawIOBase):
    """A binary reader of a plugin."""

    def __init__(self, guard: Guard, doing: str, reader: BinaryIO) -> None:
        super().__init__()
        self._guard = guard
        self._doing = doing
        self._reader = reader

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        data = self._guard.call(self._doing, lambda: self._reader.read(-1 if size is None else size))
        if not isinstance(data, bytes):
            raise self._guard.wrong_type(self._doing, data, "bytes")
        return data

    def readall(self) -> bytes:
        return b"".join(iter(self.read, b""))

    def readinto(self, buffer: Any, /) -> int:
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed:
            super().close()
            self._guard.call(self._doing, self._reader.close)


@dataclass(frozen=True, slots=True)
class GuardedPartials(Partials):
    guard: Guard
    partials: Partials

    def under(self, name: str) -> Keeper:
        return GuardedKeeper(
            self.guard, self.guard.call("find interrupted downloads", lambda: self.partials.under(name))
        )

    def clear(self, name: str) -> None:
        self.guard.call("clear interrupted downloads", lambda: self.partials.clear(name))

    def clear_old(self, age: float, now: float) -> None:
        self.guard.call("clear interrupted downloads", lambda: self.partials.clear_old(age, now))


@dataclass(frozen=True, slots=True)
class GuardedKeeper(Keeper):
    guard: Guard
    keeper: Keeper

    def restore(self, writer: Writer, source: str, *, head: int, check: Callable[[], None]) -> Restored | None:
        stopped: list[BaseException] = []

        def checked() -> None:
            try:
                check()
            except BaseException as error:
                stopped.append(error)
                raise

        try:
            return self.guard.call(
                "restore an interrupted download",
                lambda: self.keeper.restore(_unwrapped(writer), source, head=head, check=checked),
            )
        except StorageError as error:
            # What `check` raises is the caller's own, and stops the download.
            if stopped and error.__cause__ is stopped[0]:
                raise stopped[0] from None
            raise

    def keep(self, writer: Writer, partial: Partial) -> bool:
        return self.guard.call(
            "keep an interrupted download", lambda: self.keeper.keep(_unwrapped(writer), partial)
        )


def _unwrapped(writer: Writer) -> Writer:
    return writer.wrapped if isinstance(writer, GuardedWriter) else writer
