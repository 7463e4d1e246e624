"""storage_place: a storage that a person or a program names: a folder, a URL, or a manifest that uses it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from mhsync.core.manifest import Entry, Manifest, ManifestFile
from mhsync.core.storage_url import is_url
from mhsync.dataclass import dataclass
from mhsync.errors import UsageError
from mhsync.hooks.schemes import shown_url
from mhsync.loader import load
from mhsync.loader.languages import SUFFIXES
from mhsync.loader.storage_location import storage_location
from mhsync.settings import ManifestSettings


@dataclass(frozen=True, slots=True)
class StoragePlace:
    """One storage."""

    file: ManifestFile
    """A manifest file that names it; made up where a folder or URL was given."""
    entries: Mapping[str, Entry]
    """By id what the manifest lists; empty without a manifest."""
    name: str
    """As messages name it, without secrets."""

    @property
    def manifest(self) -> Manifest:
        return Manifest((self.file,))

    @property
    def location(self) -> str:
        """Equal for two places that are the same storage."""
        return storage_location(self.file)


def find_place(place: str | os.PathLike[str] | Manifest, settings: ManifestSettings) -> StoragePlace:
    """The storage that is meant.

    Args:
        place: a URL, the path of a folder, the path of a manifest, or a manifest that was loaded. A path is a
            manifest if it is a file, or if it ends as manifests do and is no folder.

    Raises:
        ManifestError: it is a manifest with problems.
        UsageError: the files of the manifest use more than one storage.
    """
    if isinstance(place, Manifest):
        return _of_manifest(place)
    text = os.fspath(place)
    if not is_url(text) and not Path(text).is_dir() and (Path(text).is_file() or text.endswith(SUFFIXES)):
        return _of_manifest(load([text], settings))
    file = ManifestFile(text, str(Path.cwd()), "", storage=text)
    return StoragePlace(file, {}, shown_url(text) if is_url(text) else text)


def _of_manifest(manifest: Manifest) -> StoragePlace:
    locations = {storage_location(file) for file in manifest.files}
    if len(locations) != 1:
        raise UsageError(
            f"the manifest uses {len(locations)} storages, and one is needed",
            hint="give one file, or the folder or URL of the storage",
        )
    file = manifest.files[0]
    name = shown_url(file.storage) if is_url(file.storage) else file.storage
    return StoragePlace(file, {entry.id: entry for _, entry in manifest}, name)
