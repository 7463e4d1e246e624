"""URL schemes: the plugin that serves each, and the package of mhsync that would serve a missing one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

from mhsync.core.install_command import install_command
from mhsync.dataclass import dataclass

T = TypeVar("T")

FALLBACK = "*"
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_SCHEME = re.compile(r"[a-z][a-z0-9.+-]*")


@dataclass(frozen=True, slots=True)
class Package:
    """A plugin package of mhsync, and the extra of `mhsync` that installs it."""

    name: str
    extra: str

    @property
    def install(self) -> str:
        return install_command(self.name, shortcut=self.extra)


STORAGES: Mapping[str, Package] = MappingProxyType(
    {
        "s3": Package("mhsync-cloud", "s3"),
        "gs": Package("mhsync-cloud", "gs"),
        "az": Package("mhsync-cloud", "az"),
        "sftp": Package("mhsync-sftp", "sftp"),
        "fsspec+": Package("mhsync-fsspec", "fsspec"),
    }
)
NOTIFIERS: Mapping[str, Package] = MappingProxyType(
    {
        "webhook+https": Package("mhsync-webhook", "webhook"),
        "webhook+http": Package("mhsync-webhook", "webhook"),
        FALLBACK: Package("mhsync-apprise", "notify"),
    }
)


@dataclass(frozen=True, slots=True)
class Provider(Generic[T]):
    """A factory, and the name of its plugin."""

    plugin: str
    factory: Callable[[str, Mapping[str, Any]], T]


@dataclass(frozen=True, slots=True)
class Clash:
    """A scheme that two plugins serve."""

    scheme: str
    plugins: tuple[str, str]

    def __str__(self) -> str:
        first, second = self.plugins
        return f"{first} and {second} both serve {self.scheme}://"


class Schemes(Generic[T]):
    """The factory of each scheme.

    A scheme that ends in `+` matches every scheme with that beginning. `*` matches every scheme that no other
    plugin serves. A scheme of two plugins is served by neither, and listed in `clashes`.
    """

    def __init__(self, offers: Iterable[tuple[str, Provider[T]]]) -> None:
        providers: dict[str, Provider[T]] = {}
        clashes: list[Clash] = []
        for scheme, provider in offers:
            if scheme in providers:
                clashes.append(Clash(scheme, (providers[scheme].plugin, provider.plugin)))
            else:
                providers[scheme] = provider
        self.clashes = tuple(clashes)
        self._providers = MappingProxyType(providers)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(sorted(self._providers))

    def clash(self, scheme: str) -> Clash | None:
        """The clash because of which the scheme is not served, or None."""
        served = matching(scheme, self._providers)
        return next((clash for clash in self.clashes if clash.scheme == served), None)

    def find(self, scheme: str) -> Provider[T] | None:
        served = matching(scheme, self._providers)
        return None if served is None else self._providers[served]


def matching(scheme: str, known: Mapping[str, object]) -> str | None:
    """The key that matches a scheme: the scheme, else its beginning with `+`, else the fallback."""
    beginning = scheme.partition("+")[0] + "+" if "+" in scheme else scheme
    return next((key for key in (scheme, beginning, FALLBACK) if key in known), None)


def scheme_of(url: str) -> str | None:
    """The scheme of a URL in lower case, or None if the text is not a URL."""
    match = _URL.match(url)
    return None if match is None else match[1].lower()


def is_scheme(text: object, *, allow_fallback: bool) -> bool:
    """Whether the text is a valid scheme for a plugin: lower case, without `://`."""
    if text == FALLBACK:
        return allow_fallback
    return isinstance(text, str) and _SCHEME.fullmatch(text) is not None


def shown_url(url: str) -> str:
    """A storage's URL for messages, without its password, query and fragment."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return f"{scheme_of(url)}://…"
    user, at, host = parts.netloc.rpartition("@")
    return f"{parts.scheme}://{user.partition(':')[0]}{at}{host}{parts.path}"
