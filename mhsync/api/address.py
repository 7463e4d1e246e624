"""Parses and checks URLs before a request is sent: https only (plain http only to loopback), no credentials.

This module opens no connection; `transport.py` does.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import field
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from mhsync.core.hosts import is_loopback
from mhsync.dataclass import dataclass

_DEFAULT_PORTS = {"https": 443, "http": 80}
_SAFE = "/%:@!$&'()*+,;=~"
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
"""Halves of surrogate pairs, which JSON can contain: UTF-8 cannot encode them."""
_HOST = re.compile(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?\.?|[0-9a-f:.]+")


class AddressRefused(ValueError):
    """A URL that no request is sent to. The message gives the reason and never contains a query."""


@dataclass(frozen=True, slots=True)
class Address:
    """The parts of an http(s) URL. The query may be a secret, so it is stored apart from what is shown."""

    scheme: str
    host: str
    """In lower case, without brackets."""
    port: int
    path: str
    query: str = field(default="", repr=False)

    @property
    def origin(self) -> str:
        """`scheme://host[:port]`; the default port of the scheme is left out."""
        return f"{self.scheme}://{self._host_and_port(self.host)}"

    @property
    def authority(self) -> str:
        """`host[:port]` for the `Host` header, as `origin` but without the dot at the end of a full name."""
        return self._host_and_port(self.host.rstrip("."))

    def _host_and_port(self, name: str) -> str:
        host = f"[{name}]" if ":" in name else name
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def shown(self) -> str:
        """The URL without its query."""
        return self.origin + self.path

    @property
    def is_loopback(self) -> bool:
        return is_loopback(self.host)

    @classmethod
    def parse(cls, url: str) -> Address:
        """Parse an absolute URL.

        Raises:
            AddressRefused: the URL is invalid, contains credentials, or is plain http to another machine.
        """
        if _CONTROL.search(url):
            raise AddressRefused("the URL contains a control character")
        if _SURROGATE.search(url):
            raise AddressRefused("the URL contains a character that UTF-8 cannot encode")
        parts, port = _split(url)
        if parts.scheme not in _DEFAULT_PORTS:
            raise AddressRefused("the URL must begin with https://")
        if parts.username is not None or parts.password is not None:
            raise AddressRefused("the URL must not contain a user name or a password")
        host = _ascii_host(parts.hostname or "")
        if parts.scheme == "http" and not is_loopback(host):
            raise AddressRefused(f"plain http to {host} is not allowed: use https (plain http works on loopback)")
        return cls(
            scheme=parts.scheme,
            host=host,
            port=port or _DEFAULT_PORTS[parts.scheme],
            path=quote(parts.path or "/", safe=_SAFE),
            query=quote(parts.query, safe=_SAFE + "?"),
        )

    def join(self, location: str) -> Address:
        """The address of a redirect's `Location`.

        Raises:
            AddressRefused: as for `parse`, or the redirect goes from https to plain http.
        """
        base = self.shown + (f"?{self.query}" if self.query else "")
        if _CONTROL.search(location) or _SURROGATE.search(location):
            raise AddressRefused("the redirect has an invalid Location")
        address = Address.parse(_joined(base, location))
        if self.scheme == "https" and address.scheme != "https":
            raise AddressRefused(f"the redirect goes from https to plain http ({address.host})")
        return address


def _split(url: str) -> tuple[SplitResult, int | None]:
    # Raised outside of the `except` block: the foreign error quotes the URL and would become our error's context.
    with suppress(ValueError):
        parts = urlsplit(url)
        return parts, parts.port
    raise AddressRefused("the URL cannot be parsed")


def _joined(base: str, location: str) -> str:
    with suppress(ValueError):
        return urljoin(base, location)
    raise AddressRefused("the redirect has an invalid Location")


def _ascii_host(host: str) -> str:
    """The host name in lower case; a name in another script in its IDNA form."""
    name = ""
    with suppress(UnicodeError):
        name = host if host.isascii() else host.encode("idna").decode("ascii")
    if not _HOST.fullmatch(name.lower()):
        raise AddressRefused("the URL has no valid host name")
    return name.lower()
