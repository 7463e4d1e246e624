"""Check that ids are unique over all files, and paths over all files that share a storage."""

from __future__ import annotations

from itertools import pairwise

from mhsync.core.manifest import Entry, ManifestFile, State
from mhsync.core.template import fields_of, fill, path_key
from mhsync.loader.problems import Problems
from mhsync.loader.storage_location import storage_location

_WITHOUT_PATH = frozenset({State.DELETED, State.LOST})
"""States that store nothing. The successor of a lost project may have its path."""


class UniquenessCheck:
    """Remembers the first use of each id and path; a problem is reported at the second use."""

    def __init__(self) -> None:
        self._ids: dict[str, Entry] = {}
        self._paths: dict[str, dict[str, Entry]] = {}
        self._problems: dict[str, Problems] = {}
        self._fixed: dict[str, bool] = {}

    def add(self, file: ManifestFile, problems: Problems) -> None:
        """Look at all entries of one file."""
        self._problems[file.file] = problems
        paths = self._paths.setdefault(storage_location(file), {})
        for entry in file.entries:
            first = self._ids.setdefault(entry.id, entry)
            if first is not entry:
                what = f"the id {entry.id} is listed twice: first at {first.position}"
                self._report(entry, "duplicate_id", what, "keep one of them: a project has one state")
            elif entry.state not in _WITHOUT_PATH and self._is_fixed(entry.path):
                self._claim(paths, entry)

    def close(self) -> None:
        """Look at what only shows when all files are known: a path that is a folder of another's."""
        if not any(self._paths.values()):
            return
        order = {id_: number for number, id_ in enumerate(self._ids)}
        for paths in self._paths.values():
            # With '/' before every other character, what lies in a folder follows on it.
            for (shorter, one), (longer, other) in pairwise(sorted(paths.items(), key=_by_folder)):
                if longer.startswith(f"{shorter}/"):
                    first, second = sorted((one, other), key=lambda entry: order[entry.id])
                    what = f"the path of {one.id} is a folder of {other.id}'s: first at {first.position}"
                    self._report(second, "path_in_path", what, "give one of them another name")

    def _claim(self, paths: dict[str, Entry], entry: Entry) -> None:
        path = fill(entry.path, {"id": entry.id})
        first = paths.setdefault(path_key(path), entry)
        if first is not entry:
            what = f"{entry.id} and {first.id} have one path, {path!r:.80}: first at {first.position}"
            self._report(entry, "duplicate_path", what, "give each its own, or put {id} into the path")

    def _report(self, entry: Entry, code: str, message: str, hint: str) -> None:
        self._problems[entry.position.file or ""].add(code, message, hint, entry.position, entry.id)

    def _is_fixed(self, template: str) -> bool:
        """Whether the path is known before the project's details are."""
        found = self._fixed.get(template)
        if found is None:
            fixed = fields_of(template) <= {"id"} and template.count("{") == template.count("{id}")
            found = self._fixed[template] = fixed
        return found


def _by_folder(item: tuple[str, Entry]) -> str:
    return item[0].replace("/", "\0")
