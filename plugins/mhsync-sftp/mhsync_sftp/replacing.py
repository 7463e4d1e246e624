"""Putting a file in another one's place.

Most servers do it in one step (`posix-rename@openssh.com`). Those that refuse a name which is taken need three:
the former file steps aside, the new one takes its place, the former one goes. Between the first two the path is
empty, so the former file counts as standing there for as long as nothing else does.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator

from mhsync_sftp.listing import walk
from mhsync_sftp.remote import Remote
from mhsync_sftp.session import Session
from mhsync_sftp.wire import Attributes, Refused, Status

FORMER = ".mhsync/tmp/former"
_TRIES = 20
"""Tries of one rename while others tidy its folder away."""


class Replacer:
    """Renames within one storage; safe in threads."""

    def __init__(self, remote: Remote) -> None:
        self._remote = remote
        self._one_at_a_time = threading.Lock()

    def find(self, session: Session, path: str) -> tuple[str, Attributes] | None:
        """What counts as standing under a path: where it lies on the server, and what it is.

        Raises:
            InTheWay: a symbolic link is in the way.
        """
        found = self._remote.look(session, path)
        if found is not None:
            return self._remote.full(path), found
        if session.can_replace:
            return None
        former = self._remote.full(f"{FORMER}/{path}")
        aside = session.find(former)
        return None if aside is None else (former, aside)

    def put(self, session: Session, old: str, new: str) -> None:
        """Rename a file that lies at `old` on the server to the path `new`; missing folders are made.

        Raises:
            Refused: with NO_SUCH_FILE where there is nothing at `old`.
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
        """Files that stepped aside, by the paths they count under."""
        if not session.can_replace:
            for path, found in walk(session, FORMER, self._remote.full, lambda _: True):
                yield path.removeprefix(f"{FORMER}/"), found

    def recover(self, session: Session) -> None:
        """End what a run that died left half done. Called with the storage's lock held."""
        for path, _ in list(self.backups(session)):
            aside = self._remote.full(f"{FORMER}/{path}")
            if self._remote.look(session, path) is None:
                self.put(session, aside, path)
            else:
                session.remove(aside)

    def _rename(self, session: Session, old: str, new: str) -> None:
        full = self._remote.full(new)
        if session.can_replace:
            session.replace(old, full)
            return
        aside = self._remote.full(f"{FORMER}/{new}")
        with self._one_at_a_time:
            try:
                session.rename(old, full)
            except Refused:
                if session.find(full) is None or session.find(old) is None:
                    raise
                self._remote.make_folder(session, f"{FORMER}/{new}".rpartition("/")[0])
                _remove(session, aside)
                session.rename(full, aside)
                session.rename(old, full)
            if old != aside:
                _remove(session, aside)


def _remove(session: Session, full: str) -> None:
    try:
        session.remove(full)
    except Refused as error:
        if error.status != Status.NO_SUCH_FILE:
            raise
