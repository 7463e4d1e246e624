"""Paths of files in a storage."""

from __future__ import annotations

from collections.abc import Iterable

from mhsync.core.printable import printable
from mhsync.errors import StorageError
from mhsync.storage.base import validate_path


def check_file_path(path: str, reserved: Iterable[str] = (), *, allow_bytes: bool = False) -> str:
    """The path itself, if a file can be stored under it.

    Args:
        path: relative to the storage.
        reserved: folders that the storage keeps for itself, such as `.mhsync/tmp`.
        allow_bytes: accept names that are not Unicode, which Python represents with surrogates.

    Raises:
        StorageError: the path leaves the storage, is not Unicode, or lies in a reserved folder.
    """
    validate_path(path)
    try:
        path.encode("utf-8", "surrogateescape" if allow_bytes else "strict")
    except UnicodeEncodeError:
        raise StorageError(
            f"a file name is not valid Unicode: {printable(path)}",
            hint="give it another path in the manifest (path: …)",
        ) from None
    if any(f"{path}/".startswith(f"{folder}/") for folder in reserved):
        raise StorageError(
            f"the path {printable(path)} is reserved",
            hint="mhsync keeps its locks and unfinished files there: choose another path in the manifest",
        )
    return path


def is_file_path(path: str, reserved: Iterable[str] = (), *, allow_bytes: bool = False) -> bool:
    """Whether `check_file_path` accepts the path. The prefix of a listing may be any text."""
    try:
        check_file_path(path, reserved, allow_bytes=allow_bytes)
    except StorageError:
        return False
    return True
