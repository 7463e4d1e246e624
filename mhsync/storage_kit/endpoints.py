"""Servers that a manifest may name: one strict URL form, and a list of trusted hosts from the environment.

A manifest of another person may be planned with real credentials. It must not choose where they are sent.
Libraries read URLs with different parsers (WHATWG, RFC 3986), which disagree on backslashes, user names, odd
numbers and much else. Only URLs that every parser reads in the same way are accepted, and a caller passes on
`Endpoint.url`, which is built from what was checked, not from the text of the manifest.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Mapping

from mhsync.core.hosts import is_loopback
from mhsync.dataclass import dataclass
from mhsync.errors import StorageUnavailable, UsageError

TRUSTED_HOSTS = "MHSYNC_CLOUD_ENDPOINTS"
"""The variable with the hosts, separated by commas, that a manifest may name as a server."""

_DEFAULT_PORTS = {"https": 443, "http": 80}
_URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>\[[0-9a-f:.]{2,45}\]|[a-z0-9._-]{1,253})(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<path>(?:/[a-z0-9._~-]+)*)/?",
    re.IGNORECASE | re.ASCII,
)
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?", re.ASCII)
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII)
_EXAMPLE = "https://storage.example.com"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An http(s) server, read once. Equal servers have equal fields."""

    scheme: str
    """`https` or `http`."""
    host: str
    """A name in lower case, an IPv4 address in dotted form, or an IPv6 address without brackets."""
    port: int
    path: str = ""
    """Empty, or segments of letters, digits and `._~-`, each after a `/`."""

    @property
    def is_loopback(self) -> bool:
        """Whether the server is on this machine: `localhost`, 127.0.0.0/8 or ::1."""
        return is_loopback(self.host)

    @property
    def url(self) -> str:
        """The URL to connect to, in normal form and without a slash at its end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _DEFAULT_PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}{self.path}"


def parse_endpoint(text: str, source: str) -> Endpoint:
    """Read the URL of a server.

    Args:
        text: `https://host[:port][/path]`, or `http://` for a server on this machine.
        source: where the URL was found, as the subject of a message: `the storage option endpoint`.

    Raises:
        UsageError: it has another form, or is plain http to another machine. The message shows none of a URL
            that cannot be read, since it may hold a secret.
    """
    match = _URL.fullmatch(text)
    host = None if match is None else _plain_host(match["host"])
    scheme = "" if match is None else match["scheme"].lower()
    if match is None or host is None:
        raise UsageError(
            f"{source} is not a plain URL of a server (scheme, host, port and path only)",
            hint=f"write something like {_EXAMPLE}; credentials come from the environment",
        )
    port = int(match["port"]) if match["port"] else _DEFAULT_PORTS[scheme]
    if not 0 < port < 65536 or any(segment in (".", "..") for segment in match["path"].split("/")):
        raise UsageError(
            f"{source} has a port or a path that is not valid", hint=f"write something like {_EXAMPLE}"
        )
    endpoint = Endpoint(scheme, host, port, match["path"])
    if scheme == "http" and not endpoint.is_loopback:
        raise UsageError(
            f"{source} is plain http to {host}: anybody on the way could read and change what is sent",
            hint="write https://; plain http is accepted only for this machine (127.0.0.1, ::1, localhost)",
        )
    return endpoint


def require_trusted_host(
    host: str, port: int | None, source: str, environ: Mapping[str, str], own: Collection[str] = ()
) -> None:
    """Refuse a server that a manifest names, unless it belongs to the service or the environment lists it.

    `MHSYNC_CLOUD_ENDPOINTS` holds hosts, or `host:port` (`[::1]:port`) for one port only, separated by commas.
    This machine's own addresses are not trusted without it: other programs listen there.

    Args:
        host: as `Endpoint.host` has it.
        port: its port, or None where the option names a host only.
        source: where the host was found, as the subject of a message.
        environ: the environment of mhsync.
        own: domains of the service itself. `example.com` stands for that host and all hosts below it.

    Raises:
        StorageUnavailable: it is not trusted.
    """
    name = host.lower()
    if any(name == domain or name.endswith(f".{domain}") for domain in own):
        return
    bracketed = f"[{name}]" if ":" in name else name
    accepted = {name, bracketed, f"{bracketed}:{port}"}
    named = {entry.strip().lower() for entry in environ.get(TRUSTED_HOSTS, "").split(",")} - {""}
    if accepted.isdisjoint(named):
        raise StorageUnavailable(
            f"{source} would send this environment's credentials to {name}, which is not trusted",
            hint=f"if that server may have them, set {TRUSTED_HOSTS}={name} in the environment of mhsync",
        )


def _plain_host(text: str) -> str | None:
    """The host in normal form; None where some parser could read another one."""
    try:
        if text.startswith("["):
            address = ipaddress.IPv6Address(text[1:-1])
            return None if address.ipv4_mapped else str(address)
        labels = text.lower().split(".")
        if not all(map(_LABEL.fullmatch, labels)):
            return None
        # WHATWG reads a host whose last label is a number as an IPv4 address, in whatever notation.
        return str(ipaddress.IPv4Address(text)) if _NUMBER.fullmatch(labels[-1]) else text.lower()
    except ValueError:
        return None
