"""Remote: runs operations in the folder on the server, and repeats one whose connection was lost."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from mhsync import StorageError
from mhsync_sftp.failures import FILE, LINK, PathBlocked, storage_error
from mhsync_sftp.pool import Lease, Pool
from mhsync_sftp.session import Session
from mhsync_sftp.wire import Attributes, ConnectionLost, Kind, Refused, Status, text

T = TypeVar("T")


class Remote:
    """The folder of a storage.

    Args:
        url: of the folder, for messages.
        root: the path of the folder on the server.
    """

    def __init__(self, pool: Pool, url: str, root: str) -> None:
        self.pool = pool
        self.url = url
        self.root = root

    def full(self, path: str) -> str:
        """The path on the server."""
        return f"{self.root.rstrip('/')}/{path}" if path else self.root

    def url_of(self, path: str) -> str:
        """The URL of a path, for messages."""
        return f"{self.url}/{path}" if path else self.url

    def run(self, doing: str, path: str, work: Callable[[Session], T]) -> T:
        """Run an operation that can be repeated. It is repeated once if the connection is lost.

        Args:
            doing: the operation, as it follows "cannot" in a message.
            path: for messages.

        Raises:
            StorageError: the operation failed.
            StorageUnavailable: the server cannot be reached.
        """
        try:
            try:
                return self._once(work)
            except ConnectionLost:
                return self._once(work)
        except (ConnectionLost, Refused, PathBlocked) as error:
            raise storage_error(doing, self.url_of(path), error) from error

    def lease(self, doing: str, path: str, work: Callable[[Session], T]) -> tuple[Lease, T]:
        """As `run`, but keep the session: the caller gives it back to the pool."""
        try:
            try:
                return self._begin(work)
            except ConnectionLost:
                return self._begin(work)
        except (ConnectionLost, Refused, PathBlocked) as error:
            raise storage_error(doing, self.url_of(path), error) from error

    def _once(self, work: Callable[[Session], T]) -> T:
        lease, result = self._begin(work)
        self.pool.give(lease)
        return result

    def _begin(self, work: Callable[[Session], T]) -> tuple[Lease, T]:
        lease = self.pool.take()
        try:
            return lease, work(lease.session)
        except BaseException as error:
            if not isinstance(error, Refused | PathBlocked | StorageError):
                lease.session.close()
            self.pool.give(lease)
            raise

    def look(self, session: Session, path: str) -> Attributes | None:
        """The attributes of a path, or None if it does not exist. Its folders are checked too, at the same time.

        Raises:
            PathBlocked: the path or one of its folders is a symbolic link.
        """
        parts = path.split("/")
        prefixes = ["/".join(parts[: count + 1]) for count in range(len(parts))]
        requests = [session.send(Kind.LSTAT, text(self.full(prefix))) for prefix in prefixes]
        found: Attributes | None = None
        failure: Refused | None = None
        is_linked = False
        for request in requests:
            try:
                found = session.response(request, Kind.ATTRS).attributes()
                is_linked |= found.is_link
            except Refused as error:
                found = None
                if error.status != Status.NO_SUCH_FILE:
                    failure = failure or error
        if is_linked:
            raise PathBlocked(*LINK)
        if failure is not None:
            raise failure
        return found

    def make_folder(self, session: Session, folder: str) -> None:
        """Make a folder of the storage with its parents, including the folder of the storage itself.

        Raises:
            PathBlocked: a file or a link is in place of one of the folders.
        """
        self._make(session, folder, self.full(folder))

    def _make(self, session: Session, folder: str | None, full: str) -> None:
        """`folder` is None above the storage, where links are followed."""
        try:
            session.make_folder(full)
        except Refused as error:
            there = session.find(full) if folder else self._follow(session, full)
            if there is None and error.status == Status.NO_SUCH_FILE and _parent(full) != full:
                self._make(session, None if not folder else _parent(folder, top=""), _parent(full))
                self._make_last(session, full)
            elif there is None:
                raise
            elif not there.is_folder:
                raise PathBlocked(*(LINK if there.is_link else FILE)) from None

    def _make_last(self, session: Session, full: str) -> None:
        try:
            session.make_folder(full)
        except Refused:
            there = session.find(full)
            if there is None or not there.is_folder:
                raise

    def _follow(self, session: Session, full: str) -> Attributes | None:
        try:
            return session.response(session.send(Kind.STAT, text(full)), Kind.ATTRS).attributes()
        except Refused as error:
            if error.status == Status.NO_SUCH_FILE:
                return None
            raise

    def tidy(self, session: Session, folder: str) -> None:
        """Remove a folder and its parents, as far as they are empty, but not the folder of the storage."""
        requests = []
        while folder:
            requests.append(session.send(Kind.RMDIR, text(self.full(folder))))
            folder = _parent(folder, top="")
        for request in requests:
            with suppress(Refused):
                session.response(request, Kind.STATUS)


def _parent(path: str, top: str = "/") -> str:
    """The parent folder of a path; `top` if the path has none."""
    return path.rpartition("/")[0] or top
