"""The memory of fsspec as a storage. The factory of the plugin refuses it, so that no manifest can use it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mhsync_fsspec.factory import storage_of
from mhsync_fsspec.storage import FsspecStorage
from mhsync_fsspec.target import Target


def open_memory(url: str, options: Mapping[str, Any]) -> FsspecStorage:
    """The storage of a `fsspec+memory://` URL."""
    return storage_of(Target("memory", url.removeprefix("fsspec+"), options))
