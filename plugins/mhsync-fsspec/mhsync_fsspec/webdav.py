"""WebDAV through webdav4: the URL says where, and `MOVE` replaces in one step.

fsspec's `mv` would be a `COPY` and a `DELETE` there, and `COPY` refuses to replace.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Any, BinaryIO, Protocol
from urllib.parse import unquote, urlsplit

from mhsync import StorageUnavailable
from mhsync_fsspec.backend import Backend
from mhsync_fsspec.filesystem import FileSystem
from mhsync_fsspec.target import PREFIX, Target

PROTOCOL = "webdav"
_TIMEOUT = 30
_SECRETS = ("password", "token", "username")


class Client(Protocol):
    """What is used of webdav4's client."""

    http: Any

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

    def upload(self, local: Path, path: str) -> None:
        # `put_file` would look for the folder each time.
        with local.open("rb") as reader:
            self._client.upload_fileobj(reader, self.full(path), overwrite=True)

    def rename(self, old: str, new: str) -> None:
        self._client.move(self.full(old), self.full(new), overwrite=True)

    def close(self) -> None:
        self._client.http.close()


def root_of(target: Target) -> str:
    """The folder's path on its server.

    Raises:
        StorageUnavailable: the URL names no server.
    """
    parts = urlsplit(target.url)
    if not parts.hostname:
        raise StorageUnavailable("the URL names no server", hint="write fsspec+webdav://host/path")
    return unquote(parts.path).strip("/")


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
