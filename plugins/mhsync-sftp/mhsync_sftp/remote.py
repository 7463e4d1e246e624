"""Remote: the folder on the server, and how something is done there: with a session, and once more if need be."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from mhsync import StorageError
from mhsync_sftp.failures import FILE, LINK, InTheWay, told
from mhsync_sftp.pool import Lease, Pool
from mhsync_sftp.session import Session
from mhsync_sftp.wire import Attributes, Kind, Lost, Refused, Status, text

T = TypeVar("T")


class Remote:
    """The folder of a storage.

    Args:
        url: the folder as messages name it.
        root: the folder as the server knows it.
    """

    def __init__(self, pool: Pool, url: str, root: str) -> None:
        self.pool = pool
        self.url = url
        self.root = root

    def full(self, path: str) -> str:
        """A path of the storage as the server knows it."""
        return f"{self.root.rstrip('/')}/{path}" if path else self.root

    def place(self, path: str) -> str:
        """A path of the storage as messages name it."""
        return f"{self.url}/{path}" if path else self.url

    def run(self, doing: str, path: str, work: Callable[[Session], T]) -> T:
        """Do something that may be done twice: it is repeated once when the connection breaks.

        Raises:
            StorageError: it failed; the message names the path.
            StorageUnavailable: the server cannot be reached.
        """
        try:
            try:
                return self._once(work)
            except Lost:
                return self._once(work)
        except (Lost, Refused, InTheWay) as error:
            raise told(doing, self.place(path), error) from error

    def lease(self, doing: str, path: str, work: Callable[[Session], T]) -> tuple[Lease, T]:
        """As `run`, but the session is kept: give it back to the pool."""
        try:
            try:
                return self._begin(work)
            except Lost:
                return self._begin(work)
        except (Lost, Refused, InTheWay) as error:
            raise told(doing, self.place(path), error) from error

    def _once(self, work: Callable[[Session], T]) -> T:
        lease, result = self._begin(work)
        self.pool.give(lease)
        return result

    def _begin(self, work: Callable[[Session], T]) -> tuple[Lease, T]:
        lease = self.pool.take()
        try:
            return lease, work(lease.session)
        except BaseException as error:
            if not isinstance(error, Refused | InTheWay | StorageError):
                lease.session.close()
            self.pool.give(lease)
            raise

    def look(self, session: Session, path: str) -> Attributes | None:
        """What lies under a path, and None where nothing does; all folders on the way are looked at in one go.

        Raises:
            InTheWay: a symbolic link is, at its end or on the way.
        """
        parts = path.split("/")
        ways = ["/".join(parts[: count + 1]) for count in range(len(parts))]
        requests = [session.send(Kind.LSTAT, text(self.full(way))) for way in ways]
        found: Attributes | None = None
        failure: Refused | None = None
        is_linked = False
        for request in requests:
            try:
                found = session.answer(request, Kind.ATTRS).attributes()
                is_linked |= found.is_link
            except Refused as error:
                found = None
                if error.status != Status.NO_SUCH_FILE:
                    failure = failure or error
        if is_linked:
            raise InTheWay(*LINK)
        if failure is not None:
            raise failure
        return found

    def make_folder(self, session: Session, folder: str) -> None:
        """Make a folder of the storage, and those it lies in, the storage's own included.

        Raises:
            InTheWay: a file or a link is.
        """
        self._make(session, folder, self.full(folder))

    def _make(self, session: Session, folder: str | None, full: str) -> None:
        """`folder` is None above the storage, where links are its owner's own affair."""
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
                raise InTheWay(*(LINK if there.is_link else FILE)) from None

    def _make_last(self, session: Session, full: str) -> None:
        try:
            session.make_folder(full)
        except Refused:
            there = session.find(full)
            if there is None or not there.is_folder:
                raise

    def _follow(self, session: Session, full: str) -> Attributes | None:
        try:
            return session.answer(session.send(Kind.STAT, text(full)), Kind.ATTRS).attributes()
        except Refused as error:
            if error.status == Status.NO_SUCH_FILE:
                return None
            raise

    def tidy(self, session: Session, folder: str) -> None:
        """Remove a folder, and those it lies in, as far as they are empty; the storage's own stays."""
        requests = []
        while folder:
            requests.append(session.send(Kind.RMDIR, text(self.full(folder))))
            folder = _parent(folder, top="")
        for request in requests:
            with suppress(Refused):
                session.answer(request, Kind.STATUS)


def _parent(path: str, top: str = "/") -> str:
    """The folder a path lies in; `top` where that is the uppermost."""
    return path.rpartition("/")[0] or top
