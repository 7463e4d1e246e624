"""Makes the storage from the manifest and the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from mhsync_sftp.connect import connect
from mhsync_sftp.pool import Pool
from mhsync_sftp.storage import SftpStorage
from mhsync_sftp.target import read_target


def make(url: str, options: Mapping[str, Any], environ: Mapping[str, str] = os.environ) -> SftpStorage:
    """Make the storage of a URL. It does not connect to the server yet.

    Raises:
        UsageError: the URL or an option is not valid, or one of them holds a secret.
        StorageUnavailable: the password in the environment is for another server.
    """
    target = read_target(url, options, environ)
    return SftpStorage(Pool(lambda: connect(target), target.connections, target.server), target.url, target.root)
