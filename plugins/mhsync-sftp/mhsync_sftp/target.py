"""Target: the server, the folder and the credentials, read from the URL, the options and the environment."""

from __future__ import annotations

import getpass
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from mhsync import StorageUnavailable, UsageError
from mhsync.storage_kit import Options

PASSWORD = "MHSYNC_SFTP_PASSWORD"  # noqa: S105 - the name of a variable, not a password
PASSWORD_HOST = "MHSYNC_SFTP_HOST"  # noqa: S105
PASSPHRASE = "MHSYNC_SFTP_KEY_PASSPHRASE"  # noqa: S105
KEY_FILE = "MHSYNC_SFTP_KEY_FILE"
KNOWN_HOSTS = "MHSYNC_SFTP_KNOWN_HOSTS"
USER_KNOWN_HOSTS = "~/.ssh/known_hosts"
SYSTEM_KNOWN_HOSTS = "/etc/ssh/ssh_known_hosts"
OPTIONS = ("agent", "connections", "key_file", "known_hosts", "timeout")
_HOME = "/~"


@dataclass(frozen=True, slots=True)
class Target:
    """A folder on a server. Its `repr` contains no secret."""

    host: str
    port: int
    user: str
    root: str
    """An absolute path, or a path relative to the folder in which the server starts a session."""
    key_file: Path | None = None
    known_hosts: tuple[Path, ...] = ()
    agent: bool = True
    timeout: float = 30.0
    """Seconds to wait for each response of the server."""
    connections: int = 8
    """The maximum number of connections at once."""
    password: str | None = field(default=None, repr=False)
    passphrase: str | None = field(default=None, repr=False)

    @property
    def server(self) -> str:
        """The server in the notation of `known_hosts`: `host` or `[host]:port`."""
        return self.host if self.port == 22 else f"[{self.host}]:{self.port}"

    @property
    def url(self) -> str:
        """The URL of the folder for messages, without the user."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == 22 else f":{self.port}"
        path = self.root if self.root.startswith("/") else f"{_HOME}/{self.root}"
        return f"sftp://{host}{port}{path.rstrip('/')}"


def read_target(url: str, options: Mapping[str, Any], environ: Mapping[str, str]) -> Target:
    """Read the URL, the options and the environment.

    Args:
        url: `sftp://[user@]host[:port]/path`.
        options: the `storage_options` of the manifest.
        environ: the environment of mhsync.

    Raises:
        UsageError: the URL or an option is not valid, or one of them holds a secret.
        StorageUnavailable: the password in the environment is for another server.
    """
    parts = _split(url)
    read = Options("sftp", options, OPTIONS, f"{PASSWORD} and {PASSPHRASE}")
    host, port = _host_of(parts)
    user = unquote(parts.username) if parts.username else _local_user()
    key_file = options.get("key_file") or environ.get(KEY_FILE) or None
    known_hosts = options.get("known_hosts") or environ.get(KNOWN_HOSTS) or None
    files = (known_hosts,) if known_hosts is not None else (USER_KNOWN_HOSTS, SYSTEM_KNOWN_HOSTS)
    return Target(
        host=host,
        port=port,
        user=user,
        root=_root_of(parts),
        key_file=None if key_file is None else _file("key_file", key_file),
        known_hosts=tuple(_file("known_hosts", file) for file in files),
        # With an explicit key no other key is tried: servers disconnect a client that tries too many.
        agent=read.flag("agent", default=key_file is None),
        timeout=read.seconds("timeout", 30, 3600),
        connections=int(read.number("connections", 8, 1, 64)),
        password=_password_for(host, environ),
        passphrase=environ.get(PASSPHRASE) or None,
    )


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise UsageError("the storage URL is not valid", hint="write sftp://user@host:22/path") from None
    if parts.password is not None:
        raise UsageError("the storage URL contains a password", hint=f"remove it and set {PASSWORD}")
    if parts.query or parts.fragment:
        raise UsageError(
            "the storage URL contains ? or #",
            hint="write them as %3F and %23 in a path; write options under storage_options",
        )
    return parts


def _host_of(parts: SplitResult) -> tuple[str, int]:
    if not parts.hostname:
        raise UsageError("the storage URL has no host", hint="write sftp://user@host/path")
    return parts.hostname, 22 if parts.port is None else parts.port


def _root_of(parts: SplitResult) -> str:
    path = unquote(parts.path)
    if not path:
        raise UsageError(
            f"the storage URL has no folder on {parts.hostname}",
            hint="write sftp://host/folder, or sftp://host/~/folder for a folder in the user's home",
        )
    if any(ord(char) < 32 for char in path) or ".." in path.split("/"):
        raise UsageError(
            "the path of the storage URL contains .. or a control character", hint="write the path without them"
        )
    if path == _HOME or path.startswith(f"{_HOME}/"):
        return path.removeprefix(_HOME).strip("/") or "."
    return path.rstrip("/") or "/"


def _file(name: str, value: object) -> Path:
    """The path of an option. It must be absolute, since mhsync may be started in any folder."""
    if not isinstance(value, str):
        raise UsageError(f"{name} is not a path", hint=f"write {name}: /absolute/path, or ~/path")
    try:
        path = Path(value).expanduser()
    except RuntimeError:
        path = Path(value)
    if not path.is_absolute():
        raise UsageError(
            f"{name} is a relative path: {value!r:.80}",
            hint=f"write an absolute path, or one that begins with ~/, or set MHSYNC_SFTP_{name.upper()}",
        )
    return path


def _password_for(host: str, environ: Mapping[str, str]) -> str | None:
    """The password, if the environment allows it for this host. A manifest of another person may name any host."""
    password = environ.get(PASSWORD)
    if not password:
        return None
    allowed = environ.get(PASSWORD_HOST, "").strip().lower()
    if allowed != host.lower():
        state = f"is {allowed!r:.80}" if allowed else "is not set"
        raise StorageUnavailable(
            f"{PASSWORD} is not sent to {host}, which the manifest names: {PASSWORD_HOST} {state}",
            hint=f"if this server may have the password, set {PASSWORD_HOST}={host}",
        )
    return password


def _local_user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        raise UsageError("the storage URL has no user", hint="write sftp://user@host/path") from None
