"""The storage options that a manifest may set: a closed list for each protocol.

A manifest may come from an untrusted author and be planned with real credentials. File systems of fsspec have
dozens of options, and many of them choose a server, switch encryption off, or contain secrets. So a manifest can
set only the options that were reviewed. The user who runs mhsync can set all others in the environment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mhsync import UsageError
from mhsync.storage_kit import may_name_secret, parse_endpoint, require_trusted_host, suggest

PREFIX = "MHSYNC_FSSPEC_"
_NAME = re.compile(r"[A-Za-z0-9._@-]{1,128}", re.ASCII)
_COMMON = frozenset({"block_size", "timeout"})
_OBJECTS = frozenset({"default_fill_cache", "max_concurrency", "version_aware"})


@dataclass(frozen=True, slots=True)
class Reviewed:
    """The options that a manifest may set for one protocol."""

    plain: frozenset[str] = frozenset()
    """Options whose values are numbers, flags or simple words, and do not choose a server."""
    urls: frozenset[str] = frozenset()
    """Options whose values are URLs of servers."""
    own: tuple[str, ...] = ()
    """Domains of the service itself."""
    has_host: bool = False
    """Whether a host in the URL of the storage (`container@host`) chooses where credentials are sent."""

    @property
    def names(self) -> frozenset[str]:
        return _COMMON | self.plain | self.urls


_S3 = Reviewed(_OBJECTS | {"anon", "default_block_size", "profile", "requester_pays"}, frozenset({"endpoint_url"}))
_GS = Reviewed(
    _OBJECTS | {"access", "default_location", "project", "requester_pays"},
    frozenset({"endpoint_url"}),
    ("googleapis.com",),
)
_AZURE = Reviewed(
    _OBJECTS | {"account_name", "anon"},
    own=("core.windows.net", "core.chinacloudapi.cn", "core.usgovcloudapi.net"),
    has_host=True,
)
_LOCAL = Reviewed(frozenset({"auto_mkdir"}))
_REVIEWED: Mapping[str, Reviewed] = {
    **dict.fromkeys(("s3", "s3a"), _S3),
    **dict.fromkeys(("gs", "gcs"), _GS),
    **dict.fromkeys(("abfs", "abfss", "az", "adl"), _AZURE),
    **dict.fromkeys(("file", "local"), _LOCAL),
    "ftp": Reviewed(frozenset({"encoding", "tls", "username"})),
    "smb": Reviewed(
        frozenset({"auto_mkdir", "encrypt", "register_session_retries", "register_session_retry_factor"})
        | {"register_session_retry_wait", "share_access", "username"}
    ),
    "hdfs": Reviewed(frozenset({"buffer_size", "default_block_size", "replication", "user"})),
    "webhdfs": Reviewed(frozenset({"kerberos", "use_https", "user"})),
    "webdav": Reviewed(frozenset({"chunk_size"})),
}
_ACCOUNT = re.compile(r"[a-z0-9]{3,24}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Origin:
    """The source of options, for checks and messages."""

    protocol: str
    environ: Mapping[str, str] = field(repr=False)


def read_options(origin: Origin, options: Mapping[str, Any], internal: frozenset[str]) -> dict[str, Any]:
    """The options of a manifest, with URLs in the checked form.

    Args:
        origin: the protocol, and the environment that lists the trusted hosts.
        internal: options that mhsync sets itself.

    Raises:
        UsageError: a manifest may not set an option, or its value is not valid. No message shows a value.
        StorageUnavailable: an option names a server that is not trusted.
    """
    reviewed = _REVIEWED.get(origin.protocol, Reviewed())
    for name in map(str, options):
        if name.lower() in internal:
            raise UsageError(
                f"a manifest cannot set the storage option {name!r:.40}", hint="remove it: mhsync sets it itself"
            )
        if name not in reviewed.names:
            raise _refused(origin.protocol, name, options[name], reviewed)
    return {name: _read(origin, reviewed, name, value) for name, value in options.items()}


def read_secrets(protocol: str, secrets: Mapping[str, str]) -> dict[str, str]:
    """The options of the environment, with known URLs of servers in the checked form.

    Raises:
        UsageError: a URL of a server is not valid, or is plain http to another machine.
    """
    urls = _REVIEWED.get(protocol, Reviewed()).urls
    return {
        name: parse_endpoint(value, f"{PREFIX}{name.upper()}").url if name in urls else value
        for name, value in secrets.items()
    }


def require_own_host(origin: Origin, host: str, port: int | None) -> None:
    """Refuse a storage URL whose host would receive credentials and is not trusted.

    Raises:
        StorageUnavailable: the host is not trusted.
    """
    reviewed = _REVIEWED.get(origin.protocol, Reviewed())
    if reviewed.has_host:
        source = f"the URL fsspec+{origin.protocol}://…@{host}"
        require_trusted_host(host, port, source, origin.environ, reviewed.own)


def _refused(protocol: str, name: str, value: object, reviewed: Reviewed) -> UsageError:
    secret = next(filter(may_name_secret, (name, *_names(value))), None)
    if secret is not None:
        return UsageError(
            f"storage_options must not contain secrets: {secret!r:.40}",
            hint=f"put it into {PREFIX}{secret.upper():.40}, or into the configuration of fsspec",
        )
    near = suggest(name, reviewed.names)
    return UsageError(
        f"a manifest cannot set the storage option {name!r:.40} of fsspec+{protocol}://",
        hint=f"did you mean {near}?"
        if near
        else f"it can set {', '.join(sorted(reviewed.names))}; set others in the configuration of fsspec",
    )


def _names(value: object) -> Iterator[str]:
    """The names of nested options."""
    if isinstance(value, Mapping):
        for name, nested in value.items():
            yield str(name)
            yield from _names(nested)


def _read(origin: Origin, reviewed: Reviewed, name: str, value: object) -> object:
    source = f"the storage option {name}"
    if name in reviewed.urls and isinstance(value, str):
        endpoint = parse_endpoint(value, source)
        require_trusted_host(endpoint.host, endpoint.port, source, origin.environ, reviewed.own)
        return endpoint.url
    form = _ACCOUNT if name == "account_name" else _NAME
    is_word = isinstance(value, str) and name not in reviewed.urls and form.fullmatch(value) is not None
    if not is_word and not isinstance(value, bool | int | float):
        raise UsageError(
            f"{source} of fsspec+{origin.protocol}:// is not valid",
            hint="write the URL of a server"
            if name in reviewed.urls
            else "write a number, true, false or one word",
        )
    return value
