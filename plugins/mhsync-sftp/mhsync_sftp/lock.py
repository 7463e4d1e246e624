"""One run at a time in a folder of a server: a lock that lasts as long as its holder renews it.

Lock files are numbered, and the highest number is the lock. Whoever wants it makes the next one, which the server
lets one of them do (`SSH_FXF_EXCL`), and only once the highest says that it was let go of, or that its holder is
dead: the holder's process is gone from this very machine, or the file was not renewed for `LEASE` seconds by the
server's own clock. So a number is given once, and two who find the same dead holder do not both follow it.
A holder that could not renew in time, or finds a higher number, makes nothing visible any more.
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

from mhsync import LockTimeout, StorageError
from mhsync.storage_kit import ProcessIdentity, has_ended, printable, utc_text
from mhsync_sftp.listing import walk
from mhsync_sftp.remote import Remote
from mhsync_sftp.session import Session
from mhsync_sftp.transfer import Download, Upload
from mhsync_sftp.wire import Attributes, Flags, Refused, Status

LOCKS = ".mhsync/locks"
LEASE = 120.0
"""Seconds without a sign of life after which a holder is dead."""
RENEW = 20.0
_MARGIN = 20.0
_PAUSE = 1.0
_NOTE_MAX = 4096
_NOBODY = "held by another run"
"""What a lock file shows while its holder writes it: for a moment it is empty."""
_UNNAMED_PAUSE = 0.1
_UNNAMED_MAX = 10
"""How often such a file is read again before the holder is reported without its name."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """The highest lock file."""

    number: int
    note: dict[str, Any]
    mtime: int


class HeldLock:
    """A lock that is held, and renewed by a thread of its own."""

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
        """See that the lock is still ours.

        Raises:
            StorageError: it is not, or could not be renewed in time.
        """
        if not self._lost and self._clock() - self._renewed > LEASE - _MARGIN:
            self._renew()
        if self._lost or self._clock() - self._renewed > LEASE - _MARGIN:
            raise StorageError(
                f"the lock of {self._remote.url} was lost, so nothing more is changed there",
                hint="see whether another run is at work there, then run it again",
            )

    def let_go(self) -> None:
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
        """Write the file anew, so that the server gives it a new time; it is not made again once it is gone."""
        _put(session, self._remote.full(_path(self._number)), note, Flags.WRITE | Flags.TRUNCATE)


@contextmanager
def hold(
    remote: Remote,
    timeout: float,
    on_wait: Callable[[str], None],
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Iterator[HeldLock]:
    """Hold the lock for the length of the block.

    Args:
        timeout: seconds to wait for another holder.
        on_wait: told once who it is and since when.

    Raises:
        LockTimeout: another run still held it when the time was up.
        StorageError: the server failed.
    """
    note = {
        **ProcessIdentity.current().to_json(),
        "since": utc_text(now()),
        "token": secrets.token_hex(16),
    }
    held = _Acquiring(remote, json.dumps(note).encode() + b"\n", clock, sleep).acquire(timeout, on_wait)
    try:
        yield held
    finally:
        held.let_go()


class _Acquiring:
    """One wait for the lock."""

    def __init__(
        self, remote: Remote, note: bytes, clock: Callable[[], float], sleep: Callable[[float], None]
    ) -> None:
        self._remote = remote
        self._note = note
        self._clock = clock
        self._sleep = sleep
        self._watched: tuple[_Seen, float] | None = None

    def acquire(self, timeout: float, on_wait: Callable[[str], None]) -> HeldLock:
        deadline = self._clock() + timeout
        told = False
        unnamed = 0
        while True:
            number, holder = self._remote.run("lock", "", self._try)
            if holder is None:
                return HeldLock(self._remote, number, self._note, self._clock)
            if not told and holder.startswith(_NOBODY) and unnamed < _UNNAMED_MAX:
                unnamed += 1
                self._sleep(_UNNAMED_PAUSE)
                continue
            left = deadline - self._clock()
            if not told:
                told = True
                on_wait(holder)
            if left <= 0:
                raise LockTimeout(
                    f"the storage {self._remote.url} is {holder}",
                    hint=f"wait for that run to end, or wait longer than {timeout:g} s with --lock-timeout",
                )
            self._sleep(min(_PAUSE, left))

    def _try(self, session: Session) -> tuple[int, str | None]:
        """The number that is ours now, or the one that is not, and who holds it."""
        numbers = _numbers(self._remote, session)
        highest = max(numbers, default=0)
        seen = self._see(session, highest) if highest else None
        if seen is not None:
            if seen.note == json.loads(self._note):
                return highest, None  # made a moment ago, and the answer lost
            if not self._is_over(session, seen):
                return highest, _holder(seen)
        if not self._make(session, highest + 1):
            seen = self._see(session, highest + 1)
            return highest + 1, _NOBODY if seen is None else _holder(seen)
        for number in numbers:
            _remove(session, self._remote.full(_path(number)))
        return highest + 1, None

    def _see(self, session: Session, number: int) -> _Seen | None:
        full = self._remote.full(_path(number))
        found = session.find(full)
        return None if found is None else _Seen(number, _read(session, full, found), found.mtime or 0)

    def _is_over(self, session: Session, seen: _Seen) -> bool:
        """Whether the lock was let go of, or its holder is dead."""
        if seen.note.get("released") is True or has_ended(seen.note):
            return True
        if self._watched is None or self._watched[0] != seen:
            self._watched = (seen, self._clock())
        elif self._clock() - self._watched[1] > LEASE:
            return True  # whatever the server's clock says
        return self._server_time(session) - seen.mtime > LEASE

    def _server_time(self, session: Session) -> int:
        full = self._remote.full(f"{LOCKS}/clock-{secrets.token_hex(8)}")
        _put(session, full, b"", Flags.WRITE | Flags.CREATE | Flags.EXCLUSIVE)
        try:
            return session.lstat(full).mtime or 0
        finally:
            _remove(session, full)

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
    """What a lock file says; one that cannot be read says nothing."""
    try:
        handle = session.open(full, Flags.READ)
        with Download(
            session, handle, min(found.size or 0, _NOTE_MAX), lambda: None, lambda error: error
        ) as reader:
            note = json.loads(reader.readall())
    except (Refused, ValueError):
        return {}
    return note if isinstance(note, dict) else {}


def _remove(session: Session, full: str) -> None:
    try:
        session.remove(full)
    except Refused as error:
        if error.status != Status.NO_SUCH_FILE:
            raise


def _holder(seen: _Seen) -> str:
    if "pid" not in seen.note:
        since = datetime.fromtimestamp(seen.mtime, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return f"{_NOBODY} since {since} (the lock file does not name it)"
    pid, host, since = (printable(str(seen.note.get(key, "unknown")))[:80] for key in ("pid", "host", "since"))
    return f"held by process {pid} on host {host} since {since}"
