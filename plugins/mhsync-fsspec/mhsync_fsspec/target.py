"""Target: the file system, the folder and the credentials, from the URL, the options and the environment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from mhsync import StorageUnavailable, UsageError, install_command
from mhsync_fsspec.options import PREFIX, Origin, read_options, read_secrets, require_own_host

MEANT_FOR = "MHSYNC_FSSPEC_FOR"
_URL = re.compile(r"fsspec\+([a-z][a-z0-9.-]*)://(.*)", re.DOTALL)
_SERVER = re.compile(r"(?:[\w.~%!$&'()*+,;=-]+@)?(?:[\w.-]*|\[[0-9a-fA-F:.]+\])(?::[0-9]{1,5})?", re.ASCII)
"""The text between `://` and the path. All parsers read it in the same way."""
_SFTP = install_command("mhsync-sftp", shortcut="sftp")
RESERVED = frozenset(
    {"skip_instance_cache", "use_listings_cache", "listings_expiry_time", "max_paths", "asynchronous", "loop"}
    | {"target_protocol", "target_options", "fo", "fs", "client", "http_client", "protocol"}
)
"""Options of fsspec itself, which mhsync sets or which would replace the file system."""
REFUSED: Mapping[str, str] = {
    **dict.fromkeys(("sftp", "ssh"), f"write sftp://…: fsspec accepts any host key ({_SFTP})"),
    **dict.fromkeys(("http", "https", "github", "git", "data", "gist"), "it can only be read"),
    **dict.fromkeys(("zip", "tar", "libarchive", "reference"), "an archive cannot be written file by file"),
    **dict.fromkeys(
        (
            "simplecache",
            "filecache",
            "blockcache",
            "cached",
            "dir",
            "dask",
            "generic",
            "asyncwrapper",
            "async_wrapper",
        ),
        "name the file system itself",
    ),
    # The original of an `archived` project would be deleted, and its copy lost when the process ends.
    "memory": "its files are lost when the process ends",
}


@dataclass(frozen=True, slots=True)
class Target:
    """One folder of one file system. Its `repr` shows no secret."""

    protocol: str
    url: str
    """The URL for fsspec: `webdav://host/path`."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """From the manifest."""
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    """From the environment: the value of each option."""

    @property
    def name(self) -> str:
        """The folder, as messages name it."""
        head, separator, rest = self.url.partition("://")
        host, slash, path = rest.partition("/")
        return f"fsspec+{head}{separator}{host.rpartition('@')[2]}{slash}{path}".rstrip("/")


def target_of(url: str, options: Mapping[str, Any], environ: Mapping[str, str]) -> Target:
    """Read the URL, the options of the manifest and the variables of the environment.

    Raises:
        UsageError: the URL or an option is not valid, or contains a secret.
        StorageUnavailable: the protocol is not supported, or the secrets are not meant for this server.
    """
    match = _URL.fullmatch(url)
    if match is None:
        raise UsageError(
            "this is not the URL of a storage", hint="write fsspec+SCHEME://…, such as fsspec+webdav://"
        )
    protocol = {"dav": "webdav"}.get(match[1], match[1])
    inner = f"{protocol}://{match[2]}"
    origin = Origin(protocol, environ)
    _check_url(origin, inner)
    accepted = read_options(origin, options, RESERVED)
    secrets = {
        name.removeprefix(PREFIX).lower(): value
        for name, value in environ.items()
        if name.startswith(PREFIX) and name != MEANT_FOR and value
    }
    if secrets:
        require_meant_for(inner, accepted, environ)
    return Target(protocol, inner, accepted, read_secrets(protocol, secrets))


def _check_url(origin: Origin, url: str) -> None:
    protocol = origin.protocol
    if protocol in REFUSED:
        raise StorageUnavailable(f"fsspec+{protocol}:// cannot be used as a storage", hint=REFUSED[protocol])
    if "::" in url:
        raise UsageError("the URL of a storage must not contain ::", hint="name the file system itself")
    if any(ord(char) < 32 or ord(char) == 127 for char in url) or ".." in url.split("/"):
        raise UsageError(
            "the URL of a storage must not contain .. or a control character", hint="write the folder itself"
        )
    try:
        parts = urlsplit(url)
        has_password, port = parts.password is not None, parts.port
    except ValueError:
        raise UsageError("this is not the URL of a storage", hint="check its host and port") from None
    if has_password:
        raise UsageError(
            "the URL of a storage must not contain a password", hint=f"remove it and set {PREFIX}PASSWORD"
        )
    if parts.query or parts.fragment:
        raise UsageError(
            "the URL of a storage must not contain ? or #",
            hint="write the options of the file system as storage_options",
        )
    if _SERVER.fullmatch(parts.netloc) is None:
        raise UsageError(
            "the server in the URL of the storage contains a character that is not allowed",
            hint="write fsspec+SCHEME://user@host:port/path, with %XX for special characters of the user name",
        )
    if "@" in parts.netloc:
        require_own_host(origin, parts.hostname or "", port)


def require_meant_for(
    url: str, options: Mapping[str, Any], environ: Mapping[str, str], holder: str = f"{PREFIX}…"
) -> None:
    """Check that the secrets are meant for the server of the URL. An untrusted manifest may name any server.

    Args:
        url: the URL for fsspec.
        options: those of the manifest, already checked.
        environ: names the server in `MHSYNC_FSSPEC_FOR`.
        holder: where the secrets are, for messages.

    Raises:
        StorageUnavailable: the URL does not begin with that server.
    """
    meant = environ.get(MEANT_FOR, "")
    begins = meant.removeprefix("fsspec+")
    is_meant = bool(begins) and (
        url == begins or url.startswith(begins if begins.endswith("://") else f"{begins.rstrip('/')}/")
    )
    head, separator, rest = url.partition("://")
    host = rest.partition("/")[0]
    if not is_meant:
        scope = f"are for {meant!r:.100}" if meant else f"are not for any server ({MEANT_FOR} is not set)"
        raise StorageUnavailable(
            f"the secrets in {holder} {scope}, but the manifest names {head}{separator}{host}",
            hint=f"if that server may have the secrets, set {MEANT_FOR}={head}{separator}{host}",
        )
    for name in options:
        if name.endswith("_url"):
            raise StorageUnavailable(
                f"the storage option {name!r:.40} names a server, and there are secrets in {holder}",
                hint=f"set {PREFIX}{name.upper()} in the environment instead",
            )
