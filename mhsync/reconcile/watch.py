"""WatchLoop: one process that reconciles again and again. `watch_schedule` decides when."""

from __future__ import annotations

import random as random_module
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import field, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from mhsync.core.manifest import Manifest
from mhsync.core.plan import Plan
from mhsync.core.receipt import Deletion
from mhsync.core.run_report import Outcome, Report
from mhsync.core.selection import select
from mhsync.dataclass import dataclass
from mhsync.errors import GuardRefused, Interrupted, ManifestError, MhsyncError, Problem, UsageError
from mhsync.reconcile.context import ApplyOptions, attempt
from mhsync.reconcile.prepare import Prepared
from mhsync.reconcile.reconciler import Reconciler, load_manifests
from mhsync.reconcile.watch_files import Snapshot, snapshot
from mhsync.reconcile.watch_schedule import Trigger, WatchSchedule

_FAILED = frozenset({Outcome.FAILED, Outcome.NOT_ATTEMPTED})


class WatchResult(StrEnum):
    """How a run of a watch ended."""

    SUCCEEDED = "succeeded"
    """Nothing failed. Projects may be blocked or still rendering."""
    FAILED = "failed"
    """A project failed, or the whole run did: it is repeated after a delay."""
    REFUSED = "refused"
    """A guard or a plugin refused the plan, or its deletes."""
    INVALID_MANIFEST = "invalid_manifest"
    """The manifests have problems. Nothing was done."""
    INTERRUPTED = "interrupted"
    """A stop was requested."""


@dataclass(frozen=True, slots=True)
class WatchRun:
    """One run of a watch."""

    trigger: Trigger
    started: datetime
    result: WatchResult
    seconds: float
    """The duration of the run."""
    plan: Plan | None = None
    """None if the run ended before there was one."""
    report: Report | None = None
    """None if there was nothing to do, or the plan was refused."""
    error: MhsyncError | None = None
    """Why the run failed as a whole, was refused or could not begin."""


@dataclass(frozen=True, slots=True)
class RunStarted:
    """A run begins."""

    trigger: Trigger
    at: datetime


@dataclass(frozen=True, slots=True)
class RunEnded:
    """A run ended, and the next one is planned."""

    run: WatchRun
    next_in: float
    """Seconds until the next run, unless a webhook or a change of a manifest comes before."""
    failures: int
    """Failed runs in a row."""


WatchEvent = RunStarted | RunEnded
WatchListener = Callable[[WatchEvent], None]
"""Called on the thread of the loop with each event. It must not raise."""


def ignore_events(event: WatchEvent) -> None:
    """A listener that does nothing."""


@dataclass(slots=True)
class WatchLoop:
    """Reconciles manifests at its start, at an interval, when a manifest changes, and after `wake`.

    One run takes place at a time. Deletes are left out unless the policy of their manifest is `deletes: allow`. If
    a guard refuses the deletes of a plan, the rest is applied. `reconciler.stop.request()` ends the loop.

    Args:
        reconciler: runs the plans; its settings have the intervals (`Settings.watch`).
        manifests: files and folders of manifests. They are loaded again for each run.
        options: of each apply. `wait` and `saved` are not supported.
        only: selectors of the projects to process (ids, patterns, `state:…`, `tag:…`); empty means all.
        listener: called with each event.
        clock: seconds, never going back.
        now: the time.
        random: numbers from 0 to 1.
        sleep: sleeps for seconds, or until a stop is requested; None uses that of `reconciler.stop`.
    """

    reconciler: Reconciler
    manifests: Sequence[str | Path]
    options: ApplyOptions = field(default_factory=ApplyOptions)
    only: Sequence[str] = ()
    listener: WatchListener = ignore_events
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    random: Callable[[], float] = random_module.random
    sleep: Callable[[float], object] | None = None
    _schedule: WatchSchedule = field(init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)
    _seen: Snapshot = field(default=(), init=False)
    _polled: float = field(default=float("-inf"), init=False)
    _ticked: float = field(init=False)
    _is_running: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        if self.options.wait is not None or self.options.saved is not None:
            raise UsageError("a watch does not support the options 'wait' and 'saved'", hint="leave them out")
        self._ticked = self.clock()
        self._schedule = WatchSchedule(self.reconciler.settings.watch, self._ticked)

    def wake(self, trigger: Trigger = Trigger.WEBHOOK) -> None:
        """Ask for a run within seconds. May be called from any thread, and during a run."""
        with self._lock:
            self._schedule.wake(trigger, self.clock())

    @property
    def is_alive(self) -> bool:
        """Whether the loop works: a run is active, or it has looked at the clock recently."""
        return self._is_running or self.clock() - self._ticked < self.reconciler.settings.watch.stalled_after

    def run(self) -> bool:
        """Run until a stop is requested.

        Returns:
            Whether the stop interrupted a run.
        """
        stop = self.reconciler.stop
        sleep = self.sleep or stop.sleep
        while not stop():
            self._ticked = self.clock()
            self._look_at_manifests()
            with self._lock:
                trigger = self._schedule.due(self._ticked)
            if trigger is None:
                sleep(self.reconciler.settings.watch.tick)
            elif self._run_once(trigger).result is WatchResult.INTERRUPTED:
                return True
        return False

    def _look_at_manifests(self) -> None:
        """Ask for a run if a manifest has changed since the last look."""
        if self._ticked - self._polled < self.reconciler.settings.watch.poll or not self._seen:
            return
        self._polled = self._ticked
        found = snapshot(self.manifests)
        if found != self._seen:
            self._seen = found
            self.wake(Trigger.MANIFEST)

    def _run_once(self, trigger: Trigger) -> WatchRun:
        with self._lock:
            self._schedule.begin()
        self._is_running = True
        self.listener(RunStarted(trigger, self.now()))
        try:
            run = self._reconcile(trigger)
        finally:
            self._is_running = False
        with self._lock:
            ended = self.clock()
            self._schedule.end(ended, has_failed=run.result is WatchResult.FAILED, random=self.random())
            next_in, failures = self._schedule.next[0] - ended, self._schedule.failures
        self.listener(RunEnded(run, max(0.0, next_in), failures))
        return run

    def _reconcile(self, trigger: Trigger) -> WatchRun:
        """One run. Every error is a result: the loop goes on."""
        started, begun = self.now(), self.clock()
        work = _Run(self)
        error = attempt(None, work.go)
        if isinstance(error, Interrupted):
            work.result, work.error = WatchResult.INTERRUPTED, error
        elif isinstance(error, ManifestError):
            work.result, work.error = WatchResult.INVALID_MANIFEST, error
        elif error is not None:
            work.result, work.error = WatchResult.FAILED, error
        return WatchRun(trigger, started, work.result, self.clock() - begun, work.plan, work.report, work.error)

    def load(self) -> tuple[Manifest, frozenset[str]]:
        """The manifests as they are now, and the ids that the selectors choose.

        Raises:
            ManifestError: the manifests have problems, or a selector chooses no project.
        """
        self._seen = snapshot(self.manifests)
        manifest = load_manifests(*self.manifests, settings=self.reconciler.settings)
        if not self.only:
            return manifest, frozenset()
        ids, unused = select(manifest, self.only)
        if unused:
            message = f"the manifests list no project of the selector {unused[0]!r:.130}"
            raise ManifestError([Problem("only_unknown", message, "check the selector, or list the project")])
        return manifest, ids


@dataclass(slots=True)
class _Run:
    """The work of one run, and what is known of it so far."""

    loop: WatchLoop
    result: WatchResult = WatchResult.SUCCEEDED
    plan: Plan | None = None
    report: Report | None = None
    error: MhsyncError | None = None

    def go(self) -> None:
        """Plan and apply; without deletes if a guard refuses them."""
        manifest, only = self.loop.load()
        options = replace(self.loop.options, unattended=True)
        with self.loop.reconciler.prepare(manifest, options, only=only) as prepared:
            self._apply(prepared)
        if isinstance(self.error, GuardRefused) and not options.no_deletes:
            options = replace(options, no_deletes=True)
            with self.loop.reconciler.prepare(manifest, options, only=only) as prepared:
                if not prepared.refusals:
                    self._apply(prepared)

    def _apply(self, prepared: Prepared) -> None:
        self.plan = prepared.plan
        if prepared.refusals:
            self.result, self.error = WatchResult.REFUSED, prepared.veto or GuardRefused(prepared.refusals)
            return
        if not _is_work(prepared):
            if self.plan.summary["failed"] and self.error is None:
                self.result = WatchResult.FAILED
            return
        self.report = prepared.execute()
        if self.report.is_interrupted:
            self.result = WatchResult.INTERRUPTED
        elif any(result.outcome in _FAILED for result in self.report.results):
            self.result = WatchResult.FAILED


def _is_work(prepared: Prepared) -> bool:
    """Whether an apply would do anything. Without work it is left out, and no notification is sent.

    A project with `deleting` in its receipt may only need a note, which is not an action.
    """
    if prepared.plan.changes:
        return True
    inventories = prepared.decision.observation.inventories
    receipts = (
        inventories[file.file].receipt(project.id)
        for file in prepared.plan.files
        for project in prepared.plan.judged
    )
    return any(receipt is not None and receipt.deletion is Deletion.DELETING for receipt in receipts)
