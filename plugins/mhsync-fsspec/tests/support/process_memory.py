"""fsspec's memory as a storage. No manifest can name it: it is put together below the plugin's factory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mhsync_fsspec.factory import storage_of
from mhsync_fsspec.storage import FsspecStorage
from mhsync_fsspec.target import Target


def open_memory(url: str, options: Mapping[str, Any]) -> FsspecStorage:
    """The storage of a `fsspec+memory://` URL."""
    return storage_of(Target("memory", url.removeprefix("fsspec+"), options))
