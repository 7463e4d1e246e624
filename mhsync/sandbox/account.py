"""The account of a sandbox: projects that render over time, until they are deleted."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from enum import StrEnum
from urllib.parse import quote

from mhsync.core.project import ProjectError, is_valid_id
from mhsync.dataclass import dataclass
from mhsync.sandbox.wav import Wav

STATUSES = ("draft", "queued", "rendering", "complete", "error", "canceled")
_ESCAPE = re.compile("%[0-9A-Fa-f]{2}")
DEFAULT_SECONDS = 1.0
"""Duration of an output for which no size and no duration is given."""


class AfterDelete(StrEnum):
    """The response to a `GET` of a deleted project: 404, or 200 with `enabled: false`."""

    NOT_FOUND = "not_found"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class Output:
    """One file of a project.

    `path` lies below the project's folder: `output.wav`, `1/output.wav`. Its percent-escapes are kept as written,
    so that names that leave a folder can be tried too: `..%2Fescape.wav`.
    """

    path: str
    audio: Wav

    @property
    def url_path(self) -> str:
        """The path as it is written in the URL."""
        return quoted(self.path)


@dataclass(frozen=True, slots=True)
class SandboxProject:
    """A project of the account.

    `later` holds status changes: pairs of seconds after the start and the status from then on. `outputs` are
    available only while the status is `complete`.
    """

    id: str
    status: str = "complete"
    name: str | None = None
    type: str = "VOICE_GENERATOR"
    created_at: str = "2026-01-15T09:30:00.000Z"
    credits_charged: int = 2
    outputs: tuple[Output, ...] = ()
    error: ProjectError | None = None
    later: tuple[tuple[float, str], ...] = ()
    is_deleted: bool = False
    after_delete: AfterDelete | None = None

    def status_at(self, seconds: float) -> str:
        """The status at a number of seconds after the start."""
        status = self.status
        for moment, following in sorted(self.later):
            if seconds >= moment:
                status = following
        return status


def outputs_of(
    project_id: str,
    count: int = 1,
    *,
    seconds: float = DEFAULT_SECONDS,
    size: int | None = None,
) -> tuple[Output, ...]:
    """Outputs as the API names them: `output.wav`, or `0/output.wav`, `1/output.wav` … if there are several.

    Args:
        size: bytes of each output, instead of its duration in `seconds`.
    """
    return tuple(Output(path, _audio(f"{project_id}/{path}", seconds, size)) for path in numbered_paths(count))


def numbered_paths(count: int) -> list[str]:
    """The paths of `count` outputs, which all have the same last part."""
    return ["output.wav"] if count == 1 else [f"{index}/output.wav" for index in range(count)]


def quoted(path: str) -> str:
    """A path as it is written in a URL, with its percent-escapes in upper case: clients may use either case."""
    return _ESCAPE.sub(lambda found: found.group().upper(), quote(path, safe="/%"))


def _audio(seed: str, seconds: float, size: int | None) -> Wav:
    return Wav.lasting(seed, seconds) if size is None else Wav(seed, size)


@dataclass(frozen=True, slots=True)
class State:
    """A project with its current status."""

    project: SandboxProject
    status: str
    after_delete: AfterDelete | None
    """How a `GET` of the deleted project is answered; None if it is not deleted."""


class Account:
    """All projects of the account. It may be used and changed from any thread while a server runs.

    Args:
        projects: the projects at the start.
        after_delete: how a `GET` is answered for deleted projects without their own `after_delete`.
        clock: seconds from any origin, for the status changes.

    Raises:
        ValueError: two projects have one id, or an id is not valid.
    """

    def __init__(
        self,
        projects: Iterable[SandboxProject] = (),
        *,
        after_delete: AfterDelete = AfterDelete.NOT_FOUND,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._lock = threading.Lock()
        self._projects: dict[str, SandboxProject] = {}
        self._after_delete = after_delete
        self._clock = clock
        self._began: float | None = None
        for project in projects:
            if project.id in self._projects:
                raise ValueError(f"two projects have the id {project.id}")
            self.put(project)

    def begin(self) -> None:
        """Start the time of the status changes. Only the first call has an effect."""
        with self._lock:
            if self._began is None:
                self._began = self._clock()

    @property
    def ids(self) -> tuple[str, ...]:
        """Every id in the order of the seed, deleted projects included."""
        with self._lock:
            return tuple(self._projects)

    @property
    def deleted_ids(self) -> frozenset[str]:
        """The ids of the deleted projects."""
        with self._lock:
            return frozenset(project.id for project in self._projects.values() if project.is_deleted)

    def put(self, project: SandboxProject) -> None:
        """Add a project, or replace the project with its id."""
        if not is_valid_id(project.id):
            raise ValueError(f"invalid id: {project.id!r}")
        with self._lock:
            self._projects[project.id] = project

    def project(self, id: str) -> SandboxProject:
        """The project as it was added.

        Raises:
            KeyError: there is no project with this id.
        """
        with self._lock:
            return self._projects[id]

    def edit(self, id: str, change: Callable[[SandboxProject], SandboxProject]) -> SandboxProject:
        """Replace a project by the result of `change`, and return it.

        Raises:
            KeyError: there is no project with this id.
        """
        with self._lock:
            self._projects[id] = change(self._projects[id])
            return self._projects[id]

    def set_status(self, id: str, status: str) -> None:
        """Set the status of a project, and drop its later status changes."""
        self.edit(id, lambda project: replace(project, status=status, later=()))

    def state(self, id: str) -> State | None:
        """The project and its current status, or None if the id never existed."""
        with self._lock:
            project = self._projects.get(id)
            if project is None:
                return None
            seconds = 0.0 if self._began is None else self._clock() - self._began
        gone = (project.after_delete or self._after_delete) if project.is_deleted else None
        return State(project, project.status_at(seconds), gone)

    def delete(self, id: str) -> bool:
        """Delete a project. Returns False if it does not exist or was deleted before."""
        with self._lock:
            project = self._projects.get(id)
            if project is None or project.is_deleted:
                return False
            self._projects[id] = replace(project, is_deleted=True)
            return True

    def output(self, id: str, path: str) -> Output | None:
        """An output that can be downloaded now: its project is complete and not deleted.

        `path` may be the output's path or the path in its URL.
        """
        state = self.state(id)
        if state is None or state.after_delete is not None or state.status != "complete":
            return None
        return next((output for output in state.project.outputs if output.url_path == quoted(path)), None)

    def rewrite(self, id: str, path: str) -> None:
        """Replace the bytes of an output by others of the same length. Does nothing if there is no such output."""
        with self._lock:
            project = self._projects.get(id)
            if project is not None:
                outputs = tuple(
                    _rewritten(output) if output.url_path == quoted(path) else output for output in project.outputs
                )
                self._projects[id] = replace(project, outputs=outputs)


def _rewritten(output: Output) -> Output:
    return replace(output, audio=replace(output.audio, seed=output.audio.seed + "+"))
