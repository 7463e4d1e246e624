"""Errors of the operating system as errors of mhsync: one line of what happened, and a hint."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Mapping
from types import MappingProxyType, TracebackType

from mhsync.core.printable import printable
from mhsync.core.redaction import without_queries
from mhsync.errors import StorageError

_FULL = ("the disk is full", "free some space there, then run it again")
_DENIED = ("permission denied", "give the user that runs mhsync the right to read and write there")
_NAME = ("the file system refuses this name", "give it another path in the manifest")
_OPEN_FILES = ("too many files are open", "raise the limit (ulimit -n), or lower --transfers")

_WORDS: Mapping[int, tuple[str, str]] = MappingProxyType(
    {
        errno.ENOSPC: _FULL,
        errno.EDQUOT: ("the disk quota is used up", "free some space there, then run it again"),
        errno.EROFS: ("the file system is read-only", "mount it writable, or choose another storage"),
        errno.EACCES: _DENIED,
        errno.EPERM: _DENIED,
        errno.ENAMETOOLONG: ("the name is too long", "give it a shorter path in the manifest"),
        errno.EISDIR: ("a folder is at this path", "move the folder away, or choose another path in the manifest"),
        errno.ENOTDIR: (
            "a file is in the place of a folder",
            "move the file away, or choose another path in the manifest",
        ),
        errno.ELOOP: (
            "a symbolic link is in the way",
            "mhsync does not follow links inside a storage: replace it with a real file or folder",
        ),
        errno.EINVAL: _NAME,
        errno.EILSEQ: _NAME,
        errno.EFBIG: (
            "the file is larger than the system allows",
            "check ulimit -f and the limits of the file system",
        ),
        errno.EIO: ("the disk reports an error", "check the health of the disk first"),
        errno.EMFILE: _OPEN_FILES,
        errno.ENFILE: _OPEN_FILES,
        errno.ENOENT: (
            "it disappeared during the operation",
            "check which other program changes files there, then run it again",
        ),
        errno.ESTALE: (
            "the network file system lost the file",
            "check the server of the file system, then run it again",
        ),
        errno.ENOLCK: ("the file system cannot lock", "mount it with locking, or choose another storage"),
        errno.ENOSYS: ("the file system cannot lock", "mount it with locking, or choose another storage"),
    }
)
_HINT = "check the error of the operating system, then run it again"


def printable_path(path: object) -> str:
    """A path in the form that messages show it: on one line and encodable."""
    return printable(str(path))


class SpecialFile(OSError):
    """A named pipe, a socket or a device is where a file or folder must be; `errno` is EINVAL."""

    def __init__(self, mode: int, name: str) -> None:
        super().__init__(errno.EINVAL, "neither a file nor a folder", name)
        kinds = ((stat.S_ISFIFO, "a named pipe"), (stat.S_ISSOCK, "a socket"))
        self.kind = next((kind for is_one, kind in kinds if is_one(mode)), "a device")


def describe(error: OSError) -> tuple[str, str]:
    """The message and the hint for an error."""
    if isinstance(error, SpecialFile):
        return f"{error.kind} is there", "move it away, or choose another path in the manifest"
    fallback = os.strerror(error.errno) if error.errno is not None else without_queries(printable_path(error))
    return _WORDS.get(error.errno or 0, (fallback, _HINT))


class reported_as:  # noqa: N801 - a context manager
    """Turn an `OSError` of the block into a `StorageError`.

    A class, and a path that is joined only for a message: each written file enters several of these blocks.

    Args:
        doing: the operation, as it follows "cannot".
        path: the file or folder that it was for.
        kind: the class of the error.
        below: the rest of its path, relative to `path`.

    Raises:
        StorageError: an error of class `kind`, with the path in its message and a hint.
    """

    __slots__ = ("_below", "_doing", "_kind", "_path")

    def __init__(
        self, doing: str, path: object, kind: type[StorageError] = StorageError, *, below: str = ""
    ) -> None:
        self._doing = doing
        self._path = path
        self._below = below
        self._kind = kind

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, OSError):
            what, hint = describe(error)
            path = f"{self._path}/{self._below}" if self._below else self._path
            raise self._kind(f"cannot {self._doing} {printable_path(path)}: {what}", hint=hint) from error
