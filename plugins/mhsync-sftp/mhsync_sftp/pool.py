"""Connections, shared without being shared: each session serves one caller at a time.

There are never more connections than allowed. Once all are in use, a caller gets one more session on the
connection that has the fewest. Where the server allows no more sessions either, a thread that has one already uses
that one again, and others wait: nobody waits while holding a session, so nobody waits for ever.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from mhsync import StorageError, StorageUnavailable
from mhsync_sftp.connect import Connection, SessionsExhausted
from mhsync_sftp.session import Session
from mhsync_sftp.wire import Lost

_AT_ONCE = 3
"""Connections being made: servers hang up on who knocks with ten at once (sshd's MaxStartups)."""
_TRIES = 3
_PAUSE = 5.0
"""Seconds in which a server that could not be reached is not tried again."""


@dataclass(eq=False, slots=True)
class _Entry:
    """One connection and its sessions."""

    connection: Connection
    idle: list[Session] = field(default_factory=list)
    used: int = 0
    open: int = 0
    """Sessions, those that are idle among them."""
    most: int = 1000
    """Sessions that the server allows on it, once it has refused one more."""
    opening: threading.Lock = field(default_factory=threading.Lock)
    """paramiko mixes up what two that are opened at once are told."""
    is_suspect: bool = False
    """A session on it broke: it serves nobody else, and is closed when the last of its users is done."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A session that is one caller's own until it is given back."""

    session: Session
    entry: _Entry
    owner: int
    """The thread that took it."""
    is_shared: bool = False
    """Whether the same thread has it from before."""


class Pool:
    """The connections of one storage.

    Args:
        connect: makes one more.
        most: connections at once.
        server: for messages.
        patience: seconds to wait for a session where the server allows no more of them.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        connect: Callable[[], Connection],
        most: int,
        server: str,
        *,
        patience: float = 3600.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._connect = connect
        self._most = most
        self._server = server
        self._patience = patience
        self._clock = clock
        self._entries: list[_Entry] = []
        self._connecting = 0
        self._closed = False
        self._changed = threading.Condition()
        self._gate = threading.Semaphore(_AT_ONCE)
        self._failure: tuple[float, StorageUnavailable] | None = None
        self._held: dict[int, list[Lease]] = {}
        """By thread, what it has taken and not yet given back."""

    def take(self) -> Lease:
        """A session of one's own; `give` it back.

        Raises:
            StorageUnavailable: the server cannot be reached, or does not let us in.
            StorageError: it allows no more sessions.
        """
        tries = 0
        while True:
            entry = self._reserve()
            if isinstance(entry, Lease):
                return replace(entry, is_shared=True)
            try:
                return self._lend(self._session(entry), entry)
            except SessionsExhausted:
                self._note_bound(entry)
            except Lost as error:
                self._drop(entry)
                tries += 1
                if tries == _TRIES:
                    raise StorageUnavailable(
                        f"cannot open an SFTP session on {self._server}: {error}",
                        hint="see that the server, its SFTP and the way to it are well",
                    ) from error
            except BaseException:
                self._drop(entry)
                raise

    def give(self, lease: Lease) -> None:
        """Hand a session back; a broken one is let go of."""
        if lease.is_shared:
            return
        entry, session = lease.entry, lease.session
        with self._changed:
            held = self._held[lease.owner]
            held.remove(lease)
            if not held:
                del self._held[lease.owner]
            entry.used -= 1
            entry.is_suspect |= session.is_broken
            keep = not entry.is_suspect and entry in self._entries
            if keep:
                entry.idle.append(session)
            else:
                entry.open -= 1
            self._changed.notify_all()
        if not keep:
            session.close()

    def close(self) -> None:
        with self._changed:
            self._closed = True
            entries, self._entries = self._entries, []
            self._changed.notify_all()
        for entry in entries:
            entry.connection.close()

    def _lend(self, session: Session, entry: _Entry) -> Lease:
        lease = Lease(session, entry, threading.get_ident())
        with self._changed:
            self._held.setdefault(lease.owner, []).append(lease)
        return lease

    def _session(self, entry: _Entry) -> Session:
        with self._changed:
            if entry.idle:
                return entry.idle.pop()
        with entry.opening:
            session = entry.connection.open_session()
            with self._changed:
                entry.open += 1
        return session

    def _reserve(self) -> _Entry | Lease:
        while True:
            found = self._find()
            if found is not None:
                return found
            try:
                connection = self._open()
            except StorageUnavailable:
                with self._changed:
                    self._connecting -= 1
                    self._changed.notify_all()
                    alive = sum(entry.connection.is_alive for entry in self._entries)
                    if not alive:
                        raise
                    # The server lets us in, only not once more: make do with what there is.
                    self._most = alive
                continue
            entry = _Entry(connection, used=1)
            with self._changed:
                self._connecting -= 1
                self._entries.append(entry)
                self._changed.notify_all()
            return entry

    def _find(self) -> _Entry | Lease | None:
        """The connection to use, what this thread has already, or None where one more connection is to be made."""
        deadline = self._clock() + self._patience
        with self._changed:
            while True:
                if self._closed:
                    raise StorageError("the storage is closed already")
                self._prune()
                free = [entry for entry in self._entries if entry.used < entry.most and not entry.is_suspect]
                best = min(free, key=lambda entry: entry.used, default=None)
                is_full = len(self._entries) + self._connecting >= self._most
                if best is not None and (is_full or best.used == 0):
                    best.used += 1
                    return best
                if not is_full:
                    self._connecting += 1
                    return None
                mine = [
                    lease for lease in self._held.get(threading.get_ident(), ()) if not lease.session.is_broken
                ]
                if mine:
                    return mine[-1]
                if not self._changed.wait(max(0.0, deadline - self._clock())):
                    raise StorageError(
                        f"{self._server} allows no more sessions at once",
                        hint="raise connections in storage_options, or lower --transfers and --checkers",
                    )

    def _prune(self) -> None:
        for entry in list(self._entries):
            if not entry.connection.is_alive or (entry.is_suspect and not entry.used):
                self._entries.remove(entry)
                entry.connection.close()

    def _open(self) -> Connection:
        with self._gate:
            if self._failure is not None and self._clock() < self._failure[0]:
                error = self._failure[1]
                raise StorageUnavailable(error.message, hint=error.hint)
            try:
                return self._connect()
            except StorageUnavailable as error:
                self._failure = (self._clock() + _PAUSE, error)
                raise

    def _note_bound(self, entry: _Entry) -> None:
        with self._changed:
            entry.used -= 1
            if not entry.open:
                raise StorageUnavailable(
                    f"{self._server} opens no session on a connection",
                    hint="see that its SFTP subsystem is on",
                )
            entry.most = entry.open
            self._changed.notify_all()

    def _drop(self, entry: _Entry) -> None:
        with self._changed:
            entry.used -= 1
            if entry in self._entries:
                self._entries.remove(entry)
            self._changed.notify_all()
        entry.connection.close()
