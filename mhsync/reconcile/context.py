"""Run: what one command works with, handed from `cli/` to every step; Stop: how it is told to end."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from mhsync.api.client import Client
from mhsync.api.notice import WaitNotice
from mhsync.core.manifest import Limit
from mhsync.core.plan import Plan
from mhsync.core.report import ProjectResult
from mhsync.core.text import without_queries
from mhsync.errors import MhsyncError
from mhsync.hooks.manager import Hooks
from mhsync.settings import Settings

log = logging.getLogger(__name__)


def as_error(error: Exception, id: str) -> MhsyncError:
    """Any exception of one project's work as an error of ours, so that it stops no other's work.

    What is not ours came from a plugin or is a bug: it is logged with its traceback at debug level.
    """
    if isinstance(error, MhsyncError):
        return error
    log.debug("unexpected exception while %s was worked on", id, exc_info=error)
    text = " ".join(without_queries(str(error)).split())[:200]
    return MhsyncError(f"{type(error).__name__}: {text}", hint="say -vv to see where it came from", id=id)


Remark = Callable[[str, str], None]
"""Called with the id of a project and one line for people about what was done to it; from any thread."""


class Stop:
    """Asked to stop once: no new work begins, and what runs is abandoned cleanly."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def request(self) -> None:
        self._event.set()

    def __call__(self) -> bool:
        return self._event.is_set()

    def sleep(self, seconds: float) -> bool:
        """Sleep, but wake up when asked to stop; whether that was so."""
        return self._event.wait(seconds)


def _nobody(*_told: object) -> None:
    """Nobody is watching."""


@dataclass(frozen=True, slots=True)
class Observer:
    """Who is told while a run works; each is called from the main thread and must return quickly."""

    checked: Callable[[int, int], None] = _nobody
    """GETs answered, of how many."""
    planned: Callable[[Plan], None] = _nobody
    """The plan, once, before anybody is asked to confirm it."""
    settled: Callable[[ProjectResult], None] = _nobody
    """One project's result, when it is final; unchanged ones are left out."""
    waiting: Callable[[int, float], None] = _nobody
    """Projects still rendering, and seconds left to wait."""
    locked: Callable[[str], None] = _nobody
    """Another run holds the storage."""
    warned: Callable[[str], None] = _nobody
    """Something that does not fail the run: a notification that could not be sent, say."""
    delayed: Callable[[WaitNotice], None] = _nobody
    """A call waits for its next attempt: the client's `on_wait`. This one is called from any thread."""


@dataclass(frozen=True, slots=True)
class RunContext:
    """One command's world. Time and the wish to stop are passed in."""

    client: Client
    hooks: Hooks
    now: Callable[[], datetime]
    clock: Callable[[], float] = time.monotonic
    """Seconds of any origin, never set back: for waits."""
    settings: Settings = field(default_factory=Settings)
    stop: Stop = field(default_factory=Stop)
    observer: Observer = field(default_factory=Observer)
    only: frozenset[str] = frozenset()
    """The ids to look at; empty means all."""
    refresh: bool = False
    """Ask the API even for what is settled."""


@dataclass(frozen=True, slots=True)
class ApplyOptions:
    """What `mhsync apply` was told beside its manifests."""

    yes: bool = False
    no_deletes: bool = False
    max_deletes: Limit | None = None
    wait: float | None = None
    """Seconds to wait for renders; None does not wait."""
    is_ci: bool = False
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Where `${NAME}` of a notify target is looked up."""
