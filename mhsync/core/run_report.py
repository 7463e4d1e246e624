"""Report: what a run did to each project; `to_json` is `schemas/report.schema.json`."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from mhsync.core.manifest import State
from mhsync.core.plan import Action
from mhsync.core.project_info import NO_INFO, ProjectInfo
from mhsync.dataclass import dataclass
from mhsync.errors import Problem
from mhsync.exit_codes import FailOn, exit_code_of_run

FORMAT = "mhsync.report/1"


class Outcome(StrEnum):
    """How a project came out of a run."""

    DOWNLOADED = "downloaded"
    MOVED = "moved"
    REPAIRED = "repaired"
    DELETED = "deleted"
    ARCHIVED = "archived"
    UNCHANGED = "unchanged"
    PENDING = "pending"
    BLOCKED = "blocked"
    FAILED = "failed"
    NOT_ATTEMPTED = "not_attempted"


BAD = frozenset({Outcome.BLOCKED, Outcome.FAILED, Outcome.NOT_ATTEMPTED})


class ActionOutcome(StrEnum):
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class ActionResult:
    action: Action
    outcome: ActionOutcome
    error: Problem | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "action": self.action.value,
            "outcome": self.outcome.value,
            "error": _error_json(self.error),
        }


@dataclass(frozen=True, slots=True)
class ReportedOutput:
    """One output that is stored now. `path` is relative to the storage, `size` is in bytes."""

    path: str
    size: int
    sha256: str

    def to_json(self) -> dict[str, Any]:
        return {"path": self.path, "size": self.size, "sha256": self.sha256}


@dataclass(frozen=True, slots=True)
class ProjectResult:
    """One project's outcome. `error` says why where it is blocked, failed or not attempted."""

    id: str
    outcome: Outcome
    actions: tuple[ActionResult, ...] = ()
    error: Problem | None = None
    outputs: tuple[ReportedOutput, ...] = ()
    note: str = ""
    """One line for people; not part of the JSON."""
    reason_code: str = ""
    """Why the plan judged the project as it did: `reason_code` of the plan."""
    desired: State | None = None
    """The state that the manifest declares."""
    info: ProjectInfo = NO_INFO
    """For people, as the plan had it."""

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "desired": None if self.desired is None else self.desired.value,
            "outcome": self.outcome.value,
            "reason_code": self.reason_code,
            "actions": [action.to_json() for action in self.actions],
            "error": _error_json(self.error),
            "outputs": [output.to_json() for output in self.outputs],
            "project": {**self.info.to_json(), "size": self.size},
        }

    @property
    def size(self) -> int | None:
        """Bytes of the outputs that are stored now; None if none is."""
        return sum(output.size for output in self.outputs) if self.outputs else None


@dataclass(frozen=True, slots=True)
class Report:
    """All results, in the manifest's order."""

    results: tuple[ProjectResult, ...] = ()
    is_interrupted: bool = False
    wait_ran_out: bool = False
    """`--wait` ended while something that it waited for was still rendering."""

    @property
    def summary(self) -> Mapping[str, int]:
        """Projects by outcome; `acknowledged` ones are unchanged ones too."""
        sums = {outcome.value: 0 for outcome in Outcome}
        for result in self.results:
            sums[result.outcome.value] += 1
        sums["acknowledged"] = sum(result.desired is State.LOST for result in self.results)
        return sums

    @property
    def exit_code(self) -> int:
        """The first that applies of 130, 1, 4 and 0; 2 and 3 are raised before there is a report."""
        return self.exit_code_for(FailOn.BLOCKED)

    def exit_code_for(self, fail_on: FailOn) -> int:
        """The exit code where only these projects give 1: the first that applies of 130, 1, 4, 5 and 0."""
        outcomes = {result.outcome for result in self.results}
        return exit_code_of_run(
            is_interrupted=self.is_interrupted,
            has_failed=bool(outcomes & (BAD - {Outcome.BLOCKED})),
            has_blocked=Outcome.BLOCKED in outcomes,
            wait_ran_out=self.wait_ran_out,
            fail_on=fail_on,
        )

    def to_json(self) -> dict[str, Any]:
        fields = self.lazy_json()
        return {**fields, "results": list(fields["results"])}

    def lazy_json(self) -> dict[str, Any]:
        """As `to_json`, with an iterator for the results: a large report need not be in memory twice."""
        return {
            "format": FORMAT,
            "results": (result.to_json() for result in self.results),
            "summary": dict(self.summary),
        }


def _error_json(problem: Problem | None) -> dict[str, str] | None:
    return None if problem is None else {"code": problem.code, "message": problem.text}
