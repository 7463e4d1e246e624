"""apply: execute a plan. In a sync, only this module and its three actions change anything.

All downloads and moves come before any delete; one project's failure stops no other's work; whatever is done is
recorded in its receipt when it happens, not at the end. `prepare` comes first: it decides and checks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import field, replace
from datetime import datetime

from mhsync.core.manifest import Manifest, ManifestFile, State
from mhsync.core.observed import Details, DetailsById, Gone, Inventory, Live, sees_account
from mhsync.core.path_conflicts import in_the_way
from mhsync.core.plan import Action, Plan, ProjectPlan
from mhsync.core.receipt import Deletion
from mhsync.core.run_report import Report
from mhsync.dataclass import dataclass
from mhsync.errors import AuthenticationFailed, MhsyncError, PlanRefused, Problem
from mhsync.reconcile.actions.delete import delete, end_deleting
from mhsync.reconcile.actions.download import download
from mhsync.reconcile.actions.move import in_order_of, make_room, move_all
from mhsync.reconcile.actions.repair import HeldStorages, repair
from mhsync.reconcile.context import ApplyOptions, RunContext, attempt
from mhsync.reconcile.decide import Decision, make_plan
from mhsync.reconcile.ledger import Ledger
from mhsync.reconcile.listing_check import unlisted
from mhsync.reconcile.notify import Notifications
from mhsync.reconcile.observe import Observation, parked_files
from mhsync.reconcile.ownership import Owners
from mhsync.reconcile.parallel import map_unordered
from mhsync.reconcile.progress import Warned
from mhsync.reconcile.storages import Storages
from mhsync.reconcile.wait import wait_for_renders
from mhsync.storage.base import Storage
from mhsync.storage_kit.spool import sweep_spools

_FIRST_DOWNLOADS = 3
"""Threads that begin to download. While they keep a processor busy, more of them only wait for each other."""


def execute(
    run: RunContext, options: ApplyOptions, manifest: Manifest, storages: Storages, decision: Decision
) -> Report:
    """Apply a plan that was allowed and confirmed. Called by `Prepared.execute` only, with the locks held."""
    return _Execution(run, options, manifest, storages, decision).go()


@dataclass(slots=True)
class _Execution:
    """One run that changes things."""

    run: RunContext
    options: ApplyOptions
    manifest: Manifest
    storages: Storages
    decision: Decision
    seen: Observation = field(init=False)
    plan: Plan = field(init=False)
    files: dict[str, ManifestFile] = field(init=False)
    details: dict[str, Details] = field(init=False)
    owners: dict[str, Owners] = field(init=False)
    ledger: Ledger = field(init=False)
    started: datetime = field(init=False)
    begun: float = field(init=False)
    """The same moment on the monotonic clock: the deadline counts from here."""

    def __post_init__(self) -> None:
        self.seen, self.plan = self.decision.observation, self.decision.plan
        self.files = {entry.id: file for file, entry in self.manifest}
        self.details = dict(self.seen.details)
        bounds = self.run.settings.run
        self.owners = {place: Owners(storage, bounds) for place, storage in self.storages.by_location.items()}
        self.started, self.begun = self.run.now(), self.run.clock()
        notifications = Notifications.open(self.run, self.manifest, self.started)
        self.ledger = Ledger(self.run, notifications)

    def go(self) -> Report:
        self._sweep()
        self._end_noted_deletes()
        self.ledger.begin(self.plan.projects)
        self._repair()
        self._make_room()
        self._move(self.plan.judged)
        self._download(self.plan.judged)
        wait_ran_out = self._wait()
        self._delete()
        self.ledger.close_all()
        self._write_indexes()
        return self.ledger.report(list(self.plan.ids), wait_ran_out=wait_ran_out)

    def _sweep(self) -> None:
        """Remove temporary files of ended runs. A failure is a warning: the next run tries again.

        A storage that could not be read is skipped: its projects fail with its own error, and a warning about
        temporary files would come before that error and hide the cause.
        """
        sweep_spools()
        inventories = self.seen.by_location
        parked = {place: parked_files(inventory) for place, inventory in inventories.items()}
        unreadable = {place for place, inventory in inventories.items() if inventory.problem is not None}
        for place, storage in self.storages.by_location.items():
            if place in unreadable:
                continue
            try:
                storage.sweep()
                if (partials := storage.partials()) is not None:
                    partials.clear_old(self.run.settings.download.partial_age, self.run.now().timestamp())
                for path in parked.get(place, ()):
                    if not self.owners[place].is_named(path):
                        storage.remove(path)
            except MhsyncError as error:
                self.run.observer(Warned(f"files of ended runs could not be removed: {error.message}"))

    def _write_indexes(self) -> None:
        """Write what the next plan needs of the receipts; a long one not after a request to stop."""
        if self.run.indexes is not None:
            most = self.run.settings.run.index_rows_when_stopped if self.run.stop() else None
            self.run.indexes.write(rows_max=most)

    def _go_on(self) -> bool:
        """Whether new work may begin: not when asked to stop, once the key was refused, or past the deadline."""
        if self.run.stop() or self.ledger.halted is not None:
            return False
        if self.run.clock() - self.begun > self.run.settings.run.deadline:
            self.ledger.halt(Problem("deadline", "the run's time was up before this was tried"))
            return False
        return True

    def _storage(self, id: str) -> Storage:
        """The primary storage of a project."""
        return self.storages.of(self.files[id])

    def _held(self, id: str) -> HeldStorages | None:
        """All storages of a project; None where there is only one."""
        file = self.files[id]
        copies = self.seen.copies.get(file.file)
        if copies is None:
            return None
        places = self.storages.places(file)
        return HeldStorages(
            self.storages.all_of(file),
            [self.owners[place] for place in places],
            copies.inventories,
            [place.storage for place in file.places],
            file.required_copies,
        )

    def _end_noted_deletes(self) -> None:
        """Found gone with `deleting` in the receipt: it was our DELETE, and is recorded so.

        A 404 may also be the answer to another account's key. It counts only where another answer of this run was
        200; elsewhere the receipt keeps its `deleting`, and the next run asks again.
        """
        if not sees_account(self.details):
            return
        for project in self.plan.judged:
            if not isinstance(self.details.get(project.id), Gone):
                continue
            file = self.files[project.id]
            for number, storage in enumerate(self.storages.all_of(file)):
                receipt = self.seen.inventory(file.file, number).receipt(project.id)
                if receipt is not None and receipt.deletion is Deletion.DELETING:
                    try:
                        end_deleting(self.run, storage, project.id)
                    except MhsyncError as error:
                        self.run.observer(Warned(f"{project.id}: {error.message}"))

    def _repair(self) -> None:
        """Copy what a storage lacks from another one, before anything else is done."""
        self._warn_of_empty_storages()
        wanted = (p for p in self.plan.judged if Action.REPAIR in p.actions)
        for project, error in self._each(wanted, self._repair_one, self.run.settings.run.transfers):
            self.ledger.note(project.id, Action.REPAIR, error)

    def _warn_of_empty_storages(self) -> None:
        """A storage without receipts may be new, or lost, or a mount point without its disk."""
        warned: set[str] = set()
        for file in self.manifest.files:
            copies = self.seen.copies.get(file.file)
            places = file.places if copies is not None and copies.repairs else ()
            for place, inventory in zip(places, copies.inventories if copies is not None else (), strict=False):
                if inventory.problem is None and not inventory.receipts and inventory.location not in warned:
                    warned.add(inventory.location)
                    text = f"the storage {place.storage} is empty, and is filled from the others"
                    self.run.observer(Warned(f"{text}; if that is not expected, check that its disk is mounted"))

    def _repair_one(self, plan: ProjectPlan) -> None:
        held, copies = self._held(plan.id), self.seen.copies.get(self.files[plan.id].file)
        assert held is not None and copies is not None, "only projects with several storages are repaired"
        repair(self.run, held, plan, copies.repairs[plan.id], self.ledger.remark)

    def _make_room(self) -> None:
        """Move files of projects that are downloaded again away from paths that other projects need."""
        by_place: dict[str, list[tuple[Inventory, ProjectPlan]]] = {}
        for project in self.plan.judged:
            file = self.files[project.id]
            for number, place in enumerate(self.storages.places(file)):
                by_place.setdefault(place, []).append((self.seen.inventory(file.file, number), project))
        for place, judged in by_place.items():
            if paths := in_the_way(judged):
                if not self._go_on():
                    return
                storage = self.storages.by_location[place]
                make_room(self.run, storage, self.owners[place], paths, self.ledger.remark)

    def _move(self, projects: Iterable[ProjectPlan]) -> None:
        """Move the outputs in every storage. The first storage that fails decides what is reported."""
        moving = [p for p in projects if Action.MOVE in p.actions and self.ledger.is_open(p.id)]
        errors: dict[str, MhsyncError | None] = {}
        for number in range(max((len(self.storages.places(self.files[p.id])) for p in moving), default=0)):
            by_place: dict[str, list[ProjectPlan]] = {}
            for project in moving:
                places = self.storages.places(self.files[project.id])
                if number < len(places) and errors.get(project.id) is None:
                    by_place.setdefault(places[number], []).append(project)
            for place, here in by_place.items():
                if self._go_on():
                    storage, owners = self.storages.by_location[place], self.owners[place]
                    plans = here if number == 0 else in_order_of(self.run, storage, here)
                    errors |= move_all(self.run, storage, owners, plans, self.ledger.remark)
        for id_, error in errors.items():
            self.ledger.note(id_, Action.MOVE, error)

    def _download(self, projects: Iterable[ProjectPlan]) -> None:
        wanted = (p for p in projects if Action.DOWNLOAD in p.actions and self.ledger.is_open(p.id))
        for project, error in self._each(
            wanted, self._download_one, self.run.settings.run.transfers, first=_FIRST_DOWNLOADS
        ):
            self.ledger.note(project.id, Action.DOWNLOAD, error)

    def _download_one(self, plan: ProjectPlan) -> None:
        live = self.details[plan.id]
        assert isinstance(live, Live), "only live projects are planned for download"
        owners = self.owners[self.storages.location(self.files[plan.id])]
        receipt = download(self.run, self._storage(plan.id), owners, plan, live.project, self.ledger.remark)
        if (held := self._held(plan.id)) is not None:
            repair(self.run, held, plan, held.all_others, self.ledger.remark)
        self.ledger.stored(plan.id, receipt)

    def _wait(self) -> bool:
        """Poll what renders, and download it as it completes; whether some still rendered when time was up."""
        if self.options.wait is None or not self._go_on():
            return False
        waiting = [p for p in self.plan.judged if self.ledger.is_waiting(p) and self._is_worth_waiting_for(p)]
        try:
            return wait_for_renders(self.run, waiting, self.options.wait, self._take_up, self._go_on)
        except AuthenticationFailed as error:
            self.ledger.halt(error.problem)
            return False

    def _is_worth_waiting_for(self, plan: ProjectPlan) -> bool:
        """Not where all that could come of it is a delete, and deletes are left out."""
        return not (self.options.no_deletes and plan.desired is State.DELETED)

    def _take_up(self, found: DetailsById) -> None:
        """Plan what has ended rendering with the rest of the manifest, and do its downloads."""
        self.details |= found
        seen = replace(self.seen, details=self.details)
        whole = self._without_other_deletes(make_plan(self.run, self.manifest, seen, self.options))
        try:
            self.run.hooks.review_plan(whole)
        except PlanRefused as error:
            # Things were changed already, so this is no refusal of the run: it ends here.
            self.ledger.halt(error.problem)
            return
        ended = [project for project in whole.judged if project.id in found]
        self.ledger.begin(ended)
        self._replace_plans(ended)
        self._download(ended)

    def _without_other_deletes(self, plan: Plan) -> Plan:
        """The plan without deletes that were not counted and confirmed before the run.

        Retention may judge a project otherwise than before its render ended, if its creation time has changed.
        """
        expected = {project.id for project in self.decision.deletes}
        return plan.without_deletes(keep=expected)

    def _replace_plans(self, ended: list[ProjectPlan]) -> None:
        self.plan = self.plan.replaced({project.id: project for project in ended})

    def _delete(self) -> None:
        if not self._go_on():
            return
        self._keep_what_is_not_listed()
        wanted = (p for p in self.plan.judged if Action.DELETE in p.actions and self.ledger.is_open(p.id))
        # Deletes send requests to the API only, which gets at most `checkers` connections.
        workers = min(self.run.settings.run.transfers, self.run.settings.run.checkers)
        for project, error in self._each(wanted, self._delete_one, workers):
            self.ledger.note(project.id, Action.DELETE, error)

    def _keep_what_is_not_listed(self) -> None:
        """Before the first delete: fail each archived project whose copy a fresh listing does not show."""
        by_place: dict[str, list[ProjectPlan]] = {}
        for plan in self.plan.judged:
            if Action.DELETE in plan.actions and plan.desired is State.ARCHIVED and self.ledger.is_open(plan.id):
                for place in self.storages.places(self.files[plan.id]):
                    by_place.setdefault(place, []).append(plan)
        found: dict[str, list[MhsyncError]] = {}
        for place, plans in by_place.items():
            reasons: Mapping[str, MhsyncError]
            try:
                reasons = unlisted(self.storages.by_location[place], plans)
            except MhsyncError as error:
                reasons = dict.fromkeys((plan.id for plan in plans), error)
            for id_, reason in reasons.items():
                found.setdefault(id_, []).append(reason)
        for id_, problems in found.items():
            file = self.files[id_]
            if len(file.places) - len(problems) < file.required_copies:
                self.ledger.note(id_, Action.DELETE, problems[0])

    def _delete_one(self, plan: ProjectPlan) -> None:
        # A DELETE answered 404 counts as done: only of a project that this run's key has seen.
        assert isinstance(self.details.get(plan.id), Live), "only projects that the API showed are deleted"
        file = self.files[plan.id]
        was_there = delete(
            self.run,
            dict(zip((place.storage for place in file.places), self.storages.all_of(file), strict=True)),
            plan,
            required=file.required_copies,
            audio_only=file.policy.audio_only,
        )
        if not was_there:
            self.ledger.remark(plan.id, "it had already been deleted")

    def _each(
        self,
        projects: Iterable[ProjectPlan],
        work: Callable[[ProjectPlan], None],
        workers: int,
        *,
        first: int | None = None,
    ) -> Iterable[tuple[ProjectPlan, MhsyncError | None]]:
        def work_on(plan: ProjectPlan) -> MhsyncError | None:
            return attempt(plan.id, lambda: work(plan))

        return map_unordered(projects, work_on, workers=workers, go_on=self._go_on, first=first)
