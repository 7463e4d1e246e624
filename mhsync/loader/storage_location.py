"""The identity of a storage: equal for all manifest files that share one, however each of them writes it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from urllib.parse import unquote_to_bytes, urlsplit

from mhsync.core.manifest import ManifestFile
from mhsync.core.storage_url import is_url


def storage_location(file: ManifestFile) -> str:
    """The real path of a local folder; for any other storage its URL with its options.

    It reads symbolic links, so that a later call may give another result: compute it once for each file.
    """
    if file.storage.lower().startswith("file://"):
        return _real_path(os.fsdecode(unquote_to_bytes(urlsplit(file.storage).path)))
    if not is_url(file.storage):
        return _real_path(Path(file.folder, file.storage))
    options = json.dumps(dict(file.storage_options), sort_keys=True, default=str)
    return f"{file.storage.rstrip('/')} {options}"


def _real_path(path: str | Path) -> str:
    """The path without symbolic links; an invalid path unchanged, which opening the storage reports."""
    try:
        return os.path.realpath(path)
    except ValueError:
        return str(path)
