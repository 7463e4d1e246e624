"""Encryption: finds the services of Apprise that would send plain text to another machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mhsync import MhsyncError
from mhsync.storage_kit import is_loopback

if TYPE_CHECKING:
    from apprise import NotifyBase

_LOCAL = frozenset(
    {"blink1", "dbus", "gio", "glib", "gnome", "kde", "macosx", "qt", "syslog", "windows"}  # nothing leaves
    | {"pushme", "sfr"}  # their only scheme is encrypted
)
_PLAIN_MAIL = "insecure"


def require_encryption(service: NotifyBase) -> None:
    """Refuse a service that would send a message and credentials in plain text to another machine.

    Raises:
        MhsyncError: the service is not encrypted. The message shows only the scheme.
    """
    scheme = _scheme(service)
    is_plain_mail = getattr(service, "secure_mode", None) == _PLAIN_MAIL
    is_plain = is_plain_mail or scheme in _names(service.protocol)
    if not is_plain or scheme in _LOCAL or is_loopback(_host(service).strip("[]")):
        return
    secure = next(iter(_names(service.secure_protocol)), None)
    raise MhsyncError(
        f"{scheme}:// would send messages and credentials in plain text to another machine",
        hint="remove mode=insecure"
        if is_plain_mail and scheme == secure
        else f"write {secure}://…; plain text is accepted only for this machine (127.0.0.1, ::1, localhost)"
        if secure
        else "choose a service with encryption, or one on this machine",
    )


def _scheme(service: NotifyBase) -> str:
    """The scheme that Apprise gives the service: `ntfy://topic` is sent encrypted and becomes `ntfys://`."""
    url: str = service.url(privacy=True)  # type: ignore[no-untyped-call]
    return url.partition("://")[0].lower()


def _names(protocol: str | tuple[str, ...] | list[str] | None) -> tuple[str, ...]:
    if protocol is None:
        return ()
    return (protocol,) if isinstance(protocol, str) else tuple(protocol)


def _host(service: NotifyBase) -> str:
    """The host to connect to. A mail server need not be the host of its URL."""
    return str(getattr(service, "smtp_host", None) or getattr(service, "host", None) or "")
