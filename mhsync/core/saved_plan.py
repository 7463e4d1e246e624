"""SavedPlan: a plan that was written to a file. It limits a later apply to the actions that were shown."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from mhsync.core.manifest import State
from mhsync.core.plan import FORMAT, Action, Plan, ProjectPlan, Verdict
from mhsync.core.project import is_valid_id
from mhsync.dataclass import dataclass
from mhsync.errors import Problem

STALE = "plan_stale"
_KINDS: Mapping[type, str] = {dict: "an object", list: "a list", str: "a string", bool: "true or false"}
_T = TypeVar("_T")
_SHA256 = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class SavedManifest:
    """A manifest that a saved plan was made from."""

    file: str
    """Its path, relative to the folder of the saved plan."""
    sha256: str


@dataclass(frozen=True, slots=True)
class SavedProject:
    """The planned actions of one project."""

    id: str
    desired: State
    actions: tuple[Action, ...]
    paths: tuple[str, ...]
    """The paths of its outputs, relative to the storage."""
    never_stored: bool


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """What a saved plan allows: its manifests, the API, and the actions of each project that it changes."""

    api: str
    """The origin of the API."""
    manifests: tuple[SavedManifest, ...]
    projects: Mapping[str, SavedProject]
    """The projects with planned actions, by id."""

    @classmethod
    def from_json(cls, data: object) -> SavedPlan:
        """Read the document that `Plan.to_json` made. Unknown keys are ignored: later versions may add some.

        Raises:
            ValueError: it is not a plan of a known version, or a value has a wrong form.
        """
        document = _mapping(data, "the document")
        if document.get("format") != FORMAT:
            raise ValueError(f"format is {document.get('format')!r:.60}, not {FORMAT!r}")
        manifests = tuple(_manifest(item) for item in _list(document, "manifests"))
        if not manifests:
            raise ValueError("manifests is empty")
        projects = [_project(item) for item in _list(document, "projects")]
        if len({project.id for project in projects}) < len(projects):
            raise ValueError("a project occurs twice")
        changed = {project.id: project for project in projects if project.actions}
        return cls(_text(document, "api"), manifests, changed)

    def restrict(
        self, plan: Plan, *, no_deletes: bool = False, only: Collection[str] = ()
    ) -> tuple[Plan, tuple[Problem, ...]]:
        """Limit a new plan to what this one allows.

        A planned action that is done already counts as done. Actions of projects without a planned action are left
        out. Changes nothing else: a saved plan never adds an action.

        Args:
            plan: the plan as the account and the storage are now.
            no_deletes: whether deletes are left out of `plan`.
            only: the ids that `plan` looks at; empty means all.

        Returns:
            The limited plan, and each reason why this plan no longer fits; it is applied only if there is none.
        """
        problems: list[Problem] = []
        if plan.api != self.api:
            problems.append(_other_api(self.api, plan.api))
        left_out: dict[str, ProjectPlan] = {}
        for project in plan.judged:
            planned = self.projects.get(project.id)
            if planned is None:
                left_out[project.id] = _left_out(project)
            else:
                problems += _misfit(planned, project, no_deletes=no_deletes)
        seen = set(plan.ids)
        missing = [id_ for id_ in self.projects if id_ not in seen and (not only or id_ in only)]
        problems += [_not_planned_anymore(id_) for id_ in missing]
        return plan.replaced(left_out), tuple(problems)


def _misfit(planned: SavedProject, now: ProjectPlan, *, no_deletes: bool) -> Sequence[Problem]:
    """Why the planned actions of a project no longer fit; none where they do."""
    if now.verdict is Verdict.UNCHANGED and not now.actions:
        return ()
    left = tuple(action for action in planned.actions if not (no_deletes and action is Action.DELETE))
    what = f"the saved plan has {_names(planned.actions)}"
    if now.verdict is not Verdict.CHANGE:
        reason = f"{what}; now it is {now.verdict.value}: {now.reason}"
    elif now.desired is not planned.desired:
        reason = f"{what} for 'state: {planned.desired.value}'; now its state is '{now.desired.value}'"
    elif left[len(left) - len(now.actions) :] != now.actions:
        reason = f"{what}; now it needs {_names(now.actions)}: {now.reason}"
    elif now.never_stored and not planned.never_stored and Action.DELETE in now.actions:
        reason = f"{what} of a stored project; now no copy of it is stored"
    elif now.outputs and planned.paths and {output.path for output in now.outputs} != set(planned.paths):
        reason = f"{what}; the paths of its outputs have changed since"
    else:
        return ()
    return (Problem(STALE, reason, "make and review a new plan", now.entry.position, now.id),)


def _left_out(project: ProjectPlan) -> ProjectPlan:
    if not project.actions:
        return project
    return replace(
        project,
        verdict=Verdict.UNCHANGED,
        reason_code="not_in_saved_plan",
        reason=f"{_names(project.actions)} is not in the saved plan, and is left for the next one",
        actions=(),
        never_stored=False,
    )


def _other_api(planned: str, now: str) -> Problem:
    return Problem(
        STALE,
        f"the saved plan was made with the API {planned}; this run uses {now}",
        "use the same API, or make a new plan",
    )


def _not_planned_anymore(id_: str) -> Problem:
    return Problem(STALE, "the manifests no longer list this project", "make and review a new plan", id=id_)


def _names(actions: Sequence[Action]) -> str:
    return " and ".join(action.value for action in actions)


def _manifest(item: object) -> SavedManifest:
    value = _mapping(item, "manifests[]")
    sha256 = _text(value, "sha256")
    if not _SHA256.fullmatch(sha256):
        raise ValueError("manifests[].sha256 is not a sha256")
    return SavedManifest(_text(value, "file"), sha256)


def _project(item: object) -> SavedProject:
    value = _mapping(item, "projects[]")
    id_ = _text(value, "id")
    if not is_valid_id(id_):
        raise ValueError(f"projects[].id {id_!r:.60} is not an id")
    actions = tuple(Action(_string(action, "actions[]")) for action in _list(value, "actions"))
    if list(actions) != [action for action in Action if action in actions]:
        raise ValueError(f"{id_}: the actions are not in their order")
    never_stored = _typed(value.get("never_stored"), bool, f"{id_}: never_stored")
    paths = tuple(_text(_mapping(output, "outputs[]"), "path") for output in _list(value, "outputs"))
    return SavedProject(id_, State(_text(value, "desired")), actions, paths, never_stored)


def _mapping(value: object, name: str) -> Mapping[str, Any]:
    return _typed(value, dict, name)


def _list(value: Mapping[str, Any], key: str) -> Sequence[object]:
    return _typed(value.get(key), list, key)


def _text(value: Mapping[str, Any], key: str) -> str:
    return _string(value.get(key), key)


def _string(value: object, name: str) -> str:
    return _typed(value, str, name)


def _typed(value: object, kind: type[_T], name: str) -> _T:
    if isinstance(value, kind):
        return value
    raise ValueError(f"{name} is missing or not {_KINDS[kind]}")
