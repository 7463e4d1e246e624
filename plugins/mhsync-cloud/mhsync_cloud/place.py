"""Place: the bucket (or container) and the prefix of a storage, read from its URL."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from mhsync import StorageError, UsageError, validate_path

_BUCKET: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        # AWS allows fewer names. Ceph and others still serve buckets with capitals and underscores.
        "s3": re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]"),
        "gs": re.compile(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]"),
        "az": re.compile(r"[a-z0-9](?:-?[a-z0-9]){2,62}|\$web|\$root"),
    }
)
_NOUN: Mapping[str, str] = MappingProxyType({"s3": "bucket", "gs": "bucket", "az": "container"})


@dataclass(frozen=True, slots=True)
class Place:
    """A prefix in a bucket. All paths of the storage are below it."""

    scheme: str
    bucket: str
    prefix: str = ""

    @property
    def noun(self) -> str:
        """The word of this cloud for a bucket."""
        return _NOUN[self.scheme]

    def url(self, path: str = "") -> str:
        """The URL of the storage or of a path in it, for messages."""
        return "/".join(filter(None, (f"{self.scheme}://{self.bucket}", self.prefix, path)))


def read_place(scheme: str, url: str, prefix: str | None) -> Place:
    """Read the bucket and the prefix of `scheme://bucket/prefix`. Percent signs are not decoded.

    Args:
        prefix: the option of that name, which replaces the prefix in the URL.

    Raises:
        UsageError: the URL has another form, or both have a prefix.
    """
    form = f"{scheme}://{_NOUN[scheme]}/prefix"
    _, _, rest = url.partition("://")
    bucket, _, in_url = rest.partition("/")
    in_url = in_url.removesuffix("/")
    if "@" in bucket or ":" in bucket:
        raise UsageError(
            f"a {scheme}:// URL contains neither credentials nor a port",
            hint=f"write {form}; credentials come from the environment, and the option endpoint names a server",
        )
    if _BUCKET[scheme].fullmatch(bucket) is None:
        raise UsageError(f"{bucket!r:.80} is not a valid {_NOUN[scheme]} name", hint=f"write {form}")
    if "?" in in_url or "#" in in_url:
        raise UsageError(
            f"a {scheme}:// URL contains neither ? nor #: {scheme}://{bucket}/…",
            hint="write options under storage_options",
        )
    if prefix is not None and in_url:
        raise UsageError(
            f"{scheme}://{bucket}/{in_url} has a prefix, and storage_options.prefix is set too",
            hint="remove one of them",
        )
    whole = (in_url if prefix is None else prefix).removesuffix("/")
    try:
        return Place(scheme, bucket, validate_path(whole) if whole else "")
    except StorageError:
        raise UsageError(
            f"not a valid prefix: {whole!r:.120}",
            hint="write names separated by single slashes, without . and ..",
        ) from None
