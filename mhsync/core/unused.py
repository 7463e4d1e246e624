"""Unused: the files of a storage that nothing needs; `to_json` is `schemas/unused.schema.json`.

Only two kinds are ever removed: files that a receipt proves to be superseded by whole outputs, and parked copies
that no receipt names. Any other file that is no output of a receipt is only listed, with the reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any

from mhsync.core.layout import CHECKS, INDEX, LOCK, PARKED, PARTIAL, PRIVATE, RECEIPTS, SIGHTINGS, TEMPORARY
from mhsync.core.receipt import FileRecord, Receipt
from mhsync.core.template import path_key
from mhsync.dataclass import dataclass
from mhsync.exit_codes import exit_code_of_run

FORMAT = "mhsync.unused/1"
_NEEDED = (RECEIPTS, INDEX, CHECKS, LOCK, SIGHTINGS, TEMPORARY, PARTIAL)


class Reason(StrEnum):
    """Why a file is listed."""

    SUPERSEDED = "superseded"
    """A receipt names it as a former or intended file of a project whose outputs are stored elsewhere."""
    PARKED = "parked"
    """A copy that a move made, and that no receipt names."""
    INTERRUPTED = "interrupted"
    """A run that ended early stored it; the next apply needs it."""
    SET_ASIDE = "set_aside"
    """It was changed after it was stored, and kept under this name."""
    UNTRACKED = "untracked"
    """No receipt names it: it belongs to someone else."""
    UNKNOWN = "unknown"
    """It is in mhsync's own folder, and this version does not know what it is for."""


REMOVABLE = frozenset({Reason.SUPERSEDED, Reason.PARKED})


class UnusedOutcome(StrEnum):
    """What happened to a file."""

    UNUSED = "unused"
    """It would be removed with `--yes`."""
    REMOVED = "removed"
    KEPT = "kept"


@dataclass(frozen=True, slots=True)
class UnusedFile:
    """One file. `size` is in bytes, as listed; `storage` is as in the manifest, without secrets."""

    storage: str
    path: str
    size: int
    reason: Reason
    outcome: UnusedOutcome
    id: str | None = None
    """The project whose receipt names it."""
    message: str = ""
    """Why it is kept."""

    def to_json(self) -> dict[str, Any]:
        return {
            "storage": self.storage,
            "path": self.path,
            "id": self.id,
            "size": self.size,
            "reason": self.reason.value,
            "outcome": self.outcome.value,
            "message": self.message,
        }


@dataclass(frozen=True, slots=True)
class UnusedReport:
    """The files of all storages, in the order of their paths."""

    files: tuple[UnusedFile, ...] = ()
    problems: tuple[str, ...] = ()
    """What could not be read or removed, one line each."""
    is_interrupted: bool = False

    @property
    def summary(self) -> Mapping[str, int]:
        sums = {outcome.value: 0 for outcome in UnusedOutcome}
        for file in self.files:
            sums[file.outcome.value] += 1
        return sums

    @property
    def exit_code(self) -> int:
        """130, 1 or 0: 1 if something could not be read or removed."""
        return exit_code_of_run(is_interrupted=self.is_interrupted, has_failed=bool(self.problems))

    def to_json(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "files": [file.to_json() for file in self.files],
            "problems": list(self.problems),
            "summary": dict(self.summary),
        }


def leftovers_of(receipt: Receipt) -> tuple[FileRecord, ...]:
    """The files of one record that are not needed if its outputs are whole; none where it has no outputs."""
    if not receipt.outputs or receipt.stored_at is None:
        return ()
    former = [FileRecord(o.superseded, o.size, o.sha256) for o in receipt.outputs if o.superseded is not None]
    in_use = {path_key(path) for path in (*receipt.paths, *(record.path for record in receipt.set_aside))}
    return tuple(record for record in (*former, *receipt.storing) if path_key(record.path) not in in_use)


def find_unused(storage: str, files: Mapping[str, int], records: Iterable[Receipt]) -> Iterator[UnusedFile]:
    """The files of a storage that are no output of a record, in the order of their paths.

    Args:
        storage: its name.
        files: its listing: size in bytes by path.
        records: the record of each API in each receipt.
    """
    claims: dict[str, list[tuple[Reason, str]]] = {}
    outputs: set[str] = set()
    for record in records:
        outputs.update(record.paths)
        removable = {one.path for one in leftovers_of(record)}
        for path in removable:
            claims.setdefault(path, []).append((Reason.SUPERSEDED, record.id))
        for one in record.storing:
            if one.path not in removable:
                claims.setdefault(one.path, []).append((Reason.INTERRUPTED, record.id))
        for one in record.set_aside:
            claims.setdefault(one.path, []).append((Reason.SET_ASIDE, record.id))
    for path, size in sorted(files.items()):
        if path in outputs or path.startswith(_NEEDED):
            continue
        reason, id_, message = _judged(path, claims.get(path, []))
        is_kept = reason not in REMOVABLE or bool(message)
        outcome = UnusedOutcome.KEPT if is_kept else UnusedOutcome.UNUSED
        yield UnusedFile(storage, path, size, reason, outcome, id_, message or _WHY.get(reason, ""))


_WHY = {
    Reason.INTERRUPTED: "the next apply continues with it",
    Reason.SET_ASIDE: "it may be an edit; remove it yourself if it is not needed",
    Reason.UNTRACKED: "no receipt names it; mhsync never removes such files",
    Reason.UNKNOWN: "this version of mhsync does not know what it is for",
}


def _judged(path: str, claims: list[tuple[Reason, str]]) -> tuple[Reason, str | None, str]:
    """The reason, the project, and why the file is kept although its reason allows a removal."""
    if not claims:
        if path.startswith(PARKED):
            return Reason.PARKED, None, ""
        return (Reason.UNKNOWN if path.startswith(PRIVATE) else Reason.UNTRACKED), None, ""
    kept = [claim for claim in claims if claim[0] is not Reason.SUPERSEDED]
    reason, id_ = kept[0] if kept else claims[0]
    is_shared = len(claims) > 1 and not kept
    return reason, id_, "several receipts name it" if is_shared else ""
