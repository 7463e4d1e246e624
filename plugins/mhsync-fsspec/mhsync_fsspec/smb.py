"""SMB through smbclient, with a separate connection and session for each instance.

By default smbclient shares one connection among all threads of a process. The threads then run out of credits and
lock each other's files. It also sends the same client GUID on every connection. Samba treats connections with one
GUID as channels of one session and passes them to one process, in which a login can wait forever. So each
connection here has its own GUID, and each response has a time limit, which smbclient does not set.
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
"""Without it, fsspec would log in over the shared connection."""
_TIMEOUT = 60.0
"""Seconds for each response, if the storage options have no `timeout`."""
_CHUNK = 1024 * 1024
_INVALID_CHARACTERS = ':*?"<>|'
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_BUSY = (0xC0000043, 0xC0000022, 0xC0000056)  # sharing violation, access denied, delete pending
_NO_SHARE = (0xC00000CC, 0xC0000225)  # bad network name; not found, which Samba's DFS reports
_PAUSES = (0.02, 0.1, 0.3, 1.0)
"""Pauses in seconds before the retries of an operation on a file that another program has open."""


class Smb(Backend):
    """A folder of a share, over one session."""

    can_refuse_to_replace = True

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
        """The arguments of every call of smbclient, which takes the connection from its cache."""
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

    def invalid_name(self, path: str) -> str:
        if invalid := [char for char in _INVALID_CHARACTERS if char in path]:
            return f"SMB does not allow {invalid[0]} in names"
        if any(part.endswith((" ", ".")) for part in path.split("/")):
            return "SMB does not allow names that end in a dot or a space"
        return ""

    def find(self, path: str) -> Entry | None:
        if self.invalid_name(path):
            return None  # a colon would name another stream of a file
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
            # Other programs may replace or remove the file while it is open.
            file = self._client.open_file(self._unc(path), "rb", buffering=0, share_access="rwd", **self._how)
        return cast("IO[bytes]", file)

    def rename(self, old: str, new: str, *, replace: bool = True) -> bool:
        change = self._client.replace if replace else self._client.rename
        with translated():
            _with_retries(lambda: change(self._unc(old), self._unc(new), **self._how))
        return False

    def copy(self, old: str, new: str) -> None:
        raise NotImplementedError

    def remove(self, path: str) -> None:
        with translated():
            try:
                _with_retries(lambda: self._client.remove(self._unc(path), **self._how))
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
    """Whether there is no file or folder. A missing share is another error, and not an empty folder."""
    return is_missing(error) and getattr(error, "ntstatus", None) not in _NO_SHARE


def _with_retries(change: Callable[[], T]) -> T:
    """Retry an operation that fails while another program has the file open."""
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
    """Turn exceptions of smbclient into errors with a reason."""
    from smbprotocol import exceptions  # type: ignore[import-untyped]

    try:
        yield
    except (exceptions.LogonFailure, exceptions.SMBAuthenticationError) as error:
        raise _login_failed() from error
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
            return _login_failed()
        case 0xC00000CC | 0xC0000225:
            return _no_share()
        case 0xC0000022:
            return PermissionError(errno.EACCES, "access denied")
        case 0xC0000043 | 0xC0000056:
            return Refused("another program has the file open", "close the file there, then run the command again")
        case 0xC000007F:
            return OSError(errno.ENOSPC, "the disk is full")
        case 0xC0000035:
            return FileExistsError(errno.EEXIST, "the path is already taken")
        case 0xC00000BA:
            return IsADirectoryError(errno.EISDIR, "there is a folder with this path")
        case 0xC0000033:
            return Refused("the server does not allow the name", "give it another path in the manifest")
    return error


def _no_share() -> Refused:
    return Refused(
        "the server has no such share",
        "check the first part of the path in the URL: fsspec+smb://user@host/SHARE/folder",
    )


def _login_failed() -> Refused:
    return Refused(
        "login failed: the user or the password is wrong",
        f"check {PREFIX}PASSWORD and the user in the URL of the storage",
    )
