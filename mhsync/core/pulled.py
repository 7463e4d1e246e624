"""Pulled: what `mhsync pull` brings to a folder, its index of that folder, and its report.

The index has a row for each file that a pull wrote, found there, or was about to write. It is a cache: where it is
missing or damaged, files are read and compared. Only files that it names as written are replaced or removed.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any

from mhsync.core.manifest import Entry
from mhsync.core.paths import PathValues, folders_of, output_paths
from mhsync.core.receipt import Receipt
from mhsync.core.template import path_key
from mhsync.dataclass import dataclass
from mhsync.errors import Problem
from mhsync.exit_codes import exit_code_of_run

FORMAT = "mhsync.pull/1"
INDEX_FORMAT = "mhsync.pulled/1"


@dataclass(frozen=True, slots=True)
class WantedFile:
    """One file that the folder is to have. `path` follows the manifest, `source` is its path in the storage."""

    id: str
    path: str
    source: str
    size: int
    sha256: str


def wanted_files(entry: Entry, receipt: Receipt) -> tuple[WantedFile, ...]:
    """The files of one project, under the paths that the manifest gives them now.

    Raises:
        UnusablePathError: its path template gives no usable path.
    """
    values = PathValues(entry.id, receipt.name, receipt.type, receipt.created_at)
    paths = output_paths(entry.path, values, [output.filename for output in receipt.outputs])
    pairs = zip(paths, receipt.outputs, strict=True)
    return tuple(WantedFile(entry.id, path, o.path, o.size, o.sha256) for path, o in pairs)


def clashing(files: Iterable[WantedFile]) -> dict[str, str]:
    """By id one of its paths that another project has too, or that is a folder of another project's path."""
    owners: dict[str, set[str]] = defaultdict(set)
    files = tuple(files)
    for file in files:
        key = path_key(file.path)
        for path in (key, *folders_of(key)):
            owners[path].add(file.id)
    names = {path_key(file.path) for file in files}
    found: dict[str, str] = {}
    for file in files:
        key = path_key(file.path)
        others = owners[key] | {id_ for folder in folders_of(key) if folder in names for id_ in owners[folder]}
        if len(others) > 1:
            found[file.id] = file.path
    return found


@dataclass(frozen=True, slots=True)
class PulledRow:
    """One row of the index."""

    path: str
    id: str
    size: int
    sha256: str
    version: str | None
    """The `FileInfo.version` of exactly these bytes; None if it is not known, or the file was not written yet."""
    is_written: bool
    """Whether a pull wrote the file, or was about to; False for a file that it found."""

    def to_json(self) -> list[Any]:
        return [self.path, self.id, self.size, self.sha256, self.version, self.is_written]


_TYPES: tuple[Any, ...] = (str, str, int, str, (str, type(None)), bool)


def index_bytes(rows: Iterable[PulledRow]) -> bytes:
    """The index as a file: JSON Lines, in the order of the paths."""
    ordered = sorted(rows, key=lambda row: (row.path, row.sha256, row.version or ""))
    lines = [json.dumps({"format": INDEX_FORMAT}), *(json.dumps(row.to_json()) for row in ordered)]
    return ("\n".join(lines) + "\n").encode("ascii")


def read_index(data: bytes) -> dict[str, tuple[PulledRow, ...]]:
    """The rows by path; none if it is not an index. Rows that are invalid are left out."""
    lines = data.split(b"\n")
    try:
        if json.loads(lines[0]) != {"format": INDEX_FORMAT}:
            return {}
    except (ValueError, RecursionError):
        return {}
    found: dict[str, list[PulledRow]] = defaultdict(list)
    for line in lines[1:]:
        row = _row(line)
        if row is not None:
            found[row.path].append(row)
    return {path: tuple(rows) for path, rows in found.items()}


def _row(line: bytes) -> PulledRow | None:
    try:
        values = json.loads(line)
    except (ValueError, RecursionError):
        return None
    is_row = isinstance(values, list) and len(values) == len(_TYPES)
    if not is_row or not all(isinstance(value, kind) for value, kind in zip(values, _TYPES, strict=True)):
        return None
    return PulledRow(*values)


class PullOutcome(StrEnum):
    """How one file, or one project, came out of a pull."""

    PULLED = "pulled"
    LINKED = "linked"
    """Only of a file: it is a hard link to the file in the storage."""
    UNCHANGED = "unchanged"
    MISSING = "missing"
    """The storage does not have it."""
    FAILED = "failed"
    NOT_ATTEMPTED = "not_attempted"


BAD = frozenset({PullOutcome.MISSING, PullOutcome.FAILED, PullOutcome.NOT_ATTEMPTED})


@dataclass(frozen=True, slots=True)
class PulledFile:
    """One file of the folder. `path` is relative to it, with `/`; `size` is in bytes."""

    path: str
    size: int
    sha256: str
    outcome: PullOutcome

    def to_json(self) -> dict[str, Any]:
        return {"path": self.path, "size": self.size, "sha256": self.sha256, "outcome": self.outcome.value}


@dataclass(frozen=True, slots=True)
class PulledProject:
    """One project of the manifests."""

    id: str
    outcome: PullOutcome
    outputs: tuple[PulledFile, ...] = ()
    error: Problem | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "outcome": self.outcome.value,
            "outputs": [output.to_json() for output in self.outputs],
            "error": None if self.error is None else {"code": self.error.code, "message": self.error.text},
        }


@dataclass(frozen=True, slots=True)
class PullReport:
    """What a pull did, in the order of the manifests. Projects that are desired `deleted` are left out."""

    to: str
    projects: tuple[PulledProject, ...] = ()
    pruned: tuple[str, ...] = ()
    """Paths of earlier pulls that were removed."""
    kept: tuple[str, ...] = ()
    """Paths of earlier pulls that are not wanted, and were changed since: they were not removed."""
    is_interrupted: bool = False

    @property
    def files(self) -> Iterator[PulledFile]:
        return (file for project in self.projects for file in project.outputs)

    @property
    def summary(self) -> Mapping[str, int]:
        sums = {o.value: 0 for o in PullOutcome if o is not PullOutcome.LINKED}
        for project in self.projects:
            sums[project.outcome.value] += 1
        return {**sums, "pruned": len(self.pruned)}

    @property
    def exit_code(self) -> int:
        """130, 1 or 0: 1 if the folder does not have everything that the manifests want."""
        has_failed = any(project.outcome in BAD for project in self.projects)
        return exit_code_of_run(is_interrupted=self.is_interrupted, has_failed=has_failed)

    def to_json(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "to": self.to,
            "projects": [project.to_json() for project in self.projects],
            "pruned": list(self.pruned),
            "kept": list(self.kept),
            "summary": dict(self.summary),
        }
