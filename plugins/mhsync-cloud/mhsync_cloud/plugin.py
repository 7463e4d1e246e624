"""The entry points of the plugin: the factories of the schemes `s3`, `gs` and `az`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mhsync import Storage


def open_s3(url: str, options: Mapping[str, Any]) -> Storage:
    """Make the storage of an `s3://bucket/prefix` URL. It sends no request before it is used.

    Raises:
        UsageError: the URL or an option is not valid.
        StorageUnavailable: the credentials cannot be used.
    """
    # obstore takes long to import, so it is imported only when the scheme is used.
    from mhsync_cloud.s3 import make

    return make(url, options)


def open_gs(url: str, options: Mapping[str, Any]) -> Storage:
    """Make the storage of a `gs://bucket/prefix` URL, as `open_s3` does."""
    from mhsync_cloud.gs import make

    return make(url, options)


def open_az(url: str, options: Mapping[str, Any]) -> Storage:
    """Make the storage of an `az://container/prefix` URL, as `open_s3` does."""
    from mhsync_cloud.az import make

    return make(url, options)
