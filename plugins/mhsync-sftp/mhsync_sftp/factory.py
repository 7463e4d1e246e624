"""Putting a storage together from what the manifest and the environment say."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from mhsync_sftp.connect import connect
from mhsync_sftp.pool import Pool
from mhsync_sftp.storage import SftpStorage
from mhsync_sftp.target import target_of


def make(url: str, options: Mapping[str, Any], environ: Mapping[str, str] = os.environ) -> SftpStorage:
    """The storage of a URL; nothing is asked of the server yet.

    Raises:
        UsageError: the URL or an option is wrong, or a secret stands where it must not.
        StorageUnavailable: the password is not meant for this server.
    """
    target = target_of(url, options, environ)
    return SftpStorage(Pool(lambda: connect(target), target.connections, target.server), target.url, target.root)
