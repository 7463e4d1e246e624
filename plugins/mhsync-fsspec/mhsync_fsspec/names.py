"""Checks of file names that a server may change. Each is made once, with a temporary file."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress

from mhsync import StorageError
from mhsync.storage_kit import printable, spooling
from mhsync_fsspec.backend import Backend
from mhsync_fsspec.journal import PRIVATE, TEMPORARY, temporary_name

_HINT = "give it another path in the manifest (path: …)"


class NameProbe:
    """Checks which names a server stores unchanged, and remembers the results.

    Args:
        has_size: whether there is a file with a size under a path.
    """

    def __init__(self, has_size: Callable[[Backend, str, int], bool]) -> None:
        self._has_size = has_size
        self._kept: set[str] = set()
        self._lists_dots = False

    def check(self, backend: Backend, path: str) -> None:
        """Check that a file can be written under the path and found there.

        Raises:
            StorageError: it cannot. Nothing was written under the path.
        """
        if reason := backend.invalid_name(path):
            raise StorageError(f"this server cannot store {printable(path)}: {reason}", hint=_HINT)
        special = {char for char in path if char in backend.special_characters} - self._kept
        if special:
            self._try_characters(backend, path, special)
        begins_with_dot = any(part.startswith(".") for part in path.split("/"))
        if begins_with_dot and not path.startswith(PRIVATE) and not self._lists_dots:
            self._check_dot_names(backend, path)

    def _try_characters(self, backend: Backend, path: str, special: set[str]) -> None:
        """Rename a file to a name with the characters. Some servers truncate the name at such a character."""
        backend.make_folder(TEMPORARY)
        plain = f"{TEMPORARY}/{temporary_name(time.time())}"
        tried = f"{plain}-{''.join(sorted(special))}-end"
        with spooling() as spool:
            spool.write(b"x")
            backend.upload(spool.local_path, plain)
        is_kept = False
        with suppress(OSError, StorageError):
            backend.rename(plain, tried)
            is_kept = self._has_size(backend, tried, 1)
        with suppress(Exception):  # `sweep` removes the file when it is a day old
            backend.remove(tried if is_kept else plain)
        if not is_kept:
            raise StorageError(
                f"this server changes names with {' '.join(sorted(special))}: {printable(path)}",
                hint=_HINT,
            )
        self._kept |= special

    def _check_dot_names(self, backend: Backend, path: str) -> None:
        """Check that listings contain names that begin with a dot, such as the folder of mhsync."""
        backend.make_folder(TEMPORARY)
        names = {entry.name.rstrip("/").rpartition("/")[2] for entry in backend.entries("")}
        if PRIVATE.rstrip("/") not in names:
            raise StorageError(
                f"the listings of this server omit names that begin with a dot: {printable(path)}",
                hint=_HINT,
            )
        self._lists_dots = True
