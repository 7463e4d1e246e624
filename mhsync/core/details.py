"""Details: what a `GET` told of one project. A project that is not among them was not asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mhsync.core.project import Project, Status
from mhsync.errors import Problem


@dataclass(frozen=True, slots=True)
class Live:
    """The API knows the project."""

    project: Project


@dataclass(frozen=True, slots=True)
class Gone:
    """404, or `enabled: false`. A 404 proves nothing beyond this run: the key may be another account's."""

    not_found: bool


@dataclass(frozen=True, slots=True)
class Unreadable:
    """The `GET` failed, or its answer cannot be understood: never a reason to act."""

    problem: Problem


Details = Live | Gone | Unreadable
DetailsById = Mapping[str, Details]


def details_of(project: Project) -> Details:
    """Sort what a `GET` gave: gone, a status that this version does not know, or live."""
    if project.is_gone:
        return Gone(not_found=False)
    if project.status is Status.UNKNOWN:
        message = f"the API sent a status that mhsync does not know: {project.status_text!r:.60}"
        return Unreadable(Problem("unknown_status", message, "upgrade mhsync", id=project.id))
    return Live(project)


def sees_account(details: DetailsById) -> bool:
    """Whether a `GET` of this run answered 200: the key is then one of the account's, and a 404 means gone."""
    return any(isinstance(one, Live) or (isinstance(one, Gone) and not one.not_found) for one in details.values())
