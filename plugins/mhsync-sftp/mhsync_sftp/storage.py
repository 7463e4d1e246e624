"""SftpStorage: a folder of a server.

A file is written under `.mhsync/tmp/`, its size is compared, it is flushed to disk where the server knows how,
and it is renamed to its path in one step: it is there whole or not at all. Symbolic links below the folder are
not followed. Folders that a removed or moved file leaves empty go too.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import BinaryIO

from mhsync import FileInfo, Storage, StorageError, Writer
from mhsync.storage_kit import check_file_path, is_file_path
from mhsync_sftp.failures import InTheWay, not_found, told
from mhsync_sftp.listing import walk
from mhsync_sftp.lock import LOCKS, HeldLock, Watch, hold
from mhsync_sftp.pool import Pool
from mhsync_sftp.remote import Remote
from mhsync_sftp.replacing import FORMER, Replacer
from mhsync_sftp.session import Session
from mhsync_sftp.transfer import Download
from mhsync_sftp.wire import Flags, Lost, Refused, Status
from mhsync_sftp.writing import TEMPORARY, Writing

_PRIVATE = ".mhsync"
_BUFFER = 256 * 1024
_OLD = 24 * 3600
"""Seconds: without the lock a temporary file is somebody's work until it is older than this."""
_RESERVED = (TEMPORARY, LOCKS)


class SftpStorage(Storage):
    """A folder of a server, made by the first write; until then it lists as empty.

    Args:
        pool: connections to the server.
        url: the folder as messages name it.
        root: the folder as the server knows it.
        now: Unix seconds, to tell old temporary files.
    """

    def __init__(self, pool: Pool, url: str, root: str, *, now: Callable[[], float] = time.time) -> None:
        self._pool = pool
        self._remote = Remote(pool, url, root)
        self._replacer = Replacer(self._remote)
        self._writing = Writing(self._remote, self._replacer)
        self._now = now
        self._watch = Watch()
        self._lock: HeldLock | None = None

    def __repr__(self) -> str:
        return f"SftpStorage({self._remote.url!r})"

    def list(self, prefix: str = "") -> Iterator[FileInfo]:
        start = prefix.rpartition("/")[0]
        if not start or is_file_path(start, _RESERVED, allow_bytes=True):
            # The whole listing is taken before any of it is given: a connection that breaks shortens none.
            yield from self._remote.run("list", start, lambda session: self._list(session, start, prefix))

    def stat(self, path: str) -> FileInfo | None:
        _check(path)
        found = self._remote.run("look at", path, lambda session: self._replacer.find(session, path))
        return None if found is None or not found[1].is_file else FileInfo(path, found[1].size or 0)

    def open(self, path: str) -> BinaryIO:
        _check(path)

        def begin(session: Session) -> tuple[bytes, int]:
            found = self._replacer.find(session, path)
            if found is None or not found[1].is_file:
                raise not_found(self._remote.place(path))
            try:
                handle = session.open(found[0], Flags.READ)
            except Refused as error:
                if error.status == Status.NO_SUCH_FILE:
                    raise not_found(self._remote.place(path)) from None
                raise
            return handle, session.fstat(handle).size or 0

        lease, (handle, size) = self._remote.lease("read", path, begin)

        def failed(error: Exception) -> StorageError:
            if isinstance(error, Lost):
                lease.session.close()
            return told("read", self._remote.place(path), error)

        reader = Download(lease.session, handle, size, lambda: self._pool.give(lease), failed)
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
            try:
                session.remove(found[0])
            except Refused as error:
                if error.status != Status.NO_SUCH_FILE:
                    raise
            self._tidy(session, path.rpartition("/")[0])

        self._fence()
        self._remote.run("remove", path, work)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the folder for one run; two locks in one process exclude each other too."""
        with hold(self._remote, self._watch) as held:
            self._lock = held
            try:
                self._remote.run("recover", TEMPORARY, self._replacer.recover)
                yield
            finally:
                self._lock = None

    def sweep(self) -> None:
        self._remote.run("clear", TEMPORARY, self._sweep)

    def close(self) -> None:
        self._pool.close()

    def _list(self, session: Session, start: str, prefix: str) -> Sequence[FileInfo]:
        try:
            if start and self._remote.look(session, start) is None:
                return ()
        except InTheWay:
            return ()
        found = dict(walk(session, start, self._remote.full, lambda path: _is_listed(path, prefix)))
        for path, former in self._replacer.backups(session):
            found.setdefault(path, former)
        return [FileInfo(path, info.size or 0) for path, info in found.items() if path.startswith(prefix)]

    def _tidy(self, session: Session, folder: str) -> None:
        if not f"{folder}/".startswith(f"{_PRIVATE}/"):
            self._remote.tidy(session, folder)

    def _sweep(self, session: Session) -> None:
        for path, found in walk(session, TEMPORARY, self._remote.full, lambda path: path != FORMER):
            is_dead = self._lock is not None or self._now() - (found.mtime or 0) > _OLD
            if is_dead and path not in self._writing.unfinished:
                with suppress(Refused):
                    session.remove(self._remote.full(path))

    def _fence(self) -> None:
        """Nothing is made visible, moved or removed once another run has taken the lock."""
        if self._lock is not None:
            self._lock.check()


def _check(path: str) -> str:
    return check_file_path(path, _RESERVED, allow_bytes=True)


def _is_listed(folder: str, prefix: str) -> bool:
    return folder not in _RESERVED and f"{folder}/".startswith(prefix)
