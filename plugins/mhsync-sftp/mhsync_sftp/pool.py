"""Pool: the connections of a storage. A session on one of them serves one caller at a time.

There are never more connections than allowed. When all are in use, a caller gets another session on the connection
with the fewest. If the server allows no more sessions, a thread that already has one uses it again, and other
threads wait. No thread waits while it has a session, so threads cannot block each other.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from mhsync import StorageError, StorageUnavailable
from mhsync_sftp.connect import Connection, SessionsExhausted
from mhsync_sftp.session import Session
from mhsync_sftp.wire import ConnectionLost

_AT_ONCE = 3
"""Connections that are opened at once. Servers limit them (MaxStartups of sshd, 10 by default)."""
_TRIES = 3
_PAUSE = 5.0
"""Seconds until the next attempt after a server could not be reached."""


@dataclass(eq=False, slots=True)
class _Entry:
    """A connection and its sessions."""

    connection: Connection
    idle: list[Session] = field(default_factory=list)
    used: int = 0
    """Sessions in use, or about to be opened."""
    open: int = 0
    """Open sessions, including idle ones."""
    max_sessions: int = 1000
    """Set to the number of open sessions when the server refuses another one."""
    opening: threading.Lock = field(default_factory=threading.Lock)
    """paramiko confuses the responses to two channels that are opened at once."""
    is_suspect: bool = False
    """A session was lost: the connection gets no new users, and is closed with its last one."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A session that one caller uses until it is given back."""

    session: Session
    entry: _Entry
    owner: int
    """The thread that took it."""
    is_shared: bool = False
    """Whether the thread had taken this session before."""


class Pool:
    """The connections of one storage.

    Args:
        connect: opens a connection.
        max_connections: at once.
        server: for messages.
        wait_timeout: seconds to wait for a session when the server allows no more of them.
        clock: seconds of any origin, never set back.
    """

    def __init__(
        self,
        connect: Callable[[], Connection],
        max_connections: int,
        server: str,
        *,
        wait_timeout: float = 3600.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._connect = connect
        self._max_connections = max_connections
        self._server = server
        self._wait_timeout = wait_timeout
        self._clock = clock
        self._entries: list[_Entry] = []
        self._connecting = 0
        self._closed = False
        self._changed = threading.Condition()
        self._gate = threading.Semaphore(_AT_ONCE)
        self._failure: tuple[float, StorageUnavailable] | None = None
        self._held: dict[int, list[Lease]] = {}
        """The leases that each thread has not given back yet."""

    def take(self) -> Lease:
        """A session for the caller, who gives it back with `give`.

        Raises:
            StorageUnavailable: the server cannot be reached, or refuses the credentials.
            StorageError: the server allows no more sessions.
        """
        tries = 0
        while True:
            entry = self._reserve()
            if isinstance(entry, Lease):
                return replace(entry, is_shared=True)
            try:
                return self._lend(self._session(entry), entry)
            except SessionsExhausted:
                self._limit_sessions(entry)
            except ConnectionLost as error:
                self._drop(entry)
                tries += 1
                if tries == _TRIES:
                    raise StorageUnavailable(
                        f"cannot open an SFTP session on {self._server}: {error}",
                        hint="check the server, its SFTP subsystem and the network",
                    ) from error
            except BaseException:
                self._drop(entry)
                raise

    def give(self, lease: Lease) -> None:
        """Give a session back. A broken one is closed."""
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
                    # The server accepts no further connection: use the existing ones.
                    self._max_connections = alive
                continue
            entry = _Entry(connection, used=1)
            with self._changed:
                self._connecting -= 1
                self._entries.append(entry)
                self._changed.notify_all()
            return entry

    def _find(self) -> _Entry | Lease | None:
        """The connection to use, a lease of this thread, or None if another connection is to be opened."""
        deadline = self._clock() + self._wait_timeout
        with self._changed:
            while True:
                if self._closed:
                    raise StorageError("the storage is closed")
                self._prune()
                free = [
                    entry for entry in self._entries if entry.used < entry.max_sessions and not entry.is_suspect
                ]
                best = min(free, key=lambda entry: entry.used, default=None)
                is_full = len(self._entries) + self._connecting >= self._max_connections
                if best is not None and (is_full or best.used == 0):
                    best.used += 1
                    return best
                if not is_full:
                    self._connecting += 1
                    return None
                own = [lease for lease in self._held.get(threading.get_ident(), ()) if not lease.session.is_broken]
                if own:
                    return own[-1]
                if not self._changed.wait(max(0.0, deadline - self._clock())):
                    raise StorageError(
                        f"{self._server} allows no more SFTP sessions",
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

    def _limit_sessions(self, entry: _Entry) -> None:
        with self._changed:
            entry.used -= 1
            if not entry.open:
                raise StorageUnavailable(
                    f"{self._server} refuses SFTP sessions",
                    hint="check that its SFTP subsystem is enabled",
                )
            entry.max_sessions = entry.open
            self._changed.notify_all()

    def _drop(self, entry: _Entry) -> None:
        with self._changed:
            entry.used -= 1
            if entry in self._entries:
                self._entries.remove(entry)
            self._changed.notify_all()
        entry.connection.close()
