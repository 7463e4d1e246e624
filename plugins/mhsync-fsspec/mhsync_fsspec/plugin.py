"""What mhsync finds through the entry point: every scheme that begins with `fsspec+`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mhsync import Storage, hookimpl


@hookimpl
def mhsync_storage_schemes() -> Mapping[str, Callable[[str, Mapping[str, Any]], Storage]]:
    return {"fsspec+": open_storage}


def open_storage(url: str, options: Mapping[str, Any]) -> Storage:
    """The storage of a `fsspec+SCHEME://` URL. Nothing is asked of any server before the first use.

    Raises:
        UsageError: the URL or an option is wrong.
        StorageUnavailable: the protocol keeps no files, or its package is not installed.
    """
    # fsspec and the backend's own package are loaded only for who uses the scheme.
    from mhsync_fsspec.factory import make

    return make(url, options)
