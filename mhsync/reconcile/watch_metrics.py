"""WatchMetrics: numbers about the runs of a watch: a listener of a `WatchLoop`, and an observer of its runs."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import field

from mhsync.api.transfer_events import TransferEnded
from mhsync.core.plan import Plan
from mhsync.core.run_report import Report
from mhsync.dataclass import dataclass
from mhsync.reconcile.progress import ProgressEvent, RetryDelayed
from mhsync.reconcile.watch import RunEnded, RunStarted, WatchEvent, WatchResult

_GOOD = frozenset({WatchResult.SUCCEEDED})


@dataclass(frozen=True, slots=True)
class MetricsSnapshot:
    """The numbers at one moment. Those with `total` in their names count from the start of the process."""

    projects: Mapping[str, int]
    """The number of projects by desired state, of the last plan."""
    verdicts: Mapping[str, int]
    """The number of projects by verdict, such as `unchanged`, of the last plan."""
    runs_total: Mapping[str, int]
    """By `WatchResult`."""
    triggers_total: Mapping[str, int]
    """By `Trigger`."""
    actions_total: Mapping[tuple[str, str], int]
    """By action and outcome."""
    failures_total: int
    """Projects that failed, and runs that failed as a whole."""
    bytes_total: int
    """Bytes of the files that were downloaded."""
    waits_total: int
    """Waits because a server limited or did not serve requests."""
    wait_seconds_total: float
    run_seconds_total: float
    failures_in_a_row: int
    is_running: bool
    last_success: float | None
    """Seconds since 1970; None if no run has succeeded."""
    since_success: float
    """Seconds since the last successful run, or since the start of the process."""
    last_result: WatchResult | None

    @property
    def is_ready(self) -> bool:
        """Whether a run has succeeded, and the last one did not fail as a whole."""
        return self.last_success is not None and self.last_result in (
            WatchResult.SUCCEEDED,
            WatchResult.REFUSED,
        )


@dataclass(slots=True)
class WatchMetrics:
    """Counts what the runs do. Thread-safe; its memory does not grow with the number of runs.

    Args:
        clock: seconds, never going back.
        wall: seconds since 1970.
    """

    clock: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)
    _projects: Counter[str] = field(default_factory=Counter, init=False)
    _verdicts: Counter[str] = field(default_factory=Counter, init=False)
    _runs: Counter[str] = field(default_factory=Counter, init=False)
    _triggers: Counter[str] = field(default_factory=Counter, init=False)
    _actions: Counter[tuple[str, str]] = field(default_factory=Counter, init=False)
    _failures: int = field(default=0, init=False)
    _bytes: int = field(default=0, init=False)
    _waits: int = field(default=0, init=False)
    _wait_seconds: float = field(default=0.0, init=False)
    _run_seconds: float = field(default=0.0, init=False)
    _in_a_row: int = field(default=0, init=False)
    _is_running: bool = field(default=False, init=False)
    _last_success: float | None = field(default=None, init=False)
    _since: float = field(init=False)
    _last_result: WatchResult | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self._since = self.clock()

    def observe(self, event: ProgressEvent) -> None:
        """Take an event of a run: the observer of the `Reconciler`."""
        with self._lock:
            match event:
                case TransferEnded(size=int(size)):
                    self._bytes += size
                case RetryDelayed(notice):
                    self._waits += 1
                    self._wait_seconds += notice.seconds

    def listen(self, event: WatchEvent) -> None:
        """Take an event of the loop: the listener of the `WatchLoop`."""
        with self._lock:
            match event:
                case RunStarted(trigger):
                    self._is_running = True
                    self._triggers[trigger.value] += 1
                case RunEnded(run, _, failures):
                    self._is_running = False
                    self._in_a_row = failures
                    self._runs[run.result.value] += 1
                    self._run_seconds += run.seconds
                    self._last_result = run.result
                    self._count_plan(run.plan)
                    self._count_report(run.report)
                    if run.result is WatchResult.FAILED and run.error is not None:
                        self._failures += 1
                    if run.result in _GOOD:
                        self._last_success, self._since = self.wall(), self.clock()

    def _count_plan(self, plan: Plan | None) -> None:
        if plan is None:
            return
        judged = {project.id: project.desired for project in plan.judged}
        entries = (entry for file in plan.files for entry in file.entries)
        self._projects = Counter(judged.get(entry.id, entry.state).value for entry in entries)
        sums = plan.summary
        self._verdicts = Counter({name: sums[name] for name in ("unchanged", "pending", "blocked", "failed")})
        self._verdicts["change"] = len(plan.changes)

    def _count_report(self, report: Report | None) -> None:
        for result in () if report is None else report.results:
            self._actions.update((one.action.value, one.outcome.value) for one in result.actions)
            self._failures += result.outcome.value in ("failed", "not_attempted")

    def snapshot(self) -> MetricsSnapshot:
        """The numbers now."""
        with self._lock:
            return MetricsSnapshot(
                projects=dict(self._projects),
                verdicts=dict(self._verdicts),
                runs_total=dict(self._runs),
                triggers_total=dict(self._triggers),
                actions_total=dict(self._actions),
                failures_total=self._failures,
                bytes_total=self._bytes,
                waits_total=self._waits,
                wait_seconds_total=self._wait_seconds,
                run_seconds_total=self._run_seconds,
                failures_in_a_row=self._in_a_row,
                is_running=self._is_running,
                last_success=self._last_success,
                since_success=self.clock() - self._since,
                last_result=self._last_result,
            )
