"""Replaces files on the server.

Most servers can do it in one step (`posix-rename@openssh.com`). Servers that refuse to rename onto an existing
file need three: move the old file to `.mhsync/tmp/former/` as a backup, rename the new file, remove the backup.
Between the first two steps no file is at the path. As long as this is so, the backup is listed and read in its
place.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator

from mhsync_sftp.listing import walk
from mhsync_sftp.remote import Remote
from mhsync_sftp.session import Session
from mhsync_sftp.wire import Attributes, Refused, Status

BACKUPS = ".mhsync/tmp/former"
_TRIES = 20
"""Attempts of one rename, while other threads remove its folder as empty."""


class Replacer:
    """Renames within one storage. Threads may share it."""

    def __init__(self, remote: Remote) -> None:
        self._remote = remote
        self._one_at_a_time = threading.Lock()

    def find(self, session: Session, path: str) -> tuple[str, Attributes] | None:
        """Find a file, or the backup that replaces it. None if there is neither.

        Returns:
            The path on the server, and the attributes.

        Raises:
            PathBlocked: the path or one of its folders is a symbolic link.
        """
        found = self._remote.look(session, path)
        if found is not None:
            return self._remote.full(path), found
        if session.can_replace:
            return None
        backup = self._remote.full(f"{BACKUPS}/{path}")
        found = session.find(backup)
        return None if found is None else (backup, found)

    def put(self, session: Session, old: str, new: str) -> None:
        """Rename a file, replacing an existing one. Missing folders are made.

        Args:
            old: the path on the server.
            new: the path in the storage.

        Raises:
            Refused: with NO_SUCH_FILE if `old` does not exist.
        """
        folder = new.rpartition("/")[0]
        for left in reversed(range(_TRIES)):
            try:
                self._rename(session, old, new)
            except Refused as error:
                if error.status != Status.NO_SUCH_FILE or not left or session.find(old) is None:
                    raise
                self._remote.make_folder(session, folder)
            else:
                return

    def backups(self, session: Session) -> Iterator[tuple[str, Attributes]]:
        """Backups, with the paths of their original files."""
        if not session.can_replace:
            for path, found in walk(session, BACKUPS, self._remote.full, lambda _: True):
                yield path.removeprefix(f"{BACKUPS}/"), found

    def recover(self, session: Session) -> None:
        """Restore or remove the backups that a killed run left. Called with the storage's lock held."""
        for path, _ in list(self.backups(session)):
            backup = self._remote.full(f"{BACKUPS}/{path}")
            if self._remote.look(session, path) is None:
                self.put(session, backup, path)
            else:
                session.remove(backup)

    def _rename(self, session: Session, old: str, new: str) -> None:
        full = self._remote.full(new)
        if session.can_replace:
            session.replace(old, full)
            return
        backup = self._remote.full(f"{BACKUPS}/{new}")
        with self._one_at_a_time:
            try:
                session.rename(old, full)
            except Refused:
                if session.find(full) is None or session.find(old) is None:
                    raise
                self._remote.make_folder(session, f"{BACKUPS}/{new}".rpartition("/")[0])
                session.remove_if_present(backup)
                session.rename(full, backup)
                session.rename(old, full)
            if old != backup:
                session.remove_if_present(backup)
