"""decide: observe, plan and check the guards. `plan` and `apply` decide here, so that they never disagree."""

from __future__ import annotations

from typing import Any

from mhsync.core.diff import diff
from mhsync.core.guards import Circumstances, check, expected_deletes, unconfirmed
from mhsync.core.manifest import Deletes, Manifest
from mhsync.core.plan import Plan, ProjectPlan
from mhsync.core.plan_warnings import surprises, throwaway_folders
from mhsync.dataclass import dataclass
from mhsync.errors import PlanStale, Problem
from mhsync.reconcile.context import ApplyOptions, RunContext
from mhsync.reconcile.discover import discover
from mhsync.reconcile.observe import Observation, observe
from mhsync.reconcile.storages import Storages

_NOT_ALLOWED = "the delete is left out: policy.deletes is not 'allow'"


@dataclass(frozen=True, slots=True)
class Decision:
    """What would change, and whether it may be applied."""

    plan: Plan
    observation: Observation
    refusals: tuple[Problem, ...]
    """Each reason why a guard refuses to apply the plan."""
    deletes_to_confirm: tuple[ProjectPlan, ...]
    """The projects whose deletion the policy `confirm` requires a confirmation for."""
    deletes: tuple[ProjectPlan, ...] = ()
    """Every project that the run may delete: those planned and, with `wait`, those that renders may lead to."""
    warnings: tuple[Problem, ...] = ()
    """What the user should know about the plan; none of them refuses it."""
    manifest: Manifest = Manifest()
    """With the projects that its files discover."""

    def to_json(self) -> dict[str, Any]:
        """The plan, with each reason why a guard refuses to apply it, and warnings: `schemas/plan.schema.json`."""
        return {**self.plan.to_json(), **self._problems()}

    def lazy_json(self) -> dict[str, Any]:
        """As `to_json`, with an iterator for the projects: a large plan need not be in memory as a whole."""
        return {**self.plan.lazy_json(), **self._problems()}

    def _problems(self) -> dict[str, Any]:
        return {
            "refusals": [problem.to_json() for problem in self.refusals],
            "warnings": [problem.to_json() for problem in self.warnings],
        }


def decide(run: RunContext, manifest: Manifest, storages: Storages, options: ApplyOptions) -> Decision:
    """Observe the storages and the API, make the plan, and check the guards. Changes nothing.

    Args:
        run: the context of the run.
        manifest: the desired state.
        storages: the open storages of the manifest.
        options: what an apply is to do.

    Raises:
        AuthenticationFailed: the API refused the key.
        PlanStale: the saved plan of the options no longer fits.
        StorageError: the storage of a file that discovers projects cannot be listed.
        Interrupted: the run was asked to stop.
    """
    discovery = discover(manifest, storages, settings=run.settings, stop=run.stop, only=run.only, rules_only=True)
    manifest = discovery.manifest
    observation = observe(run, manifest, storages)
    if not run.only:
        discovery = discovery.with_sighted(
            id_ for inventory in observation.inventories.values() for id_ in inventory.sighted
        )
    plan = make_plan(run, manifest, observation, options)
    is_waiting = options.wait is not None and not options.no_deletes
    circumstances = Circumstances(
        is_ci=run.is_ci,
        is_waiting=is_waiting,
        max_deletes=options.max_deletes,
        local_files=storages.local_files(manifest),
    )
    return Decision(
        plan,
        observation,
        check(plan, circumstances),
        unconfirmed(plan, is_waiting=is_waiting),
        expected_deletes(plan, is_waiting=is_waiting),
        (*throwaway_folders(plan, circumstances), *surprises(plan), *discovery.warnings),
        manifest,
    )


def _allowed(plan: Plan) -> frozenset[str]:
    """The ids whose deletes the policy of their file allows without a confirmation."""
    files = [file for file in plan.files if file.policy.deletes is Deletes.ALLOW]
    return frozenset(entry.id for file in files for entry in file.entries)


def make_plan(run: RunContext, manifest: Manifest, observation: Observation, options: ApplyOptions) -> Plan:
    """The plan that follows from an observation, without what the options leave out.

    Raises:
        PlanStale: the saved plan of the options no longer fits.
    """
    plan = diff(
        manifest,
        observation.inventories,
        observation.details,
        api=run.client.origin,
        only=run.only,
        clock=observation.clock,
        copies=observation.copies,
    )
    if options.no_deletes:
        plan = plan.without_deletes()
    elif options.unattended:
        plan = plan.without_deletes(keep=_allowed(plan), why=_NOT_ALLOWED)
    if options.saved is not None:
        plan, problems = options.saved.restrict(plan, no_deletes=options.no_deletes, only=run.only)
        if problems:
            raise PlanStale(problems)
    return plan
