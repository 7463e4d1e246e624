"""Names that a server may not keep as they are: tried once, on a temporary file, before they are used."""

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
    """What is known of the names that one storage keeps.

    Args:
        sees: whether a file is seen under a path with a size.
    """

    def __init__(self, sees: Callable[[Backend, str, int], bool]) -> None:
        self._sees = sees
        self._kept: set[str] = set()
        self._lists_dots = False

    def check(self, backend: Backend, path: str) -> None:
        """See that a file can be written under the path, and found there.

        Raises:
            StorageError: it cannot; nothing was written under it.
        """
        if reason := backend.refused_name(path):
            raise StorageError(f"this server keeps no file under {printable(path)}: {reason}", hint=_HINT)
        odd = {char for char in path if char in backend.odd_characters} - self._kept
        if odd:
            self._try_characters(backend, path, odd)
        begins_with_dot = any(part.startswith(".") for part in path.split("/"))
        if begins_with_dot and not path.startswith(PRIVATE) and not self._lists_dots:
            self._look_at_dots(backend, path)

    def _try_characters(self, backend: Backend, path: str, odd: set[str]) -> None:
        """Rename a file onto a name with the characters: some servers cut a name off there."""
        backend.make_folder(TEMPORARY)
        plain = f"{TEMPORARY}/{temporary_name(time.time())}"
        tried = f"{plain}-{''.join(sorted(odd))}-end"
        with spooling() as spool:
            spool.write(b"x")
            backend.upload(spool.local_path, plain)
        is_kept = False
        with suppress(OSError, StorageError):
            backend.rename(plain, tried)
            is_kept = self._sees(backend, tried, 1)
        with suppress(Exception):  # what stays is cleared away when it is a day old
            backend.remove(tried if is_kept else plain)
        if not is_kept:
            raise StorageError(
                f"this server does not keep names with {' '.join(sorted(odd))} as they are: {printable(path)}",
                hint=_HINT,
            )
        self._kept |= odd

    def _look_at_dots(self, backend: Backend, path: str) -> None:
        """See whether listings show names that begin with a dot: mhsync's own folder is one."""
        backend.make_folder(TEMPORARY)
        names = {entry.name.rstrip("/").rpartition("/")[2] for entry in backend.entries("")}
        if PRIVATE.rstrip("/") not in names:
            raise StorageError(
                f"this server leaves names that begin with a dot out of its listings: {printable(path)}",
                hint=_HINT,
            )
        self._lists_dots = True
