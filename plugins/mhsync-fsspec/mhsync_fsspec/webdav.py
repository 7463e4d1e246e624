"""WebDAV through the HTTP client of webdav4. `MOVE` replaces a file in one step.

The methods of webdav4 are not used. They do not escape paths, send more requests than needed, and fail if a server
redirects a folder to the same address with a slash.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast
from urllib.parse import quote, unquote, urlsplit

from mhsync import StorageUnavailable, UsageError
from mhsync.storage_kit import is_loopback
from mhsync_fsspec import dav_responses
from mhsync_fsspec.backend import Backend, Entry
from mhsync_fsspec.filesystem import FileSystem, parameters_of
from mhsync_fsspec.options import PREFIX
from mhsync_fsspec.target import Target

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

PROTOCOL = "webdav"
_CHUNK = 256 * 1024
_CREATED, _NOT_ALLOWED, _CONFLICT = 201, 405, 409
_REDIRECTS = (301, 302, 307, 308)
_TIMEOUT = 30
_SECRETS = ("password", "token", "username")


class WebDav(Backend):
    """A folder of a WebDAV server.

    Requests for folders end in a slash, because servers redirect or refuse them without it. A redirect that only
    adds the slash shows that the path is a folder. No redirect is followed.
    """

    can_refuse_to_replace = True
    opens_directly = True
    special_characters = '?;#%&+:*<>|"'

    def __init__(self, fs: FileSystem, root: str) -> None:
        super().__init__(fs, f"/{root}", replaces=True)
        client: Any = fs.client  # type: ignore[attr-defined]
        self._http = client.http

    @property
    def can_rename(self) -> bool:
        return True

    def find(self, path: str) -> Entry | None:
        response = self._propfind(path, depth=0)
        if dav_responses.adds_a_slash(response):
            response = self._propfind(path, depth=0, is_folder=True)
        try:
            return dav_responses.entry(dav_responses.itself(dav_responses.listed(response, path), self.full(path)))
        except FileNotFoundError:
            return None

    def entries(self, folder: str) -> Iterator[Entry]:
        response = self._propfind(folder, depth=1, is_folder=True)
        try:
            found = dav_responses.listed(response, folder)
        except FileNotFoundError:
            return iter(())
        return dav_responses.below(found, self.full(folder).rstrip("/"))

    def make_folder(self, folder: str) -> None:
        # The parent is created only if this fails: it usually exists.
        response = self._send("MKCOL", folder, is_folder=True)
        if response.status_code == _CONFLICT and self.full(folder).strip("/"):
            self._make_above(folder)
            response = self._send("MKCOL", folder, is_folder=True)
        if response.status_code != _NOT_ALLOWED:  # which means that it exists
            dav_responses.check(response, folder)

    def upload(self, local: Path, path: str) -> None:
        size = local.stat().st_size
        with local.open("rb") as reader:
            chunks = iter(lambda: reader.read(_CHUNK), b"")
            response = self._send("PUT", path, {"Content-Length": str(size)}, content=chunks)
        dav_responses.check(response, path)

    def open(self, path: str) -> IO[bytes]:
        # A compressed body would have another length than the file.
        request = self._http.build_request("GET", self._url(path), headers={"Accept-Encoding": "identity"})
        response = self._http.send(request, stream=True)
        try:
            dav_responses.check_is_file(response, path)
        except BaseException:
            response.close()
            raise
        return cast("IO[bytes]", Body(response))

    def rename(self, old: str, new: str, *, replace: bool = True) -> bool:
        headers = {"Destination": self._url(new), "Overwrite": "T" if replace else "F"}
        response = self._send("MOVE", old, headers)
        if response.status_code in _REDIRECTS:
            raise IsADirectoryError(new)
        dav_responses.check(response, old)
        # Another status than "created" means that a file was replaced although it must not be.
        return replace or response.status_code == _CREATED

    def copy(self, old: str, new: str) -> None:
        raise NotImplementedError

    def remove(self, path: str) -> None:
        with suppress(FileNotFoundError):
            dav_responses.check(self._send("DELETE", path), path)

    def close(self) -> None:
        self._http.close()

    def _make_above(self, folder: str) -> None:
        """Create the parent of a folder, or all parents of the folder of the storage."""
        above = folder.rpartition("/")[0]
        if folder:
            self.make_folder(above)
            return
        parts = self.root.strip("/").split("/")
        for count in range(1, len(parts)):
            url = f"{self._base}{_quoted('/' + '/'.join(parts[:count]))}/"
            response = self._http.request("MKCOL", url)
            if response.status_code != _NOT_ALLOWED:
                dav_responses.check(response, "/".join(parts[:count]))

    def _propfind(self, path: str, *, depth: int, is_folder: bool = False) -> Any:
        headers = {"Depth": str(depth), "Content-Type": "application/xml"}
        return self._send("PROPFIND", path, headers, content=dav_responses.PROPFIND, is_folder=is_folder)

    def _send(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        *,
        content: bytes | Iterator[bytes] | None = None,
        is_folder: bool = False,
    ) -> Any:
        url = self._url(path)
        return self._http.request(
            method, f"{url.rstrip('/')}/" if is_folder else url, headers=headers, content=content
        )

    @property
    def _base(self) -> str:
        return str(self._http.base_url).rstrip("/")

    def _url(self, path: str) -> str:
        return f"{self._base}{_quoted(self.full(path))}"


def _quoted(path: str) -> str:
    """A path in the form of a URL. Every character with a meaning in URLs is escaped."""
    return quote(path, safe="/")


class Body(io.RawIOBase):
    """The body of a response as a readable file. `size` is in bytes, or None if the server does not report it."""

    def __init__(self, response: Any) -> None:
        length = response.headers.get("content-length", "")
        self.size = int(length) if length.isascii() and length.isdigit() else None
        self._response = response
        self._pieces: Iterator[bytes] = response.iter_raw(_CHUNK)
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
    """The path of the folder on its server.

    Raises:
        UsageError: the URL has no server.
    """
    parts = urlsplit(target.url)
    if not parts.hostname:
        raise UsageError("the URL has no server", hint="write fsspec+webdav://host/path")
    return unquote(parts.path).strip("/")


def known_options(named: frozenset[str]) -> frozenset[str]:
    """The options of WebDAV. Its class passes other options to the client of webdav4, which passes them to httpx.

    Args:
        named: the options that the class itself names.
    """
    import httpx
    from webdav4.client import Client as WebdavClient  # type: ignore[import-untyped]

    return named.union(*(parameters_of(kind)[0] for kind in (WebdavClient, httpx.Client)))


def options_of(target: Target) -> dict[str, Any]:
    """The arguments for webdav4.

    Raises:
        StorageUnavailable: the environment has variables that WebDAV does not use.
    """
    parts = urlsplit(target.url)
    unknown = sorted(set(target.secrets) - set(_SECRETS))
    if unknown:
        raise StorageUnavailable(
            f"fsspec+webdav:// does not use {PREFIX}{unknown[0].upper()}",
            hint=f"it uses {', '.join(PREFIX + name.upper() for name in _SECRETS)}",
        )
    host = parts.netloc.rpartition("@")[2]
    scheme = "http" if is_loopback(parts.hostname or "") else "https"
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
                f"{PREFIX}PASSWORD is set, but there is no user",
                hint=f"write fsspec+webdav://user@host/path, or set {PREFIX}USERNAME",
            )
        return {}
    return {"auth": (user, secrets.get("password", ""))}
