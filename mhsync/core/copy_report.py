"""CopyReport: what a copy between two storages did, or found; `to_json` is `schemas/copy.schema.json`."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from mhsync.core.receipt import StoredOutput
from mhsync.dataclass import dataclass
from mhsync.errors import Problem
from mhsync.exit_codes import exit_code_of_run

FORMAT = "mhsync.copy/1"


class CopyOutcome(StrEnum):
    """How one project, or one of its outputs, came out of a copy."""

    COPIED = "copied"
    UNCHANGED = "unchanged"
    """The target has it already."""
    MISSING = "missing"
    """Only with `--check`: the target does not have it."""
    DIFFERS = "differs"
    """Only with `--check`: the target has something else."""
    FAILED = "failed"
    NOT_ATTEMPTED = "not_attempted"


SETTLED = frozenset({CopyOutcome.COPIED, CopyOutcome.UNCHANGED})


@dataclass(frozen=True, slots=True)
class CopiedOutput:
    """One output. `path` is that in the target, with `/`; `size` is in bytes, as in the receipt."""

    path: str
    size: int
    sha256: str
    outcome: CopyOutcome

    @classmethod
    def of(cls, output: StoredOutput, outcome: CopyOutcome) -> CopiedOutput:
        return cls(output.path, output.size, output.sha256, outcome)

    def to_json(self) -> dict[str, Any]:
        return {"path": self.path, "size": self.size, "sha256": self.sha256, "outcome": self.outcome.value}


@dataclass(frozen=True, slots=True)
class CopiedProject:
    """One project."""

    id: str
    outcome: CopyOutcome
    outputs: tuple[CopiedOutput, ...] = ()
    error: Problem | None = None
    """Why it failed, is missing, differs or was not attempted."""
    note: str = ""
    """One line for people; not part of the JSON."""

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "outcome": self.outcome.value,
            "outputs": [output.to_json() for output in self.outputs],
            "error": None if self.error is None else {"code": self.error.code, "message": self.error.text},
        }


@dataclass(frozen=True, slots=True)
class CopyReport:
    """The result of a copy: a project for each receipt of the source, in the order of their ids."""

    source: str
    """As it was given, without secrets."""
    target: str
    projects: tuple[CopiedProject, ...] = ()
    is_check: bool = False
    """Whether the two storages were only compared."""
    is_interrupted: bool = False

    @property
    def summary(self) -> Mapping[str, int]:
        sums = {outcome.value: 0 for outcome in CopyOutcome}
        for project in self.projects:
            sums[project.outcome.value] += 1
        return sums

    @property
    def exit_code(self) -> int:
        """130, 1 or 0: 1 if the target does not have all that the source has."""
        has_failed = any(project.outcome not in SETTLED for project in self.projects)
        return exit_code_of_run(is_interrupted=self.is_interrupted, has_failed=has_failed)

    def to_json(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "from": self.source,
            "to": self.target,
            "check": self.is_check,
            "projects": [project.to_json() for project in self.projects],
            "summary": dict(self.summary),
        }
