"""The built-in plugin: storages in local folders, through the same hooks as any other plugin."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

from mhsync.core.storage_url import folder_problem
from mhsync.errors import UsageError
from mhsync.hooks.specs import hookimpl
from mhsync.storage.base import Storage, StorageFactory
from mhsync.storage.local import LocalStorage


@hookimpl
def mhsync_storage_schemes() -> Mapping[str, StorageFactory]:
    return {"file": open_folder}


def open_folder(url: str, options: Mapping[str, Any]) -> Storage:
    """Open a local folder by its URL, `file:///absolute/path`. A plain path in a manifest was made one before.

    Raises:
        UsageError: the URL names another machine or no absolute path, or there are options.
    """
    problem = folder_problem(url)
    if problem is not None:
        raise UsageError(f"{problem.message}: {url!r:.200}", hint=problem.hint)
    if options:
        raise UsageError(f"a folder has no storage option {min(options)!r:.60}", hint="remove storage_options")
    return LocalStorage(os.fsdecode(unquote_to_bytes(urlsplit(url).path)))
