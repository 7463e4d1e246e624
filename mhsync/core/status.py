"""StatusReport: what is desired, live and stored, side by side; `to_json` is `schemas/status.schema.json`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from mhsync.core.manifest import ManifestFile, State
from mhsync.core.observed import Details, Inventory, Live
from mhsync.core.plan import Plan, ProjectPlan, Verdict
from mhsync.core.plan_warnings import surprises
from mhsync.core.project import format_time
from mhsync.core.project_info import labels_json
from mhsync.core.receipt import Receipt, StoredOutput
from mhsync.dataclass import dataclass
from mhsync.errors import Problem

FORMAT = "mhsync.status/1"
_DURATION_FACT = "duration_seconds"
"""The fact that mhsync-audio records in receipts."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One output that a receipt names. `path` is relative to the storage; `size` is in bytes."""

    path: str
    size: int
    sha256: str
    is_in_place: bool
    """Whether the storage lists it with this size, and it was not found to be changed."""
    audio_format: str | None = None
    """Such as `wav`, or `unrecognised`; None if an older mhsync stored it."""
    duration: float | None = None
    """Seconds, from the receipt's facts or from the first bytes of the file; None if not known."""

    @classmethod
    def of(cls, output: StoredOutput, inventory: Inventory, duration: float | None) -> StoredFile:
        """Make it of an output of a receipt; `duration` as the first bytes of the file state it."""
        return cls(
            output.path,
            output.size,
            output.sha256,
            inventory.is_in_place(output),
            output.audio_format,
            duration_fact(output) or duration,
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "path": self.path,
            "size": self.size,
            "sha256": self.sha256,
            "in_place": self.is_in_place,
            "audio_format": self.audio_format,
            "duration": _rounded(self.duration),
        }


@dataclass(frozen=True, slots=True)
class ProjectStatus:
    """One project: what the manifest desires, what the API returned, and what the storage has."""

    file: ManifestFile
    """The manifest file that lists it."""
    plan: ProjectPlan
    """The verdict of `plan`, with the desired state and the status of the API (None: not requested)."""
    name: str | None = None
    type: str | None = None
    created_at: datetime | None = None
    credits: int | None = None
    """Credits that the API charged."""
    outputs: tuple[StoredFile, ...] = ()
    stored_at: datetime | None = None
    deleted_at: datetime | None = None
    """When mhsync deleted the project from the account."""

    @property
    def id(self) -> str:
        return self.plan.id

    @property
    def desired(self) -> State:
        return self.plan.desired

    @property
    def verdict(self) -> Verdict:
        return self.plan.verdict

    @property
    def in_place(self) -> tuple[StoredFile, ...]:
        """The outputs that are in the storage as their receipt names them."""
        return tuple(output for output in self.outputs if output.is_in_place)

    @property
    def is_stored(self) -> bool:
        """Whether a receipt names at least one output, and every output it names is in place."""
        return bool(self.outputs) and len(self.in_place) == len(self.outputs)

    @property
    def size(self) -> int:
        """Bytes of the outputs that are in place."""
        return sum(output.size for output in self.in_place)

    @property
    def duration(self) -> float | None:
        """Seconds of the outputs that are in place; None if that of one of them is not known."""
        known = [output.duration for output in self.in_place]
        return None if not known or None in known else sum(seconds or 0.0 for seconds in known)

    def age(self, now: datetime) -> float | None:
        """Seconds since the project was created; None if that is not known. Never negative."""
        return None if self.created_at is None else max(0.0, (now - self.created_at).total_seconds())

    def to_json(self, now: datetime) -> dict[str, Any]:
        age = self.age(now)
        return {
            "id": self.id,
            "manifest": self.file.file,
            "storage": self.file.storage,
            "name": self.name,
            "type": self.type,
            "created_at": _time(self.created_at),
            "age": None if age is None else int(age),
            "credits": self.credits,
            "desired": self.desired.value,
            "status": self.plan.status,
            "verdict": self.verdict.value,
            "actions": [action.value for action in self.plan.actions],
            "reason_code": self.plan.reason_code,
            "reason": self.plan.reason if self.plan.problem is None else self.plan.problem.text,
            "stored": self.is_stored,
            "files": len(self.in_place),
            "size": self.size,
            "duration": _rounded(self.duration),
            "outputs": [output.to_json() for output in self.outputs],
            "stored_at": _time(self.stored_at),
            "deleted_at": _time(self.deleted_at),
            **labels_json(self.plan.entry.labels),
        }


@dataclass(frozen=True, slots=True)
class Sums:
    """Sums over some projects. Credits and durations that are not known count as 0."""

    projects: int = 0
    stored: int = 0
    """Projects whose outputs are all in place."""
    files: int = 0
    """Outputs that are in place."""
    size: int = 0
    """Bytes of these outputs."""
    duration: float = 0.0
    """Seconds of these outputs."""
    credits: int = 0

    @classmethod
    def of(cls, projects: Iterable[ProjectStatus]) -> Sums:
        listed = tuple(projects)
        return cls(
            projects=len(listed),
            stored=sum(project.is_stored for project in listed),
            files=sum(len(project.in_place) for project in listed),
            size=sum(project.size for project in listed),
            duration=sum(output.duration or 0.0 for project in listed for output in project.in_place),
            credits=sum(project.credits or 0 for project in listed),
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "projects": self.projects,
            "stored": self.stored,
            "files": self.files,
            "size": self.size,
            "duration": _rounded(self.duration),
            "credits": self.credits,
        }


@dataclass(frozen=True, slots=True)
class StatusReport:
    """All projects of the manifests, in their order."""

    plan: Plan
    """What an apply would change."""
    observed_at: datetime
    projects: tuple[ProjectStatus, ...] = ()

    @property
    def has_failed(self) -> bool:
        """Whether the right action for a project could not be determined."""
        return any(project.verdict is Verdict.FAILED for project in self.projects)

    @property
    def has_blocked(self) -> bool:
        """Whether the desired state of a project cannot be reached without a change by the user."""
        return any(project.verdict is Verdict.BLOCKED for project in self.projects)

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """The projects that the manifest lists as lost, and that the account or the storage has."""
        return tuple(surprises(self.plan))

    @property
    def total(self) -> Sums:
        return Sums.of(self.projects)

    @property
    def by_state(self) -> Mapping[State, Sums]:
        """The sums of each desired state."""
        return {state: Sums.of(p for p in self.projects if p.desired is state) for state in State}

    @property
    def by_verdict(self) -> Mapping[Verdict, int]:
        """The number of projects with each verdict."""
        return {verdict: sum(p.verdict is verdict for p in self.projects) for verdict in Verdict}

    def to_json(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "api": self.plan.api,
            "observed_at": format_time(self.observed_at),
            "projects": [project.to_json(self.observed_at) for project in self.projects],
            "summary": {
                **self.total.to_json(),
                "states": {state.value: sums.to_json() for state, sums in self.by_state.items()},
                "verdicts": {verdict.value: number for verdict, number in self.by_verdict.items()},
            },
            "warnings": [problem.to_json() for problem in self.warnings],
        }


def project_status(
    file: ManifestFile,
    plan: ProjectPlan,
    details: Details | None,
    inventory: Inventory,
    durations: Mapping[str, float | None],
) -> ProjectStatus:
    """The status of one project. What the API returned in this run has precedence over the receipt.

    Args:
        file: the manifest file that lists it.
        plan: the verdict of `plan`.
        details: what the API returned; None if it was not requested.
        inventory: what its storage holds.
        durations: by path, seconds as the first bytes of the files state them.
    """
    receipt = inventory.receipt(plan.id) or Receipt.start(plan.id, inventory.location)
    live = details.project if isinstance(details, Live) else None
    known = receipt if live is None else live
    return ProjectStatus(
        file=file,
        plan=plan,
        name=known.name,
        type=known.type,
        created_at=known.created_at,
        credits=known.credits_charged,
        outputs=tuple(StoredFile.of(o, inventory, durations.get(o.path)) for o in receipt.outputs),
        stored_at=receipt.stored_at,
        deleted_at=receipt.deleted_at,
    )


def duration_fact(output: StoredOutput) -> float | None:
    """The duration in seconds that a plugin recorded in the receipt; None without a valid one."""
    value = output.facts.get(_DURATION_FACT)
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return float(value) if 0 <= value < float("inf") else None


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else format_time(moment)


def _rounded(seconds: float | None) -> float | None:
    """Milliseconds are enough for people, and keep documents short."""
    return None if seconds is None else round(seconds, 3)
