"""What mhsync itself brings, through the same hooks as any plugin: folders of this machine."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

from mhsync.errors import UsageError
from mhsync.hooks.specs import hookimpl
from mhsync.storage.base import Storage, StorageFactory
from mhsync.storage.local import LocalStorage


@hookimpl
def mhsync_storage_schemes() -> Mapping[str, StorageFactory]:
    return {"file": open_folder}


def open_folder(url: str, options: Mapping[str, Any]) -> Storage:
    """A folder by its URL, `file:///absolute/path`; a plain path of a manifest arrives here as one.

    Raises:
        UsageError: the URL names another machine or no absolute path, or there are options.
    """
    parts = urlsplit(url)
    if parts.netloc not in ("", "localhost") or not parts.path.startswith("/"):
        raise UsageError(
            f"not a folder of this machine: {url}", hint="write file:///absolute/path, or a plain path"
        )
    if parts.query or parts.fragment:
        raise UsageError(f"a folder's URL has neither ? nor #: {url}", hint="write them as %3F and %23")
    if options:
        raise UsageError(f"a folder has no storage option {min(options)!r:.60}", hint="leave out storage_options")
    path = unquote_to_bytes(parts.path)
    if b"\0" in path:
        raise UsageError("a folder's path cannot hold a NUL character")
    return LocalStorage(os.fsdecode(path))
