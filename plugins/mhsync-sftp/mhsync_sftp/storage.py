"""SftpStorage: a folder on a server.

A file is written under `.mhsync/tmp/`, its size is compared, it is flushed to disk where the server can, and it is
renamed to its path in one step. It becomes visible completely or not at all. Symbolic links below the folder are
not followed. A folder is removed with its last file.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import BinaryIO

from mhsync import FileInfo, Storage, StorageError, Writer
from mhsync.storage_kit import CheckedReader, check_file_path, is_file_path, printable
from mhsync_sftp.failures import PathBlocked, not_found, storage_error
from mhsync_sftp.listing import walk
from mhsync_sftp.lock import LOCKS, HeldLock, Watch, hold
from mhsync_sftp.pool import Pool
from mhsync_sftp.remote import Remote
from mhsync_sftp.replacing import BACKUPS, Replacer
from mhsync_sftp.session import Session
from mhsync_sftp.transfer import Download
from mhsync_sftp.version import ServerClock, version_of
from mhsync_sftp.wire import Attributes, ConnectionLost, Flags, Refused, Status
from mhsync_sftp.writing import TEMPORARY, Writing

_PRIVATE = ".mhsync"
_BUFFER = 256 * 1024
_OLD = 24 * 3600
"""Seconds. Without the lock a younger temporary file may belong to a running process."""
_RESERVED = (TEMPORARY, LOCKS)


class SftpStorage(Storage):
    """A folder on a server. The first write makes the folder; until then its listing is empty.

    Args:
        pool: connections to the server.
        url: of the folder, for messages.
        root: the path of the folder on the server.
        now: Unix seconds.
    """

    def __init__(self, pool: Pool, url: str, root: str, *, now: Callable[[], float] = time.time) -> None:
        self._pool = pool
        self._remote = Remote(pool, url, root)
        self._replacer = Replacer(self._remote)
        self._clock = ServerClock(now)
        self._writing = Writing(self._remote, self._replacer, self._clock)
        self._now = now
        self._watch = Watch()
        self._lock: HeldLock | None = None

    def __repr__(self) -> str:
        return f"SftpStorage({self._remote.url!r})"

    def list(self, prefix: str = "") -> Iterator[FileInfo]:
        start = prefix.rpartition("/")[0]
        if not start or is_file_path(start, _RESERVED, allow_bytes=True):
            # The listing is complete before the first file is returned: a lost connection cannot shorten it.
            yield from self._remote.run("list", start, lambda session: self._list(session, start, prefix))

    def stat(self, path: str) -> FileInfo | None:
        _check(path)
        asked = self._clock.read()
        found = self._remote.run("stat", path, lambda session: self._replacer.find(session, path))
        return None if found is None or not found[1].is_file else _info(path, found[1], asked)

    def open(self, path: str) -> BinaryIO:
        _check(path)

        def begin(session: Session) -> tuple[bytes, int]:
            found = self._replacer.find(session, path)
            if found is None or not found[1].is_file:
                raise not_found(self._remote.url_of(path))
            try:
                handle = session.open(found[0], Flags.READ)
            except Refused as error:
                if error.status == Status.NO_SUCH_FILE:
                    raise not_found(self._remote.url_of(path)) from None
                raise
            return handle, session.fstat(handle).size or 0

        lease, (handle, size) = self._remote.lease("read", path, begin)
        url = self._remote.url_of(path)

        def translate(error: Exception) -> Exception:
            if isinstance(error, ConnectionLost):
                lease.session.close()
            return storage_error("read", url, error) if isinstance(error, ConnectionLost | Refused) else error

        reader = CheckedReader(
            Download(lease.session, handle, size),
            size,
            printable(url),
            translate=translate,
            on_close=lambda _: self._pool.give(lease),
        )
        return io.BufferedReader(reader, _BUFFER)

    @contextmanager
    def write(self, path: str) -> Iterator[Writer]:
        _check(path)
        try:
            yield from self._writing.write(path, self._fence)
        except BaseException:
            with suppress(StorageError):
                self._remote.run("clear", path, lambda session: self._tidy(session, path.rpartition("/")[0]))
            raise

    def remove(self, path: str) -> None:
        _check(path)

        def work(session: Session) -> None:
            found = self._replacer.find(session, path)
            if found is None or not found[1].is_file:
                return
            session.remove_if_present(found[0])
            self._tidy(session, path.rpartition("/")[0])

        self._fence()
        self._remote.run("remove", path, work)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the lock of the folder for one run. It also excludes other storages of this process."""

        def prepare(session: Session) -> None:
            self._clock.observe(held.find(session))
            self._replacer.recover(session)

        with hold(self._remote, self._watch) as held:
            self._lock = held
            try:
                self._remote.run("recover", TEMPORARY, prepare)
                yield
            finally:
                self._lock = None

    def sweep(self) -> None:
        self._remote.run("clear", TEMPORARY, self._sweep)

    def close(self) -> None:
        self._pool.close()

    def _list(self, session: Session, start: str, prefix: str) -> Sequence[FileInfo]:
        asked = self._clock.read()
        try:
            if start and self._remote.look(session, start) is None:
                return ()
        except PathBlocked:
            return ()
        found = dict(walk(session, start, self._remote.full, lambda path: _is_listed(path, prefix)))
        for path, backup in self._replacer.backups(session):
            found.setdefault(path, backup)
        return [_info(path, attributes, asked) for path, attributes in found.items() if path.startswith(prefix)]

    def _tidy(self, session: Session, folder: str) -> None:
        if not f"{folder}/".startswith(f"{_PRIVATE}/"):
            self._remote.tidy(session, folder)

    def _sweep(self, session: Session) -> None:
        for path, found in walk(session, TEMPORARY, self._remote.full, lambda path: path != BACKUPS):
            is_dead = self._lock is not None or self._now() - (found.mtime or 0) > _OLD
            if is_dead and path not in self._writing.unfinished:
                with suppress(Refused):
                    session.remove(self._remote.full(path))

    def _fence(self) -> None:
        """Refuse to change a file after another run has taken the lock."""
        if self._lock is not None:
            self._lock.check()


def _info(path: str, found: Attributes, asked: float) -> FileInfo:
    return FileInfo(path, found.size or 0, version_of(found, asked))


def _check(path: str) -> str:
    return check_file_path(path, _RESERVED, allow_bytes=True)


def _is_listed(folder: str, prefix: str) -> bool:
    return folder not in _RESERVED and f"{folder}/".startswith(prefix)
