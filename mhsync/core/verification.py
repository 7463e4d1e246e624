"""Verification: the result of reading back all stored outputs; `to_json` is `schemas/verification.schema.json`."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from mhsync.dataclass import dataclass
from mhsync.exit_codes import exit_code_of_run

FORMAT = "mhsync.verification/1"


class Finding(StrEnum):
    """The result for one file."""

    OK = "ok"
    MISSING = "missing"
    CHANGED = "changed"
    """Its bytes do not match its receipt."""
    UNREADABLE = "unreadable"
    """The file, or the receipt itself, cannot be read."""
    UNKNOWN = "unknown"
    """No receipt names it."""


@dataclass(frozen=True, slots=True)
class VerifiedFile:
    """One file, or one receipt that cannot be read. `size` is in bytes, `storage` as in the manifest."""

    finding: Finding
    storage: str
    path: str
    id: str | None = None
    size: int | None = None
    message: str = ""

    def to_json(self) -> dict[str, Any]:
        return {
            "finding": self.finding.value,
            "storage": self.storage,
            "path": self.path,
            "id": self.id,
            "size": self.size,
            "message": self.message,
        }


@dataclass(frozen=True, slots=True)
class Verification:
    """Every file that was examined: in the order of the manifests, then unknown files."""

    files: tuple[VerifiedFile, ...] = ()
    not_stored: tuple[str, ...] = ()
    """The ids desired `downloaded` or `archived` of which nothing is stored; `plan` reports the reason."""
    is_interrupted: bool = False

    @property
    def problems(self) -> tuple[VerifiedFile, ...]:
        return tuple(file for file in self.files if file.finding is not Finding.OK)

    @property
    def summary(self) -> dict[str, int]:
        sums = {finding.value: 0 for finding in Finding}
        for file in self.files:
            sums[file.finding.value] += 1
        return sums | {"not_stored": len(self.not_stored)}

    @property
    def exit_code(self) -> int:
        """1 if any file has a problem; a project that is not stored yet is not a problem."""
        return exit_code_of_run(is_interrupted=self.is_interrupted, has_failed=bool(self.problems))

    def to_json(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "files": [file.to_json() for file in self.files],
            "not_stored": list(self.not_stored),
            "summary": self.summary,
        }
