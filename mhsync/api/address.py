"""Where requests may go: addresses taken apart once, plain http refused off loopback, and the proxy in between.

Nothing here opens a connection; `transport.py` does.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from mhsync.core.hosts import is_loopback

_DEFAULT_PORTS = {"https": 443, "http": 80}
_SAFE = "/%:@!$&'()*+,;=~"
_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f]")
_UNENCODABLE = re.compile(r"[\ud800-\udfff]")
"""Halves of surrogate pairs, as JSON may write them: no encoding has a place for one."""
_HOST = re.compile(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?\.?|[0-9a-f:.]+")


class AddressRefused(ValueError):
    """An address that no request is sent to; the message says why and never holds a query."""


@dataclass(frozen=True, slots=True)
class Address:
    """An http(s) URL, taken apart. The query may be a secret: it is kept apart from what is shown."""

    scheme: str
    host: str
    """Lower case, without brackets."""
    port: int
    path: str
    query: str = field(default="", repr=False)

    @property
    def origin(self) -> str:
        """`scheme://host[:port]`, the port only where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _DEFAULT_PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}"

    @property
    def shown(self) -> str:
        """The URL without its query."""
        return self.origin + self.path

    @property
    def is_loopback(self) -> bool:
        return is_loopback(self.host)

    @classmethod
    def parse(cls, url: str) -> Address:
        """Take an absolute URL apart.

        Raises:
            AddressRefused: it is none, carries credentials, or is plain http to another machine.
        """
        if _FORBIDDEN.search(url):
            raise AddressRefused("the address holds a control character")
        if _UNENCODABLE.search(url):
            raise AddressRefused("the address holds a character that cannot be encoded")
        parts, port = _split(url)
        if parts.scheme not in _DEFAULT_PORTS:
            raise AddressRefused("the address must begin with https://")
        if parts.username is not None or parts.password is not None:
            raise AddressRefused("the address carries a user name or a password; neither belongs there")
        host = _ascii_host(parts.hostname or "")
        if parts.scheme == "http" and not is_loopback(host):
            raise AddressRefused(
                f"plain http to {host}: only https is used, except to this machine itself (loopback)"
            )
        return cls(
            scheme=parts.scheme,
            host=host,
            port=port or _DEFAULT_PORTS[parts.scheme],
            path=quote(parts.path or "/", safe=_SAFE),
            query=quote(parts.query, safe=_SAFE + "?"),
        )

    def join(self, location: str) -> Address:
        """Where a redirect from here leads.

        Raises:
            AddressRefused: as `parse`, or it leads from https to plain http.
        """
        base = self.shown + (f"?{self.query}" if self.query else "")
        if _FORBIDDEN.search(location) or _UNENCODABLE.search(location):
            raise AddressRefused("the redirect's target cannot be read")
        address = Address.parse(_joined(base, location))
        if self.scheme == "https" and address.scheme != "https":
            raise AddressRefused(f"the redirect leads from https to plain http ({address.host})")
        return address


def _split(url: str) -> tuple[SplitResult, int | None]:
    # Raised outside of the `except` block: the foreign error quotes the URL, and would hang on ours.
    with suppress(ValueError):
        parts = urlsplit(url)
        return parts, parts.port
    raise AddressRefused("the address cannot be read")


def _joined(base: str, location: str) -> str:
    with suppress(ValueError):
        return urljoin(base, location)
    raise AddressRefused("the redirect's target cannot be read")


def _ascii_host(host: str) -> str:
    name = ""
    with suppress(UnicodeError):
        name = host if host.isascii() else host.encode("idna").decode("ascii")
    if not _HOST.fullmatch(name.lower()):
        raise AddressRefused("the address has no usable host name")
    return name.lower()


@dataclass(frozen=True, slots=True)
class Network:
    """How this machine reaches others. A proxy's address may hold a password: it is never shown."""

    https_proxy: str | None = field(default=None, repr=False)
    no_proxy: tuple[str, ...] = ()
    """Host names (with all below them), addresses, CIDR ranges, or `*`."""
    ca_file: str | None = None
    """Certificates to trust in place of the system's."""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Network:
        """Read `HTTPS_PROXY`, `NO_PROXY` (in small letters too, which come first) and `SSL_CERT_FILE`.

        `http_proxy` is ignored: nothing leaves this machine in plain http.
        """

        def read(name: str) -> str:
            return (environ.get(name.lower()) or environ.get(name) or "").strip()

        excluded = (entry.strip().lower() for entry in read("NO_PROXY").split(","))
        return cls(
            https_proxy=read("HTTPS_PROXY") or None,
            no_proxy=tuple(entry for entry in excluded if entry),
            ca_file=environ.get("SSL_CERT_FILE") or None,
        )

    def proxy_for(self, address: Address) -> str | None:
        """The proxy to reach an address through; None is the direct way. Loopback is always direct."""
        if self.https_proxy is None or address.scheme != "https" or address.is_loopback:
            return None
        if any(_excludes(entry, address) for entry in self.no_proxy):
            return None
        return self.https_proxy


def _excludes(entry: str, address: Address) -> bool:
    if entry == "*":
        return True
    name, _, port = entry.rpartition(":")
    if name and port.isdigit() and ":" not in name:
        if int(port) != address.port:
            return False
        entry = name
    try:
        return ipaddress.ip_address(address.host) in ipaddress.ip_network(entry.strip("[]"), strict=False)
    except ValueError:
        suffix = entry.lstrip("*").lstrip(".")
        return bool(suffix) and (address.host == suffix or address.host.endswith(f".{suffix}"))
