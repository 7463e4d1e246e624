"""Whole files into a folder of one's own, without a receipt: for `check_result`, which belongs to no manifest."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from mhsync.core.paths import split_ext
from mhsync.errors import StorageError

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

    @contextmanager
    def temporary(self) -> Iterator[Part]:
        """A file that nobody sees until it is `placed`; gone after the block."""
        path = self._path / f".mhsync-{secrets.token_hex(8)}.part"
        with _told(self._path):
            file = path.open("xb")
        try:
            with file:
                yield Part(file, path)
        finally:
            with suppress(OSError):
                path.unlink()

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


class Part:
    """A file on its way."""

    def __init__(self, file: IO[bytes], path: Path) -> None:
        self._file = file
        self.path = path

    def write(self, data: bytes, /) -> int:
        with _told(self.path.parent):
            return self._file.write(data)

    def sync(self) -> None:
        with _told(self.path.parent):
            self._file.flush()
            os.fsync(self._file.fileno())


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
