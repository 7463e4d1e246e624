"""Backend: one instance of a fsspec file system, used by one caller at a time.

fsspec promises little of what a storage must: `walk` and `find` leave out folders that could not be read, `mv` is
a copy and a remove in most file systems, `cp` and `rm` take `[1]` in a name for a pattern, and what a listing said
a moment ago may be what the next one says again. Only single steps are taken here, and each is looked at.
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
    """What a file system says of a path. `size` is in bytes; some do not tell it."""

    name: str
    is_file: bool
    is_folder: bool
    size: int | None
    version: str | None = None
    """As `FileInfo.version`."""


class Backend:
    """A fsspec file system.

    What its methods raise is the file system's own; `Access` turns it into errors of mhsync.

    Args:
        fs: the instance; nobody else uses it.
        root: the storage's folder as the file system knows it.
        replaces: whether `rename` is one step that puts a file in another one's place.
    """

    refuses_to_replace = False
    """Whether `rename` can be told to fail where something is under the new path."""
    opens_at_once = False
    """Whether `open` tells a file from what is none, and its size, without a look before."""
    odd_characters = ""
    """Characters that the server may take for something else than a part of a name."""

    def __init__(self, fs: FileSystem, root: str, *, replaces: bool = False) -> None:
        self.fs = fs
        self.root = root.rstrip("/")
        self.replaces = replaces
        self._looked = 0.0

    @property
    def can_rename(self) -> bool:
        """Whether the file system has a rename of its own, and not only fsspec's copy and remove."""
        return has_rename(self.fs)

    def full(self, path: str) -> str:
        """A path of the storage as the file system takes it."""
        return self.listed(path)

    def listed(self, path: str) -> str:
        """A path of the storage as the file system lists it."""
        return f"{self.root}/{path}" if path else self.root or "/"

    def refused_name(self, path: str) -> str:  # noqa: ARG002 - for those that refuse some
        """Why no file can have a path, and nothing where it can as far as that is known without asking."""
        return ""

    def find(self, path: str) -> Entry | None:
        """What lies under a path, and None where nothing does."""
        self._forget()
        try:
            info = self.fs.info(self.full(path))
        except Exception as error:
            if is_missing(error):
                return None
            raise
        return self._entry(info)

    def entries(self, folder: str) -> Iterator[Entry]:
        """What lies in a folder; nothing where it does not exist. A listing that breaks off raises."""
        self._forget()
        itself = self.listed(folder).strip("/")
        try:
            found = list(self.fs.ls(self.full(folder), detail=True))
        except Exception as error:
            if is_missing(error):
                return
            raise
        for info in found:
            entry = self._entry(info)
            # Some list the folder itself, or the marker that stands for it.
            if entry.name.strip("/") != itself:
                yield entry

    def make_folder(self, folder: str) -> None:
        with suppress(FileExistsError, NotImplementedError):
            self.fs.makedirs(self.full(folder), exist_ok=True)

    def upload(self, local: Path, path: str) -> None:
        self.fs.put_file(str(local), self.full(path))

    def open(self, path: str) -> IO[bytes]:
        return self.fs.open(self.full(path), "rb")

    def rename(self, old: str, new: str, *, replace: bool = True) -> bool:  # noqa: ARG002 - for those that can
        """Give a file another path.

        Args:
            replace: if not, a backend that `refuses_to_replace` raises `FileExistsError` where something is there.

        Returns:
            Whether the answer leaves no doubt; else the caller looks at it.
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
            # Some say of what is not there only that it could not be removed.
            if not is_missing(error) and self.find(path) is not None:
                raise

    def close(self) -> None:
        """Let go of connections, as far as the file system has a way to."""
        close = getattr(self.fs, "close", None)
        if callable(close):
            close()

    def _entry(self, info: Mapping[str, Any]) -> Entry:
        return _entry(info)

    def _forget(self) -> None:
        """Nothing is to be answered out of what was seen before."""
        self._looked = time.time()
        with suppress(Exception):  # a cache that cannot be emptied is none that was asked for
            self.fs.invalidate_cache()


class Memory(Backend):
    """This process's memory, where fsspec gives all readers of a file one position."""

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
        return replace(entry, version=version_token(max(mtime, ctime), self._looked, size, mtime, ctime, inode))


def _entry(info: Mapping[str, Any]) -> Entry:
    kind = info.get("type")
    size = info.get("size")
    return Entry(
        name=str(info["name"]),
        is_file=kind == "file",
        is_folder=kind == "directory",
        size=size if isinstance(size, int) and not isinstance(size, bool) else None,
    )
