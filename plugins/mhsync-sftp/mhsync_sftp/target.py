"""Target: which server, which folder, and how to get in, out of the URL, the options and the environment."""

from __future__ import annotations

import getpass
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from mhsync import StorageUnavailable, UsageError
from mhsync.storage_kit import Options

PASSWORD = "MHSYNC_SFTP_PASSWORD"  # noqa: S105 - names of variables
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
    """One folder of one server. Its `repr` shows no secret."""

    host: str
    port: int
    user: str
    root: str
    """Absolute, or from the folder where the server puts its users."""
    key_file: Path | None = None
    known_hosts: tuple[Path, ...] = ()
    agent: bool = True
    timeout: float = 30.0
    """Seconds to wait for the server at any one point."""
    connections: int = 8
    """At most this many at once."""
    password: str | None = field(default=None, repr=False)
    passphrase: str | None = field(default=None, repr=False)

    @property
    def server(self) -> str:
        """The server as `known_hosts` writes it."""
        return self.host if self.port == 22 else f"[{self.host}]:{self.port}"

    @property
    def url(self) -> str:
        """The folder as messages name it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == 22 else f":{self.port}"
        path = self.root if self.root.startswith("/") else f"{_HOME}/{self.root}"
        return f"sftp://{host}{port}{path.rstrip('/')}"


def target_of(url: str, options: Mapping[str, Any], environ: Mapping[str, str]) -> Target:
    """Read all of it.

    Raises:
        UsageError: something is wrong, or a secret stands where it must not.
        StorageUnavailable: the password is not meant for this server.
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
        # A key that was named is the one to use: servers hang up on who tries many.
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
        raise UsageError("not a URL of a server", hint="write sftp://user@host:22/path") from None
    if parts.password is not None:
        raise UsageError("a password stands in the storage's URL", hint=f"take it out, and put it into {PASSWORD}")
    if parts.query or parts.fragment:
        raise UsageError(
            "a server's URL has neither ? nor #", hint="write them as %3F and %23, and options as storage_options"
        )
    return parts


def _host_of(parts: SplitResult) -> tuple[str, int]:
    if not parts.hostname:
        raise UsageError("the URL names no server", hint="write sftp://user@host/path")
    return parts.hostname, 22 if parts.port is None else parts.port


def _root_of(parts: SplitResult) -> str:
    path = unquote(parts.path)
    if not path:
        raise UsageError(
            f"the URL names no folder of {parts.hostname}",
            hint="write sftp://host/folder, or sftp://host/~/folder for one in the user's own",
        )
    if any(ord(char) < 32 for char in path) or ".." in path.split("/"):
        raise UsageError("the URL's path holds .. or a control character", hint="write the folder itself")
    if path == _HOME or path.startswith(f"{_HOME}/"):
        return path.removeprefix(_HOME).strip("/") or "."
    return path.rstrip("/") or "/"


def _file(name: str, value: object) -> Path:
    """An absolute path: a manifest is applied from any folder."""
    if not isinstance(value, str):
        raise UsageError(f"{name} is no path", hint=f"write {name}: /absolute/path, or ~/path")
    try:
        path = Path(value).expanduser()
    except RuntimeError:
        path = Path(value)
    if not path.is_absolute():
        raise UsageError(
            f"{name} must not depend on the folder mhsync is started in: {value!r:.80}",
            hint=f"write an absolute path or one from ~/, or set MHSYNC_SFTP_{name.upper()}",
        )
    return path


def _password_for(host: str, environ: Mapping[str, str]) -> str | None:
    """The password, if it is meant for this server: a manifest from a stranger may name any."""
    password = environ.get(PASSWORD)
    if not password:
        return None
    meant = environ.get(PASSWORD_HOST, "").strip().lower()
    if meant != host.lower():
        said = f"is for {meant!r:.80}" if meant else "does not say which server it is for"
        raise StorageUnavailable(
            f"{PASSWORD} {said}, and the manifest names {host}",
            hint=f"set {PASSWORD_HOST}={host} once you are sure that this server may have the password",
        )
    return password


def _local_user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        raise UsageError("the URL names no user", hint="write sftp://user@host/path") from None
