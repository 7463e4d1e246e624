"""SMB through smbclient, with a connection and a session of its own for each instance.

smbclient shares one connection among all threads of a process: they run out of credits, and lock the files of
each other. It also sends the same client GUID on every connection. Samba takes connections with one GUID for
channels of one session and hands them to one process, in which a login can wait forever. So each connection here
has a GUID of its own, and each response has a time limit, which smbclient does not set.
"""

from __future__ import annotations

import errno
import stat
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any, TypeVar, cast

from mhsync_fsspec.backend import Backend, Entry
from mhsync_fsspec.failures import Refused, is_missing
from mhsync_fsspec.filesystem import FileSystem
from mhsync_fsspec.options import PREFIX
from mhsync_fsspec.versions import version_token

T = TypeVar("T")
PROTOCOL = "smb"
OPTIONS = {"register_session_retries": -1}
"""fsspec would log in by the connection that all share."""
_TIMEOUT = 60.0
"""Seconds for each response, where the manifest's storage_options give no `timeout`."""
_CHUNK = 1024 * 1024
_NOT_IN_NAMES = ':*?"<>|'
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_BUSY = (0xC0000043, 0xC0000022, 0xC0000056)  # sharing violation, access denied, delete pending
_NO_SHARE = (0xC00000CC, 0xC0000225)  # bad network name; not found, as Samba says by its DFS
_PAUSES = (0.02, 0.1, 0.3, 1.0)
"""Seconds after which what another reader holds open is tried again."""


class Smb(Backend):
    """A folder of a share, by one session."""

    refuses_to_replace = True

    def __init__(self, fs: FileSystem, root: str) -> None:
        super().__init__(fs, root, replaces=True)
        import smbclient  # type: ignore[import-untyped]

        self._client: Any = smbclient
        settings: Any = fs
        self._host = settings.host
        self._port: int = settings.port or 445
        self._timeout: float = settings.timeout or _TIMEOUT
        self._cache: dict[str, Any] = {}
        self._settings = {
            "username": settings.username,
            "password": settings.password,
            "port": self._port,
            "encrypt": settings.encrypt,
            "connection_timeout": self._timeout,
            "connection_cache": self._cache,
        }

    @property
    def _how(self) -> dict[str, Any]:
        """The arguments of every call of smbclient, once a connection is there that it finds in its cache."""
        self._connection()
        return self._settings

    def _connection(self) -> Any:
        key = f"{self._host.lower()}:{self._port}"
        connection = self._cache.get(key)
        if connection is None or not connection.transport.connected:
            connection = self._cache[key] = _connect(self._host, self._port, self._timeout)
        return connection

    @property
    def can_rename(self) -> bool:
        return True

    def refused_name(self, path: str) -> str:
        if bad := [char for char in _NOT_IN_NAMES if char in path]:
            return f"SMB has no names with {bad[0]}"
        if any(part.endswith((" ", ".")) for part in path.split("/")):
            return "SMB has no names that end in a dot or a space"
        return ""

    def find(self, path: str) -> Entry | None:
        if self.refused_name(path):
            return None  # a colon, for one, would name another stream of a file
        with translated():
            try:
                now, found = self._server_time(), self._client.stat(self._unc(path), **self._how)
            except OSError as error:
                if _is_missing(error):
                    return None
                raise
        is_folder = stat.S_ISDIR(found.st_mode)
        written, changed = found.st_mtime_ns // 1000, found.st_chgtime_ns // 1000
        return _entry(path, is_folder, found.st_size, written, changed, now)

    def entries(self, folder: str) -> Iterator[Entry]:
        with translated():
            try:
                now, found = self._server_time(), list(self._client.scandir(self._unc(folder), **self._how))
            except OSError as error:
                if _is_missing(error):
                    return iter(())
                raise
            return iter([_listed(one, now) for one in found])

    def make_folder(self, folder: str) -> None:
        with translated():
            self._client.makedirs(self._unc(folder), exist_ok=True, **self._how)

    def upload(self, local: Path, path: str) -> None:
        unc = self._unc(path)
        with (
            translated(),
            local.open("rb") as reader,
            self._client.open_file(unc, "wb", buffering=0, **self._how) as writer,
        ):
            while data := reader.read(_CHUNK):
                left = memoryview(data)
                while left:
                    left = left[writer.write(left) :]

    def open(self, path: str) -> IO[bytes]:
        with translated():
            # Others may replace or remove it meanwhile.
            file = self._client.open_file(self._unc(path), "rb", buffering=0, share_access="rwd", **self._how)
        return cast("IO[bytes]", file)

    def rename(self, old: str, new: str, *, replace: bool = True) -> bool:
        change = self._client.replace if replace else self._client.rename
        with translated():
            _patiently(lambda: change(self._unc(old), self._unc(new), **self._how))
        return False

    def copy(self, old: str, new: str) -> None:
        raise NotImplementedError

    def remove(self, path: str) -> None:
        with translated():
            try:
                _patiently(lambda: self._client.remove(self._unc(path), **self._how))
            except OSError as error:
                if not _is_missing(error):
                    raise

    def close(self) -> None:
        self._client.reset_connection_cache(fail_on_error=False, connection_cache=self._cache)

    def _unc(self, path: str) -> str:
        return f"\\\\{self._host}{self.full(path)}".replace("/", "\\")

    def _server_time(self) -> float | None:
        """Seconds since 1970 by the clock of the server, which it reported when the connection began."""
        begun: tuple[float, float] | None = self._connection().server_time
        return None if begun is None else begun[0] + time.monotonic() - begun[1]


def _listed(found: Any, now: float | None) -> Entry:
    info = found.smb_info
    written, changed = ((at - _EPOCH) // _MICROSECOND for at in (info.last_write_time, info.change_time))
    return _entry(found.name, found.is_dir(), info.end_of_file, written, changed, now)


def _entry(name: str, is_folder: bool, size: int, written: int, changed: int, now: float | None) -> Entry:
    """The entry of a file or folder; times are in microseconds since 1970."""
    if is_folder:
        return Entry(name, is_file=False, is_folder=True, size=None)
    version = version_token(max(written, changed) / 1e6, now, size, written, changed)
    return Entry(name, is_file=True, is_folder=False, size=size, version=version)


def _connect(host: str, port: int, timeout: float) -> Any:
    """A connection that waits for each response for `timeout` seconds at most, and knows the server's clock.

    Its `server_time` is the time of the server, in seconds since 1970, and that of `time.monotonic` with it.
    """
    from smbprotocol.connection import Connection, SMB2NegotiateResponse  # type: ignore[import-untyped]
    from smbprotocol.header import Commands  # type: ignore[import-untyped]

    class BoundedConnection(Connection):  # type: ignore[misc]
        server_time: tuple[float, float] | None = None

        def receive(
            self, request: Any, wait: bool = True, timeout: float | None = None, resolve_symlinks: bool = True
        ) -> Any:
            response = super().receive(request, wait, limit if timeout is None else timeout, resolve_symlinks)
            if response["command"].get_value() == Commands.SMB2_NEGOTIATE:
                negotiated = SMB2NegotiateResponse()
                negotiated.unpack(response["data"].get_value())
                reported = negotiated["system_time"].get_value() - _EPOCH
                self.server_time = reported.total_seconds(), time.monotonic()
            return response

    limit = timeout
    connection = BoundedConnection(uuid.uuid4(), host, port)
    connection.connect(timeout=timeout)
    return connection


def _is_missing(error: OSError) -> bool:
    """Whether no file or folder is there; a share that is not there is another thing, and no empty folder."""
    return is_missing(error) and getattr(error, "ntstatus", None) not in _NO_SHARE


def _patiently(change: Callable[[], T]) -> T:
    """Do what fails while somebody else has the file open."""
    for pause in _PAUSES:
        try:
            return change()
        except OSError as error:
            if getattr(error, "ntstatus", None) not in _BUSY:
                raise
        time.sleep(pause)
    return change()


@contextmanager
def translated() -> Iterator[None]:
    """What smbclient raises, as errors that say what happened."""
    from smbprotocol import exceptions  # type: ignore[import-untyped]

    try:
        yield
    except (exceptions.LogonFailure, exceptions.SMBAuthenticationError) as error:
        raise _not_let_in() from error
    except exceptions.BadNetworkName as error:
        raise _no_share() from error
    except exceptions.AccessDenied as error:
        raise PermissionError(str(error)) from error
    except (exceptions.SMBConnectionClosed, exceptions.SMBException) as error:
        if isinstance(error, OSError):
            raise _translated(error) from error
        raise ConnectionError(str(error)) from error
    except OSError as error:
        raise _translated(error) from error


def _translated(error: OSError) -> Exception:
    match getattr(error, "ntstatus", None):
        case 0xC000006D | 0xC000006E | 0xC0000071 | 0xC0000072:  # logon failure, account restrictions
            return _not_let_in()
        case 0xC00000CC | 0xC0000225:
            return _no_share()
        case 0xC0000022:
            return PermissionError(errno.EACCES, "access denied")
        case 0xC0000043 | 0xC0000056:
            return Refused("another program has it open", "close it there, then run it again")
        case 0xC000007F:
            return OSError(errno.ENOSPC, "the disk is full")
        case 0xC0000035:
            return FileExistsError(errno.EEXIST, "it exists")
        case 0xC00000BA:
            return IsADirectoryError(errno.EISDIR, "a folder")
        case 0xC0000033:
            return Refused("the server takes no such name", "give it another path in the manifest")
    return error


def _no_share() -> Refused:
    return Refused(
        "the server has no such share",
        "look at the first part of the URL's path: fsspec+smb://user@host/SHARE/folder",
    )


def _not_let_in() -> Refused:
    return Refused(
        "the server does not let this user in: the user or the password is wrong",
        f"see that {PREFIX}PASSWORD and the user in the storage's URL are right",
    )
