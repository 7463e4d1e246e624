"""The entry point of mhsync-fsspec: the factory of every scheme that begins with `fsspec+`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mhsync import Storage


def open_storage(url: str, options: Mapping[str, Any]) -> Storage:
    """The storage of a `fsspec+SCHEME://` URL. No request is sent before the first use.

    Raises:
        UsageError: the URL or an option is not valid.
        StorageUnavailable: the protocol is not supported, or its package is not installed.
    """
    # fsspec and the package of the protocol are slow to import, so only a run that uses the scheme imports them.
    from mhsync_fsspec.factory import make

    return make(url, options)
