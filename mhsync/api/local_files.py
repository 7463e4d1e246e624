"""Stores complete files in a local directory, without receipts: for `check_result`, which uses no manifest."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mhsync.core.paths import split_ext
from mhsync.dataclass import dataclass
from mhsync.errors import StorageError
from mhsync.fileio.early_flush import EarlyFlush
from mhsync.fileio.live import clear_dead, create
from mhsync.fileio.partial import Partial, PartialFolder, Restored

_PREFIX, _SUFFIX = ".mhsync-", ".part"
_KEPT_PREFIX = ".mhsync-kept-"
_READ_SIZE = 1024 * 1024
_HINT = "choose another directory, or free space in this one"
_NAMES_MAX = 1000
"""Names that are tried for one file."""


class Directory:
    """A directory for downloaded files. It is created at once, with its parents.

    Raises:
        StorageError: it cannot be created, or is not a directory.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._placed: set[Path] = set()
        if path.exists() and not path.is_dir():
            raise StorageError(f"{path} is a file, not a directory", hint="name a directory for the downloads")
        with _storage_errors(path):
            path.mkdir(parents=True, exist_ok=True)
        self._kept = PartialFolder(lambda _make: self._opened(), _KEPT_PREFIX)

    def clear(self, age: float, now: float) -> None:
        """Remove temporary files of killed runs, and kept downloads that are older than `age` seconds.

        Args:
            now: seconds since 1970.
        """
        with suppress(OSError), self._opened() as folder:
            clear_dead(folder, _PREFIX, _SUFFIX)
        self._kept.clear_old(age, now)

    @contextmanager
    def temporary(self) -> Iterator[TemporaryFile]:
        """A file that has no final name until `place`; it is removed after the block."""
        with _storage_errors(self._path), self._opened() as folder:
            descriptor, name = create(folder, _PREFIX, _SUFFIX, 0o666)
        file = TemporaryFile(descriptor, self._path / name)
        try:
            yield file
        finally:
            file.close()
            with suppress(OSError):
                file.path.unlink()

    def keeper(self, name: str) -> DirectoryKeeper:
        """Keeps an interrupted download in this directory. `name` consists of letters, digits, `_` and `-`."""
        return DirectoryKeeper(self, name)

    def keep(self, name: str, file: TemporaryFile, partial: Partial) -> bool:
        """See `Keeper.keep`."""
        with suppress(OSError), self._opened() as folder:
            if file.path.stat().st_size == partial.size:
                return self._kept.keep(name, partial, folder, file.path.name)
        return False

    def restore(
        self, name: str, file: TemporaryFile, source: str, head: int, check: Callable[[], None]
    ) -> Restored | None:
        """See `Keeper.restore`."""
        with suppress(OSError), self._opened() as folder:
            found = self._kept.restore(name, source, folder, file.path.name, head=head, check=check)
            if found is not None:
                file.replace_descriptor(found.descriptor)
            return found
        return None

    @contextmanager
    def _opened(self) -> Iterator[int]:
        folder = os.open(self._path, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
        try:
            yield folder
        finally:
            os.close(folder)

    def place(self, file: TemporaryFile, name: str, sha256: str) -> Path:
        """Give a complete file its final name, or the next free one; no file is replaced.

        An existing file with the same content is used instead.

        Returns:
            The path of the file.

        Raises:
            StorageError: the file system failed, or too many files have this name.
        """
        file.sync()
        stem, ext = split_ext(name)
        for number in range(1, _NAMES_MAX):
            path = self._path / (name if number == 1 else f"{stem}-{number}{ext}")
            with _storage_errors(path):
                if path not in self._placed and (_link_if_free(file.path, path) or _has_sha256(path, sha256)):
                    self._placed.add(path)
                    _sync_directory(self._path)
                    return path
        raise StorageError(f"{self._path}: {_NAMES_MAX} files with the name {name} exist", hint=_HINT)


@dataclass(frozen=True, slots=True)
class DirectoryKeeper:
    """The `Keeper` of one output in a directory."""

    directory: Directory
    name: str

    def restore(
        self, writer: TemporaryFile, source: str, *, head: int, check: Callable[[], None]
    ) -> Restored | None:
        return self.directory.restore(self.name, writer, source, head, check)

    def keep(self, writer: TemporaryFile, partial: Partial) -> bool:
        return self.directory.keep(self.name, writer, partial)


class TemporaryFile:
    """An unfinished file. It is locked until it is closed. Writes are not buffered."""

    def __init__(self, descriptor: int, path: Path) -> None:
        self._descriptor = descriptor
        self._early_flush = EarlyFlush()
        self.path = path

    def write(self, data: bytes, /) -> int:
        left = memoryview(data).cast("B")
        with _storage_errors(self.path.parent):
            while left:
                left = left[os.write(self._descriptor, left) :]
            self._early_flush.written(self._descriptor, len(data))
        return len(data)

    def replace_descriptor(self, descriptor: int) -> None:
        """Continue with another file, which has replaced this one at `path`."""
        self.close()
        self._descriptor = descriptor
        self._early_flush = EarlyFlush()

    def sync(self) -> None:
        with _storage_errors(self.path.parent):
            self._early_flush.join()
            os.fsync(self._descriptor)

    def close(self) -> None:
        with suppress(OSError):
            self._early_flush.join()
        with suppress(OSError):
            os.close(self._descriptor)


def _link_if_free(file: Path, path: Path) -> bool:
    """Give a file the name `path` in one step; False where the name is in use."""
    try:
        os.link(file, path, follow_symlinks=False)
    except FileExistsError:
        return False
    except OSError:
        return _move_if_free(file, path)
    return True


def _move_if_free(file: Path, path: Path) -> bool:
    """As `_link_if_free`, for file systems without hard links: create an empty file, then replace it."""
    try:
        path.open("xb").close()
    except FileExistsError:
        return False
    file.replace(path)
    return True


def _has_sha256(path: Path, sha256: str) -> bool:
    """Whether `path` is a regular file with this checksum."""
    if path.is_symlink() or not path.is_file():
        return False
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_READ_SIZE):
            digest.update(piece)
    return digest.hexdigest() == sha256


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _storage_errors(path: Path) -> Iterator[None]:
    """Raise an `OSError` of the block as a `StorageError` that names the path."""
    problem = ""
    try:
        yield
    except OSError as error:
        problem = (error.strerror or type(error).__name__).lower()
    if problem:
        raise StorageError(f"{path}: {problem}", hint=_HINT)
