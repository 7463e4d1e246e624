"""Target: which file system, which folder of it, and how to get in, out of URL, options and environment."""

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
"""What stands between `://` and the path: nothing that two parsers could read differently."""
_SFTP = install_command("mhsync-sftp", shortcut="sftp")
OURS = frozenset(
    {"skip_instance_cache", "use_listings_cache", "listings_expiry_time", "max_paths", "asynchronous", "loop"}
    | {"target_protocol", "target_options", "fo", "fs", "client", "http_client", "protocol"}
)
"""Options of fsspec's own that would take from the storage what it stands on."""
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
    # What is `archived` there would be deleted at Magic Hour, and gone here when the process ends.
    "memory": "it keeps nothing once the process ends",
}


@dataclass(frozen=True, slots=True)
class Target:
    """One folder of one file system. Its `repr` shows no secret."""

    protocol: str
    url: str
    """As fsspec takes it: `webdav://host/path`."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """From the manifest."""
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    """From the environment, by option."""

    @property
    def name(self) -> str:
        """The folder as messages name it."""
        head, separator, rest = self.url.partition("://")
        host, slash, path = rest.partition("/")
        return f"fsspec+{head}{separator}{host.rpartition('@')[2]}{slash}{path}".rstrip("/")


def target_of(url: str, options: Mapping[str, Any], environ: Mapping[str, str]) -> Target:
    """Read all of it.

    Raises:
        UsageError: something is wrong, or a secret stands where it must not.
        StorageUnavailable: the protocol keeps no files, or the secrets are not meant for it.
    """
    match = _URL.fullmatch(url)
    if match is None:
        raise UsageError("not a URL of a storage", hint="write fsspec+SCHEME://…, such as fsspec+webdav://")
    protocol = {"dav": "webdav"}.get(match[1], match[1])
    inner = f"{protocol}://{match[2]}"
    origin = Origin(protocol, environ)
    _check_url(origin, inner)
    accepted = read_options(origin, options, OURS)
    secrets = {
        name.removeprefix(PREFIX).lower(): value
        for name, value in environ.items()
        if name.startswith(PREFIX) and name != MEANT_FOR and value
    }
    if secrets:
        check_meant(inner, accepted, environ)
    return Target(protocol, inner, accepted, read_secrets(protocol, secrets))


def _check_url(origin: Origin, url: str) -> None:
    protocol = origin.protocol
    if protocol in REFUSED:
        raise StorageUnavailable(f"fsspec+{protocol}:// keeps no files for mhsync", hint=REFUSED[protocol])
    if "::" in url:
        raise UsageError("a storage's URL has no :: in it", hint="name the file system itself")
    if any(ord(char) < 32 or ord(char) == 127 for char in url) or ".." in url.split("/"):
        raise UsageError("the URL holds .. or a control character", hint="write the folder itself")
    try:
        parts = urlsplit(url)
        has_password, port = parts.password is not None, parts.port
    except ValueError:
        raise UsageError("not a URL of a storage", hint="look at its host and port") from None
    if has_password:
        raise UsageError(
            "a password stands in the storage's URL", hint=f"take it out, and put it into {PREFIX}PASSWORD"
        )
    if parts.query or parts.fragment:
        raise UsageError(
            "the URL of a storage has neither ? nor #", hint="give the file system its options as storage_options"
        )
    if _SERVER.fullmatch(parts.netloc) is None:
        raise UsageError(
            "the server in the storage's URL has a character that cannot be in a name",
            hint="write fsspec+SCHEME://user@host:port/path, with %XX for special characters of the user name",
        )
    if "@" in parts.netloc:
        require_own_host(origin, parts.hostname or "", port)


def check_meant(
    url: str, options: Mapping[str, Any], environ: Mapping[str, str], holder: str = f"{PREFIX}…"
) -> None:
    """Secrets go only to the server that they are meant for: a manifest from a stranger may name any server.

    Args:
        url: the storage's folder as fsspec takes it.
        options: those of the manifest, checked already.
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
        said = f"are for {meant!r:.100}" if meant else "do not say what they are for"
        raise StorageUnavailable(
            f"the secrets in {holder} {said}, and the manifest names {head}{separator}{host}",
            hint=f"set {MEANT_FOR}={head}{separator}{host} once you are sure that it may have them",
        )
    for name in options:
        if name.endswith("_url"):
            raise StorageUnavailable(
                f"the storage option {name!r:.40} says where to go, and there are secrets in {holder}",
                hint=f"set {PREFIX}{name.upper()} in the environment instead",
            )
