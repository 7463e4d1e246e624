"""Ledger: the state of each project during an apply, and its result once that is final.

Results become final in the main thread, where they are passed to the observer and to the notifications.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from mhsync.core.manifest import State
from mhsync.core.plan import Action, ProjectPlan, Verdict
from mhsync.core.project import RENDERING
from mhsync.core.receipt import Receipt
from mhsync.core.run_report import (
    ActionOutcome,
    ActionResult,
    Outcome,
    ProjectResult,
    Report,
    ReportedOutput,
)
from mhsync.errors import AuthenticationFailed, Interrupted, MhsyncError, PathOccupied, Problem
from mhsync.reconcile.context import RunContext
from mhsync.reconcile.notify import Notifications
from mhsync.reconcile.progress import ProjectFinished

_WITHOUT_ACTIONS = {
    Verdict.UNCHANGED: Outcome.UNCHANGED,
    Verdict.BLOCKED: Outcome.BLOCKED,
    Verdict.FAILED: Outcome.FAILED,
}


_INTERRUPTED = "interrupted"
"""The message of an error that knows nothing more than that the run is to stop."""


class Ledger:
    def __init__(self, run: RunContext, notifications: Notifications) -> None:
        self._run = run
        self._notifications = notifications
        self._plans: dict[str, ProjectPlan] = {}
        self._done: dict[str, list[ActionResult]] = {}
        self._receipts: dict[str, Receipt] = {}
        self._remarks: dict[str, str] = {}
        self._results: dict[str, ProjectResult] = {}
        self.halted: Problem | None = None
        """Why no new work begins, where the run ended early."""

    def begin(self, plans: Iterable[ProjectPlan]) -> None:
        """Take up plans; those without actions are final at once, pending ones when the run ends."""
        for plan in plans:
            self._plans[plan.id] = plan
            outcome = _WITHOUT_ACTIONS.get(plan.verdict)
            if outcome is None:
                continue
            self._close(plan, outcome, error=plan.problem)

    def is_open(self, id: str) -> bool:
        """Whether the project has no final result yet: nothing that was done to it failed."""
        return id not in self._results

    def is_waiting(self, plan: ProjectPlan) -> bool:
        """Whether a render is under way that `--wait` waits for; drafts are not waited for."""
        return plan.verdict is Verdict.PENDING and plan.status in RENDERING

    def stored(self, id: str, receipt: Receipt) -> None:
        self._receipts[id] = receipt

    def remark(self, id: str, text: str) -> None:
        """Add a line to the project's note."""
        self._remarks[id] = f"{self._remarks[id]}; {text}" if id in self._remarks else text

    def halt(self, problem: Problem) -> None:
        """Begin no new work; what was not tried is `not_attempted` for this reason."""
        self.halted = self.halted or problem

    def note(self, id: str, action: Action, error: MhsyncError | None) -> None:
        """One action of a project has ended."""
        plan = self._plans[id]
        done = self._done.setdefault(id, [])
        if error is None:
            done.append(ActionResult(action, ActionOutcome.DONE))
            if len(done) == len(plan.actions):
                self._close(plan, _outcome_of(plan))
            return
        if isinstance(error, AuthenticationFailed):
            self.halt(error.problem)
        if isinstance(error, Interrupted):
            # What ran when the run was interrupted was tried, and has not failed by itself.
            problem = error.problem
            if problem.message == _INTERRUPTED:
                problem = replace(problem, message=f"interrupted during this {action.value}")
            done.append(ActionResult(action, ActionOutcome.FAILED, problem))
            self._skip_rest(plan)
            self._close(plan, Outcome.FAILED, error=problem)
            return
        done.append(ActionResult(action, ActionOutcome.FAILED, error.problem))
        self._skip_rest(plan)
        self._close(
            plan, Outcome.BLOCKED if isinstance(error, PathOccupied) else Outcome.FAILED, error=error.problem
        )

    def close_all(self) -> None:
        """Give every project that is still open its result: nothing more will be tried."""
        why = self.halted or Problem("interrupted", "interrupted before this was tried")
        for plan in self._plans.values():
            if plan.id in self._results:
                continue
            if plan.verdict is Verdict.PENDING and self.halted is None:
                self._close(plan, Outcome.PENDING)
                continue
            was_begun = bool(self._done.get(plan.id))
            self._skip_rest(plan)
            self._close(plan, Outcome.FAILED if was_begun else Outcome.NOT_ATTEMPTED, error=why)

    def report(self, order: Sequence[str], *, wait_ran_out: bool) -> Report:
        """The report, after the last notification was sent."""
        report = Report(
            tuple(self._results[id_] for id_ in order),
            is_interrupted=self._run.stop(),
            wait_ran_out=wait_ran_out,
        )
        self._notifications.finish(report)
        return report

    def _skip_rest(self, plan: ProjectPlan) -> None:
        done = self._done.setdefault(plan.id, [])
        done += [ActionResult(action, ActionOutcome.SKIPPED) for action in plan.actions[len(done) :]]

    def _close(self, plan: ProjectPlan, outcome: Outcome, *, error: Problem | None = None) -> None:
        result = ProjectResult(
            plan.id,
            outcome,
            tuple(self._done.get(plan.id, ())),
            error,
            self._outputs(plan, outcome),
            reason_code=plan.reason_code,
            desired=plan.desired,
            info=plan.info,
            note=self._remarks.get(plan.id, "" if error or plan.actions else plan.reason),
        )
        self._results[plan.id] = result
        if outcome is not Outcome.UNCHANGED:
            self._run.observer(ProjectFinished(result))
        self._notifications.project(result, self._receipts.get(plan.id))

    def _outputs(self, plan: ProjectPlan, outcome: Outcome) -> tuple[ReportedOutput, ...]:
        receipt = self._receipts.get(plan.id)
        if receipt is not None:
            return tuple(ReportedOutput(o.path, o.size, o.sha256) for o in receipt.outputs)
        if Action.DOWNLOAD in plan.actions:
            return ()
        if Action.MOVE in plan.actions and not self._is_done(plan.id, Action.MOVE):
            return ()
        return tuple(
            ReportedOutput(o.path, o.size, o.sha256)
            for o in plan.outputs
            if o.stored and o.size is not None and o.sha256 is not None and outcome is not Outcome.BLOCKED
        )

    def _is_done(self, id: str, action: Action) -> bool:
        return any(r.action is action and r.outcome is ActionOutcome.DONE for r in self._done.get(id, ()))


def _outcome_of(plan: ProjectPlan) -> Outcome:
    """What a project has become once all of its actions are done."""
    if Action.DELETE in plan.actions:
        return Outcome.ARCHIVED if plan.desired is State.ARCHIVED else Outcome.DELETED
    if Action.DOWNLOAD in plan.actions:
        return Outcome.DOWNLOADED
    return Outcome.MOVED if Action.MOVE in plan.actions else Outcome.REPAIRED
