"""What mhsync finds through the entry point: the schemes `s3`, `gs` and `az`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mhsync import Storage, hookimpl


@hookimpl
def mhsync_storage_schemes() -> Mapping[str, Any]:
    return {"s3": open_s3, "gs": open_gs, "az": open_az}


def open_s3(url: str, options: Mapping[str, Any]) -> Storage:
    """The storage of an `s3://bucket/prefix` URL. Nothing is asked of the service before the first use.

    Raises:
        UsageError: the URL or an option is wrong.
        StorageUnavailable: no credentials can be used.
    """
    # obstore takes a while to load: only who uses the scheme pays for it.
    from mhsync_cloud.s3 import make

    return make(url, options)


def open_gs(url: str, options: Mapping[str, Any]) -> Storage:
    """The storage of a `gs://bucket/prefix` URL; otherwise as `open_s3`."""
    from mhsync_cloud.gs import make

    return make(url, options)


def open_az(url: str, options: Mapping[str, Any]) -> Storage:
    """The storage of an `az://container/prefix` URL; otherwise as `open_s3`."""
    from mhsync_cloud.az import make

    return make(url, options)
