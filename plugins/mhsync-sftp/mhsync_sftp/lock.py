"""The lock of a folder on a server. It is held by one run, as long as that run renews it.

Lock files are numbered. The file with the highest number is the lock. A run takes the lock by creating the file
with the next number, which the server allows only once (`SSH_FXF_EXCL`). It does so only if the current file says
that it was released, or if its holder is dead: the holder's process on this machine has ended, or the file was not
renewed for `LEASE` seconds by the server's clock. Each number is used once, so two runs that find the same dead
holder cannot both take the lock. A holder that could not renew the lock in time, or finds a higher number, changes
no more files.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from mhsync import Locked, StorageError
from mhsync.storage_kit import ProcessIdentity, has_ended, printable, utc_text
from mhsync_sftp.listing import walk
from mhsync_sftp.remote import Remote
from mhsync_sftp.session import Session
from mhsync_sftp.transfer import Download, Upload
from mhsync_sftp.wire import Attributes, Flags, Refused

LOCKS = ".mhsync/locks"
LEASE = 120.0
"""Seconds without a renewal after which a holder counts as dead."""
RENEW = 20.0
"""Seconds between renewals."""
_MARGIN = 20.0
"""Seconds before the end of the lease at which its holder stops changing files."""
_NOTE_MAX = 4096
"""Bytes of a lock file that are read."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """The lock file with the highest number."""

    number: int
    note: dict[str, Any]
    mtime: int


class HeldLock:
    """A lock that is held. A thread renews it."""

    def __init__(self, remote: Remote, number: int, note: bytes, clock: Callable[[], float]) -> None:
        self._remote = remote
        self._number = number
        self._note = note
        self._clock = clock
        self._renewed = clock()
        self._lost = False
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="mhsync-sftp-lock", daemon=True)
        self._thread.start()

    def check(self) -> None:
        """Check that the lock is still held.

        Raises:
            StorageError: another run has taken it, or it could not be renewed in time.
        """
        if not self._lost and self._clock() - self._renewed > LEASE - _MARGIN:
            self._renew()
        if self._lost or self._clock() - self._renewed > LEASE - _MARGIN:
            raise StorageError(
                f"the lock of {self._remote.url} was lost; the operation was not carried out",
                hint="check whether another run uses this storage, then run it again",
            )

    def find(self, session: Session) -> Attributes | None:
        """The attributes of the lock file, which the server has just written."""
        return session.find(self._remote.full(_path(self._number)))

    def release(self) -> None:
        self._end.set()
        self._thread.join()
        if not self._lost:
            with suppress(StorageError):
                self._remote.run("unlock", "", lambda session: self._write(session, b'{"released": true}\n'))

    def _keep(self) -> None:
        while not self._end.wait(RENEW):
            self._renew()

    def _renew(self) -> None:
        begun = self._clock()
        with suppress(StorageError):
            self._remote.run("lock", "", self._look_and_renew)
            if not self._lost:
                self._renewed = begun

    def _look_and_renew(self, session: Session) -> None:
        if max(_numbers(self._remote, session), default=0) != self._number:
            self._lost = True
        else:
            self._write(session, self._note)

    def _write(self, session: Session, note: bytes) -> None:
        """Write the file, so that the server updates its time. A file that was removed is not created again."""
        _put(session, self._remote.full(_path(self._number)), note, Flags.WRITE | Flags.TRUNCATE)


class Watch:
    """Watches a lock file over several attempts. It finds a dead holder even if the server's clock is wrong.

    Args:
        clock: seconds of any origin, never set back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._seen: tuple[_Seen, float] | None = None

    def is_dead(self, seen: _Seen) -> bool:
        """Whether the lock file has not changed for `LEASE` seconds."""
        if self._seen is None or self._seen[0] != seen:
            self._seen = (seen, self.clock())
        return self.clock() - self._seen[1] > LEASE


@contextmanager
def hold(
    remote: Remote, watch: Watch, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> Iterator[HeldLock]:
    """Hold the lock during the block. It tries once to take it.

    Raises:
        Locked: another run holds it.
        StorageError: the server failed.
    """
    note = {
        **ProcessIdentity.current().to_json(),
        "since": utc_text(now()),
        "token": secrets.token_hex(16),
    }
    data = json.dumps(note).encode() + b"\n"
    number, locked = remote.run("lock", "", _Acquiring(remote, data, watch).attempt)
    if locked is not None:
        raise locked
    held = HeldLock(remote, number, data, watch.clock)
    try:
        yield held
    finally:
        held.release()


class _Acquiring:
    """One attempt to take the lock."""

    def __init__(self, remote: Remote, note: bytes, watch: Watch) -> None:
        self._remote = remote
        self._note = note
        self._watch = watch

    def attempt(self, session: Session) -> tuple[int, Locked | None]:
        """The number of the new lock file; or the number of another run's file, and the error to raise."""
        numbers = _numbers(self._remote, session)
        highest = max(numbers, default=0)
        seen = self._see(session, highest) if highest else None
        if seen is not None:
            if seen.note == json.loads(self._note):
                return highest, None  # the file was created, but the response was lost
            if not self._is_over(session, seen):
                return highest, _locked(seen)
        if not self._make(session, highest + 1):
            seen = self._see(session, highest + 1)
            return highest + 1, Locked() if seen is None else _locked(seen)
        for number in numbers:
            session.remove_if_present(self._remote.full(_path(number)))
        return highest + 1, None

    def _see(self, session: Session, number: int) -> _Seen | None:
        full = self._remote.full(_path(number))
        found = session.find(full)
        return None if found is None else _Seen(number, _read(session, full, found), found.mtime or 0)

    def _is_over(self, session: Session, seen: _Seen) -> bool:
        """Whether the lock was released, or its holder is dead."""
        if seen.note.get("released") is True or has_ended(seen.note):
            return True
        if self._watch.is_dead(seen):
            return True
        return self._server_time(session) - seen.mtime > LEASE

    def _server_time(self, session: Session) -> int:
        full = self._remote.full(f"{LOCKS}/clock-{secrets.token_hex(8)}")
        _put(session, full, b"", Flags.WRITE | Flags.CREATE | Flags.EXCLUSIVE)
        try:
            return session.lstat(full).mtime or 0
        finally:
            session.remove_if_present(full)

    def _make(self, session: Session, number: int) -> bool:
        self._remote.make_folder(session, LOCKS)
        full = self._remote.full(_path(number))
        try:
            _put(session, full, self._note, Flags.WRITE | Flags.CREATE | Flags.EXCLUSIVE)
        except Refused:
            if session.find(full) is None:
                raise
            return False
        return True


def _path(number: int) -> str:
    return f"{LOCKS}/{number}"


def _numbers(remote: Remote, session: Session) -> list[int]:
    names = (path.rpartition("/")[2] for path, _ in walk(session, LOCKS, remote.full, lambda _: False))
    return sorted(int(name) for name in names if name.isascii() and name.isdigit())


def _put(session: Session, full: str, data: bytes, flags: Flags) -> None:
    upload = Upload(session, session.open(full, flags))
    upload.write(data)
    upload.finish()


def _read(session: Session, full: str, found: Attributes) -> dict[str, Any]:
    """The content of a lock file; empty if it cannot be read or is being written."""
    try:
        download = Download(session, session.open(full, Flags.READ), min(found.size or 0, _NOTE_MAX))
        try:
            note = json.loads(b"".join(iter(download.read, b"")))
        finally:
            download.close()
    except (Refused, ValueError):
        return {}
    return note if isinstance(note, dict) else {}


def _locked(seen: _Seen) -> Locked:
    if "pid" not in seen.note:
        since = utc_text(datetime.fromtimestamp(seen.mtime, UTC))
        return Locked(since=f"{since} (the lock file does not name it)")
    pid, host, since = (printable(str(seen.note.get(key, "unknown")))[:80] for key in ("pid", "host", "since"))
    return Locked(f"process {pid} on host {host}", since)
