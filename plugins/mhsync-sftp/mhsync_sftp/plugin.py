"""The entry point of the plugin: the factory of the scheme `sftp`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mhsync import Storage


def open_storage(url: str, options: Mapping[str, Any]) -> Storage:
    """Make the storage of an `sftp://` URL. It connects to the server when it is first used.

    Raises:
        UsageError: the URL or an option is not valid.
        StorageUnavailable: the password in the environment is for another server.
    """
    # paramiko and its cryptography take long to import, so they are imported only when the scheme is used.
    from mhsync_sftp.factory import make

    return make(url, options)
