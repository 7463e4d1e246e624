"""Where a webhook's events go. The URL is a secret as a whole: no message here shows any of it."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from mhsync import MhsyncError

PREFIX = "webhook+"


@dataclass(frozen=True, slots=True)
class Target:
    """The address that is posted to."""

    url: str = field(repr=False)
    host: str = field(repr=False)
    is_loopback: bool

    @classmethod
    def parse(cls, url: str) -> Target:
        """Read `webhook+https://host/path?query`.

        Raises:
            MhsyncError: it cannot be read, carries credentials, or is plain http to another machine.
        """
        address = url[len(PREFIX) :]
        if any(ord(char) < 33 or ord(char) == 127 for char in address):
            raise MhsyncError("the webhook's URL has a space or a control character; encode it")
        try:
            parts = urlsplit(address)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            raise MhsyncError("the webhook's URL cannot be read") from None
        if not host or port == 0:
            raise MhsyncError("the webhook's URL names no host, or a port that is none")
        if "@" in parts.netloc:
            raise MhsyncError(
                "the webhook's URL carries a user name or a password: put a whole Authorization header into an "
                "environment variable, and its name into the option authorization_env"
            )
        is_loopback = _is_loopback(host)
        if parts.scheme.lower() == "http" and not is_loopback:
            raise MhsyncError("plain http goes to this machine itself alone (loopback): write webhook+https://…")
        return cls(parts._replace(fragment="").geturl(), host, is_loopback)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
