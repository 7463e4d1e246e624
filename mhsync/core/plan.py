"""Plan: what would change, and why. `diff` makes it; `to_json` is `schemas/plan.schema.json`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Any, overload

from mhsync.core.manifest import Entry, ManifestFile, State
from mhsync.core.project_info import NO_INFO, ProjectInfo
from mhsync.dataclass import dataclass
from mhsync.errors import Problem

FORMAT = "mhsync.plan/1"
_LEFT_OUT = "the delete is left out (--no-deletes)"


class Action(StrEnum):
    """What is done to a project, in the order in which it is done."""

    REPAIR = "repair"
    """Copy what one storage lacks from another storage of the manifest; the API is not asked."""
    DOWNLOAD = "download"
    MOVE = "move"
    """Give a stored output the path that the manifest now gives it."""
    DELETE = "delete"


class Verdict(StrEnum):
    CHANGE = "change"
    UNCHANGED = "unchanged"
    PENDING = "pending"
    BLOCKED = "blocked"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class PlannedOutput:
    """One output as it is to be stored. Size (bytes) and sha256 are known once it was stored."""

    path: str
    source: str
    filename: str
    size: int | None = None
    sha256: str | None = None
    stored: bool = False

    def to_json(self) -> dict[str, Any]:
        return {"path": self.path, "size": self.size, "sha256": self.sha256, "stored": self.stored}


def size_of(outputs: Collection[PlannedOutput]) -> int | None:
    """Bytes of all outputs; None if there are none, or if the size of one is not known."""
    sizes = [output.size for output in outputs if output.size is not None]
    return sum(sizes) if sizes and len(sizes) == len(outputs) else None


@dataclass(frozen=True, slots=True)
class ProjectPlan:
    """The verdict on one project. `status`: as the API sent it, `gone`, `unknown`, or None if not requested."""

    entry: Entry
    verdict: Verdict
    reason_code: str
    reason: str
    actions: tuple[Action, ...] = ()
    status: str | None = None
    never_stored: bool = False
    """A delete of a project that has no stored copy."""
    not_found: bool = False
    """The API answered 404: gone, or another account's. False for `state: lost`, where a 404 is expected."""
    outputs: tuple[PlannedOutput, ...] = ()
    hint: str | None = None
    """What to do about the reason, where the project is failed, blocked, or not lost as the manifest says."""
    info: ProjectInfo = NO_INFO
    """For people."""

    @property
    def problem(self) -> Problem | None:
        """Why the project is failed or blocked, whole; None with any other verdict."""
        if self.verdict not in (Verdict.FAILED, Verdict.BLOCKED):
            return None
        return Problem(self.reason_code, self.reason, self.hint, self.entry.position, self.id)

    @property
    def id(self) -> str:
        return self.entry.id

    @property
    def desired(self) -> State:
        return self.entry.state

    @property
    def is_acknowledged(self) -> bool:
        """Whether the manifest acknowledges the project as lost."""
        return self.desired is State.LOST

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "desired": self.desired.value,
            "status": self.status,
            "verdict": self.verdict.value,
            "actions": [action.value for action in self.actions],
            "reason_code": self.reason_code,
            "reason": self.reason if self.problem is None else self.problem.text,
            "never_stored": self.never_stored,
            "outputs": [output.to_json() for output in self.outputs],
            "project": self.info.to_json(),
        }


class Projects(Sequence[ProjectPlan]):
    """The verdicts of a plan. Those on settled projects are made each time they are looked at, and not kept.

    Args:
        entries: of all projects, in the manifest's order.
        judged: the verdicts that are kept, by id, in the same order.
        settled: makes the verdict on any other entry.
    """

    __slots__ = ("_entries", "_settled", "judged")

    def __init__(
        self,
        entries: Sequence[Entry],
        judged: Mapping[str, ProjectPlan],
        settled: Callable[[Entry], ProjectPlan],
    ) -> None:
        self._entries = entries
        self._settled = settled
        self.judged = judged

    def with_judged(self, judged: Mapping[str, ProjectPlan]) -> Projects:
        return Projects(self._entries, judged, self._settled)

    @property
    def ids(self) -> Iterator[str]:
        return (entry.id for entry in self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[ProjectPlan]:
        return map(self._verdict, self._entries)

    @overload
    def __getitem__(self, index: int) -> ProjectPlan: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[ProjectPlan]: ...

    def __getitem__(self, index: int | slice) -> ProjectPlan | Sequence[ProjectPlan]:
        if isinstance(index, slice):
            return tuple(map(self._verdict, self._entries[index]))
        return self._verdict(self._entries[index])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Projects | tuple) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))

    def _verdict(self, entry: Entry) -> ProjectPlan:
        return self.judged.get(entry.id) or self._settled(entry)


@dataclass(frozen=True, slots=True)
class Plan:
    """The verdicts on all projects, in the manifest's order."""

    api: str
    files: tuple[ManifestFile, ...] = ()
    projects: Sequence[ProjectPlan] = ()

    @property
    def judged(self) -> Collection[ProjectPlan]:
        """All projects except those that the receipt index shows to be as desired: whatever needs work is here."""
        return self.projects.judged.values() if isinstance(self.projects, Projects) else self.projects

    @property
    def ids(self) -> Iterator[str]:
        """The ids of all projects, in order."""
        return self.projects.ids if isinstance(self.projects, Projects) else (p.id for p in self.projects)

    def replaced(self, new: Mapping[str, ProjectPlan]) -> Plan:
        """The plan with other verdicts on some of its judged projects."""
        judged = {project.id: new.get(project.id, project) for project in self.judged}
        if isinstance(self.projects, Projects):
            return replace(self, projects=self.projects.with_judged(judged))
        return replace(self, projects=tuple(judged.values()))

    @property
    def summary(self) -> Mapping[str, int]:
        """Sums: those of actions, then those of projects; `acknowledged` ones are unchanged ones too."""
        sums = {action.value: 0 for action in Action}
        sums |= {verdict.value: 0 for verdict in Verdict if verdict is not Verdict.CHANGE}
        sums[Verdict.UNCHANGED.value] = len(self.projects) - len(self.judged)
        for project in self.judged:
            for action in project.actions:
                sums[action.value] += 1
            if project.verdict is not Verdict.CHANGE:
                sums[project.verdict.value] += 1
        sums["acknowledged"] = sum(project.is_acknowledged for project in self.judged)
        return sums

    @property
    def changes(self) -> tuple[ProjectPlan, ...]:
        return tuple(project for project in self.judged if project.actions)

    @property
    def deletes(self) -> tuple[ProjectPlan, ...]:
        return tuple(project for project in self.judged if Action.DELETE in project.actions)

    @property
    def all_not_found(self) -> bool:
        """Whether every project that was asked for is 404: the key may be another account's."""
        asked = [p for p in self.judged if p.status is not None and not p.is_acknowledged]
        return bool(asked) and all(project.not_found for project in asked)

    def without_deletes(self, *, keep: Collection[str] = (), why: str = _LEFT_OUT) -> Plan:
        """The safe half: downloads and moves stay, deletes are left for another run.

        Args:
            keep: the ids whose deletes stay too.
            why: the reason of projects with which nothing else is to be done.
        """
        return self.replaced({one.id: _without_delete(one, why) for one in self.deletes if one.id not in keep})

    @property
    def fingerprint(self) -> str:
        """A sha256 over what the plan would do and to what: equal plans do equal things."""
        facts = {
            "api": self.api,
            "manifests": [[file.sha256, file.storage, *(c.storage for c in file.copies)] for file in self.files],
            "projects": [
                [p.id, p.desired.value, [a.value for a in p.actions], [[o.path, o.source] for o in p.outputs]]
                for p in sorted(self.changes, key=lambda project: project.id)
            ],
        }
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()

    def to_json(self) -> dict[str, Any]:
        fields = self.lazy_json()
        return {**fields, "projects": list(fields["projects"])}

    def lazy_json(self) -> dict[str, Any]:
        """As `to_json`, with an iterator for the projects: a large plan need not be in memory as a whole."""
        return {
            "format": FORMAT,
            "api": self.api,
            "manifests": [_manifest_json(file) for file in self.files],
            "fingerprint": self.fingerprint,
            "projects": (project.to_json() for project in self.projects),
            "summary": dict(self.summary),
        }


def _manifest_json(file: ManifestFile) -> dict[str, Any]:
    copies = {"copies": [copy.storage for copy in file.copies]} if file.copies else {}
    return {"file": file.file, "sha256": file.sha256, "storage": file.storage, **copies}


def _without_delete(project: ProjectPlan, why: str) -> ProjectPlan:
    if Action.DELETE not in project.actions:
        return project
    rest = tuple(action for action in project.actions if action is not Action.DELETE)
    return replace(
        project,
        verdict=Verdict.CHANGE if rest else Verdict.UNCHANGED,
        reason_code=project.reason_code if rest else "delete_skipped",
        reason=project.reason if rest else why,
        actions=rest,
        hint=None,
    )
