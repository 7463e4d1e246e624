"""The storage contract: what a backend promises. `mhsync.testing.StorageConformance` proves it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol, runtime_checkable

from mhsync.errors import StorageError, StorageNotFound

if TYPE_CHECKING:
    from mhsync.fileio.partial import Partial, Restored

_COPY_CHUNK = 1024 * 1024

StorageFactory = Callable[[str, Mapping[str, Any]], "Storage"]
"""What `mhsync_storage_schemes` maps a scheme to: (URL, the manifest's `storage_options`) -> Storage."""


@dataclass(frozen=True, slots=True, order=True)
class FileInfo:
    """One file of a storage. `path` is relative to it, with `/`; `size` is in bytes."""

    path: str
    size: int
    version: str | None = None
    """An opaque token that changes when the file does, such as an ETag. `list` and `stat` give the same one. None
    if the backend has none, or as long as a further change could give the same one."""


class Writer(Protocol):
    """What `Storage.write` gives: the bytes go here, in order."""

    def write(self, data: bytes, /) -> int: ...


@runtime_checkable
class LocalWriter(Writer, Protocol):
    """A writer whose bytes are a local file already, so that a check can look at it without a copy."""

    @property
    def local_path(self) -> Path:
        """The temporary file; all that was written is in it once `flush` was called."""

    def flush(self) -> None: ...


class Keeper(Protocol):
    """Keeps the beginning of one output, and gives it back to a later run."""

    def restore(self, writer: Writer, source: str, *, head: int, check: Callable[[], None]) -> Restored | None:
        """Put what was kept into a writer to which nothing was written yet; None where nothing fits.

        Args:
            source: what it must be part of: the URL without its query.
            head: bytes of its beginning to give back.
            check: called between pieces; raises to stop.
        """

    def keep(self, writer: Writer, partial: Partial) -> bool:
        """Keep what was written; whether that was done. The writer is not written to afterwards."""


class Partials(Protocol):
    """Where a storage keeps interrupted downloads."""

    def under(self, name: str) -> Keeper:
        """The keeper of one output; `name` consists of letters, digits, `_`, `-` and `=`."""

    def clear(self, name: str) -> None:
        """Remove what is kept under the name."""

    def clear_old(self, age: float, now: float) -> None:
        """Remove what is older than `age` seconds; `now` is seconds since 1970."""


class Storage(ABC):
    """A place for files under relative paths.

    All methods may be called from several threads at once. Whatever a backend's library raises becomes a
    `StorageError` with one line that names the path and never holds a secret.
    """

    is_local: bool = False
    """Whether the files go when the machine goes, as on a CI runner: `durable_storage` guards `archived` there."""

    gives_local_files: bool = False
    """Whether every writer is a `LocalWriter`: checks look at its file then, and no copy is made for them."""

    @abstractmethod
    def list(self, prefix: str = "") -> Iterator[FileInfo]:
        """Every visible file whose path begins with the string `prefix`, in any order; no folders, no
        temporary files. A storage that does not exist yet lists as empty.

        Raises:
            StorageUnavailable: the storage cannot be opened.
            StorageError: the listing failed; a listing is never silently cut short.
        """

    @abstractmethod
    def stat(self, path: str) -> FileInfo | None:
        """The file under the path, or None where there is none."""

    def sizes(self, paths: Collection[str]) -> Mapping[str, int] | None:  # noqa: ARG002 - for other storages
        """The sizes in bytes of these files, by path; files that do not exist are left out.

        Each file is looked at, as by `stat`. None, the default, if a listing of the whole storage costs less.
        """
        return None

    @abstractmethod
    def open(self, path: str) -> BinaryIO:
        """A binary reader from the start; the caller closes it.

        Raises:
            StorageNotFound: there is no such file.
        """

    def local_file(self, path: str) -> Path | None:  # noqa: ARG002 - for other storages
        """The file of this machine that holds the bytes, for hard links to it; None where there is none."""
        return None

    @abstractmethod
    def write(self, path: str) -> AbstractContextManager[Writer]:
        """A context manager that gives a writer.

        The file becomes visible under its path, whole and durable, when the block ends well, and replaces what
        was there. When the block raises, or the process dies inside it, what was there before stays as it was.
        Missing folders are made.

        The writer may have an attribute `version`. Once the block has ended, it is the `FileInfo.version` that
        `list` and `stat` give as long as the file has the bytes that were written, or None if that is not known.
        """

    @abstractmethod
    def remove(self, path: str) -> None:
        """Remove a file; one that is not there is no error."""

    def copy(self, source: str, target: str) -> None:
        """Copy a file. The copy becomes visible when it is whole, and replaces the file at `target`.

        The default reads the source and writes the target. Override it where the server can copy.

        Raises:
            StorageNotFound: there is no file at `source`.
        """
        if source == target:
            if self.stat(source) is None:
                raise StorageNotFound(f"there is no file {source!r:.120}")
            return
        with self.open(source) as reader, self.write(target) as writer:
            while data := reader.read(_COPY_CHUNK):
                writer.write(data)

    def flush(self, path: str) -> None:  # noqa: B027 - nothing to do where a visible file is durable
        """Make a file that was there already as durable as one that `write` has just made visible."""

    def lock(self) -> AbstractContextManager[object]:
        """A context manager that holds the storage for one run. It tries once and does not wait.

        The default is for backends that cannot lock: it holds nothing.

        Raises:
            Locked: another run holds it. Raised here or when the block begins.
        """
        return nullcontext()

    def partials(self) -> Partials | None:
        """Where interrupted downloads are kept for the next run; None where they start again."""
        return None

    def sweep(self) -> None:  # noqa: B027 - nothing to do for backends that leave nothing behind
        """Remove what dead runs left of unfinished writes. Called with the lock held."""

    def close(self) -> None:  # noqa: B027 - nothing to do for backends without connections
        """Let go of connections. The storage is not used afterwards."""


def validate_path(path: str) -> str:
    """The path itself, once it is one that stays inside a storage.

    Raises:
        StorageError: it is empty, absolute, climbs out, or holds a backslash or a control character.
    """
    parts = path.split("/")
    if any(part in ("", ".", "..") for part in parts) or "\\" in path or any(ord(char) < 32 for char in path):
        raise StorageError(f"not a path inside the storage: {path!r:.120}")
    return path
