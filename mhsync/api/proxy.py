"""The HTTPS proxy, the hosts that bypass it, and the CA file: read from the environment, applied to an address."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import field

from mhsync.api.address import Address
from mhsync.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Network:
    """How this machine reaches other hosts. A proxy URL may contain a password, so it is never shown."""

    https_proxy: str | None = field(default=None, repr=False)
    no_proxy: tuple[str, ...] = ()
    """Host names (including their subdomains), IP addresses, CIDR ranges, or `*`."""
    ca_file: str | None = None
    """A file of certificates to trust instead of the system's."""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Network:
        """Read `HTTPS_PROXY`, `NO_PROXY` (their lower-case forms take precedence) and `SSL_CERT_FILE`.

        `http_proxy` is ignored: no request leaves this machine over plain http.
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
        """The URL of the proxy for an address, or None for a direct connection. Loopback is always direct."""
        if self.https_proxy is None or address.scheme != "https" or address.is_loopback:
            return None
        if any(_matches(entry, address) for entry in self.no_proxy):
            return None
        return self.https_proxy


def _matches(entry: str, address: Address) -> bool:
    """Whether an entry of `NO_PROXY` covers the address."""
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
