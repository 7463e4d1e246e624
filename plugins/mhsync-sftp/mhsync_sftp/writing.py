"""Writing a file: under a temporary name, seen whole, flushed, and only then under its path."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress

from mhsync import StorageError, Writer
from mhsync.storage_kit import printable
from mhsync_sftp.failures import FOLDER, InTheWay, told
from mhsync_sftp.remote import Remote
from mhsync_sftp.replacing import Replacer
from mhsync_sftp.session import Session
from mhsync_sftp.transfer import Upload
from mhsync_sftp.wire import Flags, Lost, Refused, Status

TEMPORARY = ".mhsync/tmp"
_FLAGS = Flags.WRITE | Flags.CREATE | Flags.TRUNCATE


class Writing:
    """All writes of one storage. `unfinished` are the temporary files of those that are under way."""

    def __init__(self, remote: Remote, replacer: Replacer) -> None:
        self._remote = remote
        self._replacer = replacer
        self.unfinished: set[str] = set()

    def write(self, path: str, fence: Callable[[], None]) -> Generator[Writer, None, None]:
        """The body of `Storage.write`: gives the writer once.

        Args:
            fence: raises where nothing may be made visible any more.
        """
        # What stands in the way is told before gigabytes were fetched.
        self._remote.run("write", path, lambda session: self.prepare_parent(session, path))
        temporary = f"{TEMPORARY}/{os.getpid()}-{secrets.token_hex(8)}"
        self.unfinished.add(temporary)
        try:
            size = yield from self._upload(temporary, path)
            fence()
            self._remote.run("write", path, lambda session: self._publish(session, temporary, path, size))
        except BaseException:
            with suppress(StorageError):
                self._remote.run("clear", temporary, lambda session: self._discard(session, temporary))
            raise
        finally:
            self.unfinished.discard(temporary)

    def prepare_parent(self, session: Session, path: str) -> None:
        """See that a file can stand under the path, and make its folder.

        Raises:
            InTheWay: something else stands there.
        """
        there = self._remote.look(session, path)
        if there is None:
            self._remote.make_folder(session, path.rpartition("/")[0])
        elif not there.is_file:
            raise InTheWay(*FOLDER)

    def _upload(self, temporary: str, path: str) -> Generator[Writer, None, int]:
        """Write a temporary file; its size in bytes."""
        place = self._remote.place(path)
        lease, handle = self._remote.lease("write", path, lambda session: self._create(session, temporary))
        upload = Upload(lease.session, handle)
        try:
            yield _Writer(upload, place)
            with _telling(place):
                upload.finish()
        except Exception:
            upload.abandon()
            raise
        except BaseException:
            lease.session.close()
            raise
        finally:
            self._remote.pool.give(lease)
        found = self._remote.run("look at", temporary, lambda session: session.find(self._remote.full(temporary)))
        if found is None or found.size != upload.size:
            arrived = "none" if found is None else found.size
            raise StorageError(
                f"cannot write {printable(place)}: of {upload.size} bytes {arrived} arrived",
                hint="look at the room left there, then run it again",
            )
        return upload.size

    def _create(self, session: Session, temporary: str) -> bytes:
        full = self._remote.full(temporary)
        try:
            return session.open(full, _FLAGS)
        except Refused as error:
            if error.status != Status.NO_SUCH_FILE:
                raise
        self._remote.make_folder(session, TEMPORARY)
        return session.open(full, _FLAGS)

    def _publish(self, session: Session, temporary: str, path: str, size: int) -> None:
        source = self._remote.full(temporary)
        try:
            self._replacer.put(session, source, path)
        except Refused as error:
            if error.status != Status.NO_SUCH_FILE or session.find(source) is not None:
                raise
            there = self._remote.look(session, path)
            if there is None or there.size != size:
                raise
            # A former try did it, and its answer was lost.

    def _discard(self, session: Session, temporary: str) -> None:
        with suppress(Refused):
            session.remove(self._remote.full(temporary))


class _Writer:
    """An upload that tells its failures as a `StorageError`."""

    def __init__(self, upload: Upload, place: str) -> None:
        self._upload = upload
        self._place = place

    def write(self, data: bytes, /) -> int:
        with _telling(self._place):
            return self._upload.write(data)


@contextmanager
def _telling(place: str) -> Iterator[None]:
    try:
        yield
    except (Lost, Refused) as error:
        raise told("write", place, error) from error
