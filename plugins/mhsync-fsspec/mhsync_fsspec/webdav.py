"""WebDAV through the HTTP client of webdav4: the URL says where, and `MOVE` replaces in one step.

webdav4's own calls take a path for a piece of a URL, ask twice what once would tell, and fail where a folder is
answered with a redirect to itself with a slash.
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
from mhsync_fsspec import dav_answers
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

    Folders are asked with their slash: servers redirect, or refuse, a folder without it. No other redirect is
    followed.
    """

    refuses_to_replace = True
    opens_at_once = True
    odd_characters = '?;#%&+:*<>|"'

    def __init__(self, fs: FileSystem, root: str) -> None:
        super().__init__(fs, f"/{root}", replaces=True)
        client: Any = fs.client  # type: ignore[attr-defined]
        self._http = client.http

    @property
    def can_rename(self) -> bool:
        return True

    def find(self, path: str) -> Entry | None:
        response = self._propfind(path, depth=0)
        if dav_answers.adds_a_slash(response):
            response = self._propfind(path, depth=0, is_folder=True)
        try:
            return dav_answers.entry(dav_answers.itself(dav_answers.listed(response, path), self.full(path)))
        except FileNotFoundError:
            return None

    def entries(self, folder: str) -> Iterator[Entry]:
        response = self._propfind(folder, depth=1, is_folder=True)
        try:
            found = dav_answers.listed(response, folder)
        except FileNotFoundError:
            return iter(())
        return dav_answers.below(found, self.full(folder).rstrip("/"))

    def make_folder(self, folder: str) -> None:
        # From below: nearly always the folder above is there.
        response = self._send("MKCOL", folder, is_folder=True)
        if response.status_code == _CONFLICT and self.full(folder).strip("/"):
            self._make_above(folder)
            response = self._send("MKCOL", folder, is_folder=True)
        if response.status_code != _NOT_ALLOWED:  # it is there already
            dav_answers.check(response, folder)

    def upload(self, local: Path, path: str) -> None:
        size = local.stat().st_size
        with local.open("rb") as reader:
            chunks = iter(lambda: reader.read(_CHUNK), b"")
            response = self._send("PUT", path, {"Content-Length": str(size)}, content=chunks)
        dav_answers.check(response, path)

    def open(self, path: str) -> IO[bytes]:
        # A body that is packed on its way would have another length than the file.
        request = self._http.build_request("GET", self._url(path), headers={"Accept-Encoding": "identity"})
        response = self._http.send(request, stream=True)
        try:
            dav_answers.check_is_file(response, path)
        except BaseException:
            response.close()
            raise
        return cast("IO[bytes]", Body(response))

    def rename(self, old: str, new: str, *, replace: bool = True) -> bool:
        headers = {"Destination": self._url(new), "Overwrite": "T" if replace else "F"}
        response = self._send("MOVE", old, headers)
        if response.status_code in _REDIRECTS:
            raise IsADirectoryError(new)
        dav_answers.check(response, old)
        # "Replaced" where nothing was to be replaced is worth a look.
        return replace or response.status_code == _CREATED

    def copy(self, old: str, new: str) -> None:
        raise NotImplementedError

    def remove(self, path: str) -> None:
        with suppress(FileNotFoundError):
            dav_answers.check(self._send("DELETE", path), path)

    def close(self) -> None:
        self._http.close()

    def _make_above(self, folder: str) -> None:
        """Make the folder above, which may be above the storage's own."""
        above = folder.rpartition("/")[0]
        if folder:
            self.make_folder(above)
            return
        parts = self.root.strip("/").split("/")
        for count in range(1, len(parts)):
            url = f"{self._base}{_quoted('/' + '/'.join(parts[:count]))}/"
            response = self._http.request("MKCOL", url)
            if response.status_code != _NOT_ALLOWED:
                dav_answers.check(response, "/".join(parts[:count]))

    def _propfind(self, path: str, *, depth: int, is_folder: bool = False) -> Any:
        headers = {"Depth": str(depth), "Content-Type": "application/xml"}
        return self._send("PROPFIND", path, headers, content=dav_answers.PROPFIND, is_folder=is_folder)

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
    """A path as a URL has it. Every character that means something in a URL is escaped."""
    return quote(path, safe="/")


class Body(io.RawIOBase):
    """What a server sends, as a file that can be read. `size` is in bytes, where the server tells it."""

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
                "there is a password, and no user it belongs to",
                hint=f"write fsspec+webdav://user@host/path, or set {PREFIX}USERNAME",
            )
        return {}
    return {"auth": (user, secrets.get("password", ""))}
