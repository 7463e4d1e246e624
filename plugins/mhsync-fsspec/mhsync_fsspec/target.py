"""Target: which file system, which folder of it, and how to get in, out of URL, options and environment."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from mhsync import StorageUnavailable, UsageError

PREFIX = "MHSYNC_FSSPEC_"
MEANT_FOR = "MHSYNC_FSSPEC_FOR"
_URL = re.compile(r"fsspec\+([a-z][a-z0-9.-]*)://(.*)", re.DOTALL)
_SECRET = re.compile(
    r"pass(word|wd|phrase)?$|secret|token|credential|auth|private|sas|(^|_)key$|api_?key|cookie", re.I
)
_PLACE = re.compile(r"url|host|endpoint|proxy|proxies|server|addr", re.I)
OURS = frozenset(
    {"skip_instance_cache", "use_listings_cache", "listings_expiry_time", "max_paths", "asynchronous", "loop"}
    | {"target_protocol", "target_options", "fo", "fs", "client", "http_client", "protocol"}
)
"""Options of fsspec's own that would take from the storage what it stands on."""
REFUSED: Mapping[str, str] = {
    **dict.fromkeys(("sftp", "ssh"), "write sftp://…: fsspec accepts any host key (pip install 'mhsync[sftp]')"),
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
    _check_url(protocol, inner)
    _check_options(options)
    secrets = {
        name.removeprefix(PREFIX).lower(): value
        for name, value in environ.items()
        if name.startswith(PREFIX) and name != MEANT_FOR and value
    }
    if secrets:
        _check_meant(inner, options, environ.get(MEANT_FOR, ""))
    return Target(protocol, inner, dict(options), secrets)


def _check_url(protocol: str, url: str) -> None:
    if protocol in REFUSED:
        raise StorageUnavailable(f"fsspec+{protocol}:// keeps no files for mhsync", hint=REFUSED[protocol])
    if "::" in url:
        raise UsageError("a storage's URL has no :: in it", hint="name the file system itself")
    if any(ord(char) < 32 for char in url) or ".." in url.split("/"):
        raise UsageError("the URL holds .. or a control character", hint="write the folder itself")
    try:
        parts = urlsplit(url)
        has_password = parts.password is not None
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


def _check_options(options: Mapping[str, Any]) -> None:
    for name in _names(options):
        if name.lower() in OURS:
            raise UsageError(
                f"the storage option {name!r:.40} is not for a manifest", hint="leave it out: mhsync sees to it"
            )
        if _SECRET.search(name):
            raise UsageError(
                f"storage_options hold {name!r:.40}, and a manifest is no place for secrets",
                hint=f"put it into {PREFIX}{name.upper()}, or into fsspec's own configuration",
            )


def _check_meant(url: str, options: Mapping[str, Any], meant: str) -> None:
    """Secrets go only where they are meant to: a manifest from a stranger may name any server."""
    begins = meant.removeprefix("fsspec+")
    is_meant = bool(begins) and (
        url == begins or url.startswith(begins if begins.endswith("://") else f"{begins.rstrip('/')}/")
    )
    head, separator, rest = url.partition("://")
    host = rest.partition("/")[0]
    if not is_meant:
        said = f"are for {meant!r:.100}" if meant else "do not say what they are for"
        raise StorageUnavailable(
            f"the secrets in {PREFIX}… {said}, and the manifest names {head}{separator}{host}",
            hint=f"set {MEANT_FOR}={head}{separator}{host} once you are sure that it may have them",
        )
    for name in _names(options):
        if _PLACE.search(name):
            raise StorageUnavailable(
                f"the storage option {name!r:.40} says where to go, and there are secrets in {PREFIX}…",
                hint=f"write the server into the URL, so that {MEANT_FOR} can be compared with it",
            )


def _names(options: Mapping[str, Any]) -> Iterator[str]:
    """The names of options, nested ones too."""
    for name, value in options.items():
        yield str(name)
        if isinstance(value, Mapping):
            yield from _names(value)
