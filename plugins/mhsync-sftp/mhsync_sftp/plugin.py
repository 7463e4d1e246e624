"""What mhsync finds through the entry point: the scheme `sftp`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mhsync import Storage, hookimpl


@hookimpl
def mhsync_storage_schemes() -> Mapping[str, Callable[[str, Mapping[str, Any]], Storage]]:
    return {"sftp": open_storage}


def open_storage(url: str, options: Mapping[str, Any]) -> Storage:
    """The storage of a `sftp://` URL. Nothing is asked of the server before the first use.

    Raises:
        UsageError: the URL or an option is wrong.
        StorageUnavailable: the password is not meant for this server.
    """
    # paramiko and its cryptography take a while to load: only who uses the scheme pays for it.
    from mhsync_sftp.factory import make

    return make(url, options)
