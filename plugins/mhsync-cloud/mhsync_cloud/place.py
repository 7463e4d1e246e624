"""Where a storage lies: bucket (or container) and prefix, read from its URL."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from mhsync import StorageError, UsageError, validate_path

_BUCKET: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        # AWS allows less; Ceph and others still serve names with capitals and underscores.
        "s3": re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]"),
        "gs": re.compile(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]"),
        "az": re.compile(r"[a-z0-9](?:-?[a-z0-9]){2,62}|\$web|\$root"),
    }
)
_NOUN: Mapping[str, str] = MappingProxyType({"s3": "bucket", "gs": "bucket", "az": "container"})


@dataclass(frozen=True, slots=True)
class Place:
    """A prefix in a bucket. All paths of the storage lie below it."""

    scheme: str
    bucket: str
    prefix: str = ""

    @property
    def noun(self) -> str:
        """What this cloud calls a bucket."""
        return _NOUN[self.scheme]

    def url(self, path: str = "") -> str:
        """The storage, or a path in it, for messages."""
        return "/".join(filter(None, (f"{self.scheme}://{self.bucket}", self.prefix, path)))


def read_place(scheme: str, url: str, prefix: str | None) -> Place:
    """Bucket and prefix of `scheme://bucket/prefix`; nothing in it is percent-decoded.

    Args:
        prefix: the option of that name; it may stand for the one in the URL.

    Raises:
        UsageError: the URL is of another form.
    """
    form = f"{scheme}://{_NOUN[scheme]}/prefix"
    _, _, rest = url.partition("://")
    bucket, _, in_url = rest.partition("/")
    in_url = in_url.removesuffix("/")
    if "@" in bucket or ":" in bucket:
        raise UsageError(
            f"a {scheme}:// URL holds neither credentials nor a port",
            hint=f"write {form}; credentials come from the environment, a server is named by the option endpoint",
        )
    if _BUCKET[scheme].fullmatch(bucket) is None:
        raise UsageError(f"{bucket!r:.80} is no name of a {_NOUN[scheme]}", hint=f"write {form}")
    if "?" in in_url or "#" in in_url:
        raise UsageError(
            f"a {scheme}:// URL has neither ? nor #: {scheme}://{bucket}/…",
            hint="write options under storage_options",
        )
    if prefix is not None and in_url:
        raise UsageError(
            f"{scheme}://{bucket}/{in_url} has a prefix, and so do its storage_options",
            hint="leave one of them out",
        )
    whole = (in_url if prefix is None else prefix).removesuffix("/")
    try:
        return Place(scheme, bucket, validate_path(whole) if whole else "")
    except StorageError:
        raise UsageError(
            f"not a prefix: {whole!r:.120}", hint="write names with single slashes between them, without . and .."
        ) from None
