"""The address of a webhook. The whole URL is a secret: no message shows any part of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from mhsync import MhsyncError
from mhsync.storage_kit import is_loopback as loopback

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
            MhsyncError: the URL is malformed, contains credentials, or is plain http to another machine.
        """
        address = url[len(PREFIX) :]
        if any(ord(char) < 33 or ord(char) == 127 for char in address):
            raise MhsyncError("the URL of the webhook contains a space or a control character: percent-encode it")
        try:
            parts = urlsplit(address)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            raise MhsyncError("the URL of the webhook is malformed") from None
        if not host or port == 0:
            raise MhsyncError("the URL of the webhook has no host, or an invalid port")
        if "@" in parts.netloc:
            raise MhsyncError(
                "the URL of the webhook contains a user name or a password: put the Authorization header into an "
                "environment variable, and write the name of the variable as the option authorization_env"
            )
        is_loopback = loopback(host)
        if parts.scheme.lower() == "http" and not is_loopback:
            raise MhsyncError("plain http is accepted only for this machine (loopback): write webhook+https://…")
        return cls(parts._replace(fragment="").geturl(), host, is_loopback)
