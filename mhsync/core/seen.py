"""Seen: the projects that were sighted and that no manifest lists; `to_json` is `schemas/seen.schema.json`."""

from __future__ import annotations

from typing import Any

from mhsync.core.project import format_time
from mhsync.core.sighting import Sighting
from mhsync.dataclass import dataclass

FORMAT = "mhsync.seen/1"


@dataclass(frozen=True, slots=True)
class SeenProject:
    """One project. `sighting` is None if it cannot be read: its id is known from the name of its file."""

    id: str
    sighting: Sighting | None

    def to_json(self) -> dict[str, Any]:
        one = self.sighting
        return {
            "id": self.id,
            "first_seen": None if one is None else format_time(one.first_seen),
            "last_seen": None if one is None else format_time(one.last_seen),
            "event": None if one is None else one.event,
            "name": None if one is None else one.name,
            "type": None if one is None else one.type,
            "status": None if one is None else one.status,
        }


@dataclass(frozen=True, slots=True)
class Seen:
    """Projects by the time of their first sighting. The API cannot list projects: there may be others."""

    projects: tuple[SeenProject, ...] = ()

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(project.id for project in self.projects)

    def to_json(self) -> dict[str, Any]:
        return {"format": FORMAT, "projects": [project.to_json() for project in self.projects]}
