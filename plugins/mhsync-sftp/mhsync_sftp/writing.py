"""Writes a file under a temporary name. It is renamed after the size was compared and the file was flushed."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress

from mhsync import StorageError, Writer
from mhsync.storage_kit import printable
from mhsync_sftp.failures import FOLDER, PathBlocked, storage_error
from mhsync_sftp.remote import Remote
from mhsync_sftp.replacing import Replacer
from mhsync_sftp.session import Session
from mhsync_sftp.transfer import Upload
from mhsync_sftp.version import ServerClock
from mhsync_sftp.wire import ConnectionLost, Flags, Refused, Status

TEMPORARY = ".mhsync/tmp"
_FLAGS = Flags.WRITE | Flags.CREATE | Flags.TRUNCATE


class Writing:
    """The writes of one storage. `unfinished` holds the temporary files of the current ones."""

    def __init__(self, remote: Remote, replacer: Replacer, clock: ServerClock) -> None:
        self._remote = remote
        self._replacer = replacer
        self._clock = clock
        self.unfinished: set[str] = set()

    def write(self, path: str, fence: Callable[[], None]) -> Generator[Writer, None, None]:
        """The body of `Storage.write`. It yields the writer.

        Args:
            fence: raises an exception if the file must not become visible, since the lock was lost.
        """
        # A path that cannot be written is an error before the content is downloaded.
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
        """Check that a file can be written to the path, and make its folder.

        Raises:
            PathBlocked: a folder or a link is at the path, or a file or a link is in place of one of its folders.
        """
        found = self._remote.look(session, path)
        if found is None:
            self._remote.make_folder(session, path.rpartition("/")[0])
        elif not found.is_file:
            raise PathBlocked(*FOLDER)

    def _upload(self, temporary: str, path: str) -> Generator[Writer, None, int]:
        """Write a temporary file, and return its size in bytes."""
        url = self._remote.url_of(path)
        lease, handle = self._remote.lease("write", path, lambda session: self._create(session, temporary))
        upload = Upload(lease.session, handle)
        try:
            yield _Writer(upload, url)
            with _storage_errors(url):
                upload.finish()
        except Exception:
            upload.abandon()
            raise
        except BaseException:
            lease.session.close()
            raise
        finally:
            self._remote.pool.give(lease)
        found = self._remote.run("stat", temporary, lambda session: session.find(self._remote.full(temporary)))
        self._clock.observe(found)
        if found is None or found.size != upload.size:
            stored = 0 if found is None else found.size
            raise StorageError(
                f"cannot write {printable(url)}: the server stored {stored} of {upload.size} bytes",
                hint="check the free space on the server, then run it again",
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
            found = self._remote.look(session, path)
            if found is None or found.size != size:
                raise
            # An earlier attempt renamed the file, but its response was lost.

    def _discard(self, session: Session, temporary: str) -> None:
        with suppress(Refused):
            session.remove(self._remote.full(temporary))


class _Writer:
    """An upload that raises a `StorageError` when it fails."""

    def __init__(self, upload: Upload, url: str) -> None:
        self._upload = upload
        self._url = url

    def write(self, data: bytes, /) -> int:
        with _storage_errors(self._url):
            return self._upload.write(data)


@contextmanager
def _storage_errors(url: str) -> Iterator[None]:
    try:
        yield
    except (ConnectionLost, Refused) as error:
        raise storage_error("write", url, error) from error
