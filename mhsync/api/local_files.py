"""Whole files into a folder of one's own, without a receipt: for `check_result`, which belongs to no manifest."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from mhsync.core.paths import split_ext
from mhsync.errors import StorageError
from mhsync.fileio.live import clear_dead, create
from mhsync.fileio.partial import Partial, PartialFolder, Restored

_PREFIX, _SUFFIX = ".mhsync-", ".part"
_KEPT = ".mhsync-kept-"
_READ = 1024 * 1024
_NAMES = 1000
"""Names tried for one file before the folder is given up."""


class Folder:
    """A folder that files are put into; it is made at once, with all above it.

    Raises:
        StorageError: it cannot be made, or is no folder.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._taken: set[Path] = set()
        with _told(path):
            path.mkdir(parents=True, exist_ok=True)

        self._kept = PartialFolder(lambda _make: self._opened(), _KEPT)

    def clear(self, age: float, now: float) -> None:
        """Remove what runs left that were killed, and kept parts that are older than `age` seconds.

        Args:
            now: seconds since 1970.
        """
        with suppress(OSError), self._opened() as folder:
            clear_dead(folder, _PREFIX, _SUFFIX)
        self._kept.clear_old(age, now)

    @contextmanager
    def temporary(self) -> Iterator[Part]:
        """A file that nobody sees until it is `placed`; gone after the block."""
        with _told(self._path), self._opened() as folder:
            descriptor, name = create(folder, _PREFIX, _SUFFIX, 0o666)
        part = Part(descriptor, self._path / name)
        try:
            yield part
        finally:
            part.close()
            with suppress(OSError):
                part.path.unlink()

    def keeper(self, name: str) -> FolderKeeper:
        """Keeps an interrupted download in this folder. `name` consists of letters, digits, `_` and `-`."""
        return FolderKeeper(self, name)

    def keep(self, name: str, part: Part, partial: Partial) -> bool:
        with suppress(OSError), self._opened() as folder:
            if part.path.stat().st_size == partial.size:
                return self._kept.keep(name, partial, folder, part.path.name)
        return False

    def restore(self, name: str, part: Part, source: str, head: int, check: Callable[[], None]) -> Restored | None:
        with suppress(OSError), self._opened() as folder:
            found = self._kept.restore(name, source, folder, part.path.name, head=head, check=check)
            if found is not None:
                part.take_over(found.descriptor)
            return found
        return None

    @contextmanager
    def _opened(self) -> Iterator[int]:
        folder = os.open(self._path, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
        try:
            yield folder
        finally:
            os.close(folder)

    def place(self, part: Part, name: str, sha256: str) -> Path:
        """Make a whole file visible under its name, or the next one that is free; nothing is ever replaced.

        A file that is there already with the same bytes is taken for it.
        """
        part.sync()
        stem, ext = split_ext(name)
        for number in range(1, _NAMES):
            path = self._path / (name if number == 1 else f"{stem}-{number}{ext}")
            with _told(path):
                if path not in self._taken and (_appears(part.path, path) or _holds(path, sha256)):
                    self._taken.add(path)
                    _sync(self._path)
                    return path
        raise StorageError(f"{self._path}: {_NAMES} files are named like {name} already")


@dataclass(frozen=True, slots=True)
class FolderKeeper:
    """The `Keeper` of one output in a folder."""

    folder: Folder
    name: str

    def restore(self, writer: Part, source: str, *, head: int, check: Callable[[], None]) -> Restored | None:
        return self.folder.restore(self.name, writer, source, head, check)

    def keep(self, writer: Part, partial: Partial) -> bool:
        return self.folder.keep(self.name, writer, partial)


class Part:
    """A file on its way; its lock is held until it is closed. Every `write` reaches the file at once."""

    def __init__(self, descriptor: int, path: Path) -> None:
        self._descriptor = descriptor
        self.path = path

    def write(self, data: bytes, /) -> int:
        left = memoryview(data).cast("B")
        with _told(self.path.parent):
            while left:
                left = left[os.write(self._descriptor, left) :]
        return len(data)

    def take_over(self, descriptor: int) -> None:
        """Go on with another file, which was put under `path` in place of this one."""
        self.close()
        self._descriptor = descriptor

    def sync(self) -> None:
        with _told(self.path.parent):
            os.fsync(self._descriptor)

    def close(self) -> None:
        with suppress(OSError):
            os.close(self._descriptor)


def _appears(part: Path, path: Path) -> bool:
    """Give the file its name, if that is free, in one step."""
    try:
        os.link(part, path, follow_symlinks=False)
    except FileExistsError:
        return False
    except OSError:
        return _appears_without_links(part, path)
    return True


def _appears_without_links(part: Path, path: Path) -> bool:
    """For file systems without hard links: the name is taken first, then the file put there."""
    try:
        path.open("xb").close()
    except FileExistsError:
        return False
    part.replace(path)
    return True


def _holds(path: Path, sha256: str) -> bool:
    if path.is_symlink() or not path.is_file():
        return False
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_READ):
            digest.update(piece)
    return digest.hexdigest() == sha256


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Failures of the file system, as one line that names the path."""
    problem = ""
    try:
        yield
    except OSError as error:
        problem = (error.strerror or type(error).__name__).lower()
    if problem:
        raise StorageError(f"{path}: {problem}", hint="choose another folder, or make room in this one")
