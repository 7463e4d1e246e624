"""Backend: one instance of a fsspec file system, for one caller at a time.

fsspec guarantees less than a storage must: `walk` and `find` omit folders that cannot be read, `mv` copies and
removes in most file systems, `cp` and `rm` read `[1]` in a name as a pattern, and listings may come from a cache.
So this module uses only single operations, and the callers check the result of each.
"""

from __future__ import annotations

import io
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any, cast

from mhsync_fsspec.failures import is_missing
from mhsync_fsspec.filesystem import FileSystem, has_rename
from mhsync_fsspec.versions import version_token


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or folder, as the file system reports it. `size` is in bytes, or None if it is not reported."""

    name: str
    is_file: bool
    is_folder: bool
    size: int | None
    version: str | None = None
    """As `FileInfo.version`."""


class Backend:
    """A fsspec file system.

    Its methods raise the exceptions of the file system. `Access` turns them into errors of mhsync.

    Args:
        fs: the instance. Only this object uses it.
        root: the folder of the storage, as the file system names it.
        replaces: whether `rename` replaces an existing file in one step.
    """

    can_refuse_to_replace = False
    """Whether `rename` can fail if something is already under the new path."""
    opens_directly = False
    """Whether `open` finds out itself that there is a file, and its size, so that no request before is needed."""
    special_characters = ""
    """Characters that the server may not read as part of a name."""

    def __init__(self, fs: FileSystem, root: str, *, replaces: bool = False) -> None:
        self.fs = fs
        self.root = root.rstrip("/")
        self.replaces = replaces
        self._asked_at = 0.0

    @property
    def can_rename(self) -> bool:
        """Whether the file system has its own rename, and not only fsspec's copy and remove."""
        return has_rename(self.fs)

    def full(self, path: str) -> str:
        """A path of the storage, as the file system expects it."""
        return self.listed(path)

    def listed(self, path: str) -> str:
        """A path of the storage, as the file system lists it."""
        return f"{self.root}/{path}" if path else self.root or "/"

    def invalid_name(self, path: str) -> str:  # noqa: ARG002 - some backends do not allow all names
        """Why no file can have the path. Empty if the path is valid as far as is known without a request."""
        return ""

    def find(self, path: str) -> Entry | None:
        """The file or folder under a path; None if there is none."""
        self._drop_cache()
        try:
            info = self.fs.info(self.full(path))
        except Exception as error:
            if is_missing(error):
                return None
            raise
        return self._entry(info)

    def entries(self, folder: str) -> Iterator[Entry]:
        """The files and folders in a folder; none if it does not exist. An incomplete listing raises."""
        self._drop_cache()
        itself = self.listed(folder).strip("/")
        try:
            found = list(self.fs.ls(self.full(folder), detail=True))
        except Exception as error:
            if is_missing(error):
                return
            raise
        for info in found:
            entry = self._entry(info)
            # Some file systems list the folder itself, or a marker file for it.
            if entry.name.strip("/") != itself:
                yield entry

    def make_folder(self, folder: str) -> None:
        with suppress(FileExistsError, NotImplementedError):
            self.fs.makedirs(self.full(folder), exist_ok=True)

    def upload(self, local: Path, path: str) -> None:
        self.fs.put_file(str(local), self.full(path))

    def open(self, path: str) -> IO[bytes]:
        return self.fs.open(self.full(path), "rb")

    def rename(self, old: str, new: str, *, replace: bool = True) -> bool:  # noqa: ARG002 - some backends use it
        """Rename a file.

        Args:
            replace: if False, a backend with `can_refuse_to_replace` raises `FileExistsError` for a taken path.

        Returns:
            Whether the response proves the result. If not, the caller must check it.
        """
        self.fs.mv(self.full(old), self.full(new))
        return False

    def copy(self, old: str, new: str) -> None:
        self.fs.cp_file(self.full(old), self.full(new))

    def remove(self, path: str) -> None:
        full = self.full(path)
        try:
            self.fs.rm_file(full)
        except NotImplementedError:
            self.fs.rm(full)
        except Exception as error:
            # Some file systems report a missing file as one that cannot be removed.
            if not is_missing(error) and self.find(path) is not None:
                raise

    def close(self) -> None:
        """Close the connections, if the file system can."""
        close = getattr(self.fs, "close", None)
        if callable(close):
            close()

    def _entry(self, info: Mapping[str, Any]) -> Entry:
        return _entry(info)

    def _drop_cache(self) -> None:
        """Make the next request ask the server."""
        self._asked_at = time.time()
        with suppress(Exception):  # not every file system has a cache
            self.fs.invalidate_cache()


class Memory(Backend):
    """The memory of this process, in which fsspec gives all readers of a file the same position."""

    def open(self, path: str) -> IO[bytes]:
        with self.fs.open(self.full(path), "rb") as file:
            return io.BytesIO(cast("io.BytesIO", file).getvalue())


class Local(Backend):
    """A folder of this machine. Its files have versions."""

    def _entry(self, info: Mapping[str, Any]) -> Entry:
        entry = _entry(info)
        if not entry.is_file:
            return entry
        # `created` is the time of the last change of the inode, which no program can set.
        size, mtime, ctime, inode = (info[name] for name in ("size", "mtime", "created", "ino"))
        return replace(entry, version=version_token(max(mtime, ctime), self._asked_at, size, mtime, ctime, inode))


def _entry(info: Mapping[str, Any]) -> Entry:
    kind = info.get("type")
    size = info.get("size")
    return Entry(
        name=str(info["name"]),
        is_file=kind == "file",
        is_folder=kind == "directory",
        size=size if isinstance(size, int) and not isinstance(size, bool) else None,
    )
