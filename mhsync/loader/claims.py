"""What may be claimed once: an id over all files, and a path over all that share a storage."""

from __future__ import annotations

import os

from mhsync.core.manifest import Entry, ManifestFile, State
from mhsync.core.template import fields_of, fill, path_key
from mhsync.loader.places import is_url
from mhsync.loader.problems import Problems


class Claims:
    """Remembers who claimed what; the second one is told of the first."""

    def __init__(self) -> None:
        self._ids: dict[str, Entry] = {}
        self._paths: dict[str, dict[str, Entry]] = {}
        self._fixed: dict[str, bool] = {}

    def add(self, file: ManifestFile, problems: Problems) -> None:
        """Look at all entries of one file."""
        paths = self._paths.setdefault(_storage_key(file), {})
        for entry in file.entries:
            first = self._ids.setdefault(entry.id, entry)
            if first is not entry:
                problems.add(
                    "duplicate_id",
                    f"the id {entry.id} stands here twice: first at {first.where}",
                    "keep one of them: a project has one state",
                    entry,
                    entry.id,
                )
            elif entry.state is not State.DELETED and self._is_fixed(entry.path):
                _claim(paths, entry, problems)

    def _is_fixed(self, template: str) -> bool:
        """Whether the path is known before the project's details are."""
        found = self._fixed.get(template)
        if found is None:
            found = self._fixed[template] = fields_of(template) <= {"id"} and template.count(
                "{"
            ) == template.count("{id}")
        return found


def _claim(paths: dict[str, Entry], entry: Entry, problems: Problems) -> None:
    path = fill(entry.path, {"id": entry.id})
    key = path_key(path)
    first = paths.setdefault(key, entry)
    if first is not entry:
        problems.add(
            "duplicate_path",
            f"{entry.id} and {first.id} have one path, {path!r:.80}: first at {first.where}",
            "give each its own, or put {id} into the path",
            entry,
            entry.id,
        )


def _storage_key(file: ManifestFile) -> str:
    """Equal for files that keep their outputs in one place."""
    options = repr(sorted(file.storage_options.items(), key=repr))
    place = file.storage.rstrip("/") if is_url(file.storage) else os.path.normpath(f"{file.folder}/{file.storage}")
    return f"{place}\0{options}"
