"""prepare: open and lock the storages, decide, and let plugins review the plan; the caller then executes it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import field, replace

from mhsync.core.manifest import Manifest
from mhsync.core.plan import Plan, ProjectPlan
from mhsync.core.run_report import Report
from mhsync.dataclass import dataclass
from mhsync.errors import ConfirmationMissing, GuardRefused, PlanRefused, Problem, UsageError
from mhsync.reconcile.apply import execute
from mhsync.reconcile.context import ApplyOptions, RunContext
from mhsync.reconcile.decide import Decision, decide
from mhsync.reconcile.index_writer import Indexes
from mhsync.reconcile.progress import StorageLocked, Warned
from mhsync.reconcile.storages import Storages, opened


@dataclass(slots=True)
class Prepared:
    """A plan whose storages are open and locked. It can be executed once, inside the block of `prepare`."""

    decision: Decision
    veto: PlanRefused | None
    """The refusal of the plugins that reviewed the plan, if there is one."""
    _run: RunContext
    _manifest: Manifest
    _options: ApplyOptions
    _storages: Storages
    _is_open: bool = field(default=True, init=False)

    @property
    def plan(self) -> Plan:
        return self.decision.plan

    @property
    def refusals(self) -> tuple[Problem, ...]:
        """Each reason why the plan is not applied: of a plugin, or of the guards."""
        return self.decision.refusals if self.veto is None else self.veto.problems

    @property
    def deletes_to_confirm(self) -> tuple[ProjectPlan, ...]:
        """The projects that `execute` deletes only with `confirmed=True`."""
        return self.decision.deletes_to_confirm

    @property
    def deletes(self) -> tuple[ProjectPlan, ...]:
        """Every project that `execute` may delete, also those that need no confirmation."""
        return self.decision.deletes

    def require_allowed(self) -> None:
        """Raise the refusal of a plugin or of a guard, if there is one.

        Raises:
            PlanRefused: a plugin vetoed the plan.
            GuardRefused: a guard does not allow the plan; `problems` lists each reason.
        """
        if self.veto is not None:
            raise self.veto
        if self.decision.refusals:
            raise GuardRefused(self.decision.refusals)

    def execute(self, *, confirmed: bool = False) -> Report:
        """Apply the plan.

        Args:
            confirmed: whether the user confirmed the deletion of `deletes_to_confirm`.

        Raises:
            PlanRefused, GuardRefused: the plan was refused; nothing was changed.
            ConfirmationMissing: there are deletes to confirm and `confirmed` is False; nothing was changed.
            UsageError: the plan was executed already, or the block of `prepare` has ended.
        """
        if not self._is_open:
            raise UsageError("a prepared plan is executed once, inside its block", hint="prepare it again")
        self.require_allowed()
        if self.deletes_to_confirm and not confirmed:
            number = len(self.deletes_to_confirm)
            raise ConfirmationMissing(
                f"{'1 project' if number == 1 else f'{number} projects'} would be deleted, "
                "and the deletion was not confirmed",
                hint="confirm it with execute(confirmed=True), or leave deletes out with no_deletes=True",
            )
        self._is_open = False
        return execute(self._run, self._options, self._manifest, self._storages, self.decision)

    def close(self) -> None:
        """Refuse a later `execute`: the locks are no longer held."""
        self._is_open = False


@contextmanager
def prepare(run: RunContext, manifest: Manifest, options: ApplyOptions) -> Iterator[Prepared]:
    """Open and lock the storages, decide, and let plugins review the plan. Changes nothing by itself.

    The locks are held from before the observation to the end of the block.

    Args:
        run: the context of the run.
        manifest: the desired state.
        options: what to apply.

    Raises:
        LockTimeout: another run holds a storage.
        AuthenticationFailed: the API refused the key.
        StorageUnavailable: a storage cannot be opened.
        PluginError: a plugin is broken.
        Interrupted: the run was asked to stop.
    """
    run.hooks.require_loaded()
    run = replace(run, at=None, indexes=Indexes(run.client.origin, row_max=run.settings.run.index_row_max))
    with (
        opened(run.hooks, manifest) as storages,
        storages.locked(
            run.settings.run.lock_timeout, lambda holder: run.observer(StorageLocked(holder)), run.stop, run.clock
        ),
    ):
        decision = decide(run, manifest, storages, options)
        for problem in decision.warnings:
            run.observer(Warned(problem.located))
        prepared = Prepared(decision, _review(run, decision.plan), run, decision.manifest, options, storages)
        try:
            yield prepared
        finally:
            prepared.close()


def _review(run: RunContext, plan: Plan) -> PlanRefused | None:
    try:
        run.hooks.review_plan(plan)
    except PlanRefused as error:
        return error
    return None
