"""WebDAV through webdav4: the URL says where, and `MOVE` replaces in one step.

fsspec's `mv` would be a `COPY` and a `DELETE` there, and `COPY` refuses to replace.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, BinaryIO, Protocol, cast
from urllib.parse import unquote, urlsplit

from mhsync import StorageUnavailable, UsageError
from mhsync_fsspec.backend import Backend
from mhsync_fsspec.filesystem import FileSystem, parameters_of
from mhsync_fsspec.options import PREFIX
from mhsync_fsspec.target import Target

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

PROTOCOL = "webdav"
_CHUNK = 256 * 1024
_OK, _NOT_FOUND = 200, 404
_TIMEOUT = 30
_SECRETS = ("password", "token", "username")


class Client(Protocol):
    """What is used of webdav4's client."""

    http: Any

    def join_url(self, path: str) -> Any: ...
    def upload_fileobj(self, file_obj: BinaryIO, to_path: str, overwrite: bool = False) -> None: ...
    def move(self, from_path: str, to_path: str, overwrite: bool = False) -> None: ...


class WebDav(Backend):
    """A folder of a WebDAV server."""

    def __init__(self, fs: FileSystem, root: str) -> None:
        super().__init__(fs, root, replaces=True)
        self._client: Client = fs.client  # type: ignore[attr-defined]

    @property
    def can_rename(self) -> bool:
        return True

    def full(self, path: str) -> str:
        # webdav4 takes a path for a piece of a URL, where these three mean something.
        return self.listed(path).replace("%", "%25").replace("#", "%23").replace("?", "%3F")

    def upload(self, local: Path, path: str) -> None:
        # `put_file` would look for the folder each time.
        with local.open("rb") as reader:
            self._client.upload_fileobj(reader, self.full(path), overwrite=True)

    def open(self, path: str) -> IO[bytes]:
        # webdav4's own asks once more whether it is a folder, and stumbles over what `full` does.
        http = self._client.http
        request = http.build_request("GET", self._client.join_url(self.full(path)))
        response = http.send(request, stream=True)
        if response.status_code == _OK:
            return cast("IO[bytes]", Body(response))
        response.close()
        if response.status_code == _NOT_FOUND:
            raise FileNotFoundError(path)
        raise OSError(f"the server answered {response.status_code} {response.reason_phrase}")

    def rename(self, old: str, new: str) -> None:
        self._client.move(self.full(old), self.full(new), overwrite=True)

    def close(self) -> None:
        self._client.http.close()


class Body(io.RawIOBase):
    """What a server sends, as a file that can be read."""

    def __init__(self, response: Any) -> None:
        self._response = response
        self._pieces: Iterator[bytes] = response.iter_bytes(_CHUNK)
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        target = memoryview(buffer).cast("B")
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = memoryview(piece)
        count = min(len(target), len(self._rest))
        target[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count

    def close(self) -> None:
        if not self.closed:
            self._response.close()
            super().close()


def root_of(target: Target) -> str:
    """The folder's path on its server.

    Raises:
        UsageError: the URL names no server.
    """
    parts = urlsplit(target.url)
    if not parts.hostname:
        raise UsageError("the URL names no server", hint="write fsspec+webdav://host/path")
    return unquote(parts.path).strip("/")


def known_options(named: frozenset[str]) -> frozenset[str]:
    """The options of WebDAV: its class hands on what it does not name to webdav4's client, and that to httpx.

    Args:
        named: what the class itself names.
    """
    import httpx
    from webdav4.client import Client as WebdavClient  # type: ignore[import-untyped]

    return named.union(*(parameters_of(kind)[0] for kind in (WebdavClient, httpx.Client)))


def options_of(target: Target) -> dict[str, Any]:
    """What webdav4 is made with.

    Raises:
        StorageUnavailable: the environment has secrets that WebDAV knows nothing of.
    """
    parts = urlsplit(target.url)
    unknown = sorted(set(target.secrets) - set(_SECRETS))
    if unknown:
        raise StorageUnavailable(
            f"fsspec+webdav:// knows no {PREFIX}{unknown[0].upper()}",
            hint=f"it knows {', '.join(PREFIX + name.upper() for name in _SECRETS)}",
        )
    host = parts.netloc.rpartition("@")[2]
    scheme = "http" if _is_loopback(parts.hostname or "") else "https"
    options: dict[str, Any] = {
        "timeout": _TIMEOUT,
        "retry": False,
        **target.options,
        "base_url": f"{scheme}://{host}",
    }
    return {**options, **_credentials(parts.username, target.secrets)}


def _credentials(user: str | None, secrets: Mapping[str, str]) -> dict[str, Any]:
    if token := secrets.get("token"):
        return {"headers": {"Authorization": f"Bearer {token}"}}
    user = secrets.get("username") or (unquote(user) if user else None)
    if user is None:
        if "password" in secrets:
            raise StorageUnavailable(
                "there is a password, and no user it belongs to",
                hint=f"write fsspec+webdav://user@host/path, or set {PREFIX}USERNAME",
            )
        return {}
    return {"auth": (user, secrets.get("password", ""))}


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
