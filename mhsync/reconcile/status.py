"""status: what is desired, live and stored. Writes to no storage and sends no notification."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from mhsync.core.audio import HEAD
from mhsync.core.duration import duration_of
from mhsync.core.manifest import Manifest
from mhsync.core.status import ProjectStatus, StatusReport, duration_fact, project_status
from mhsync.errors import Interrupted, MhsyncError
from mhsync.reconcile.context import ApplyOptions, RunContext, attempt
from mhsync.reconcile.decide import make_plan
from mhsync.reconcile.discover import discover
from mhsync.reconcile.observe import Observation, observe
from mhsync.reconcile.parallel import collect
from mhsync.reconcile.storages import Storages, opened
from mhsync.storage.base import Storage


def status(run: RunContext, manifest: Manifest) -> StatusReport:
    """Observe the storages and the API as `plan` does, and list every project.

    Every receipt is read: a receipt index does not have all that is listed.

    The durations of files in local folders are read from the first bytes of the files, unless a plugin recorded
    them in the receipts. Files of other storages are not opened.

    Raises:
        AuthenticationFailed: the API refused the key.
        StorageUnavailable: a storage cannot be opened.
        PluginError: a plugin is broken.
        Interrupted: the run was asked to stop.
    """
    run.hooks.require_loaded()
    run = replace(run, uses_index=False)
    with opened(run.hooks, manifest) as storages:
        manifest = discover(
            manifest, storages, settings=run.settings, stop=run.stop, only=run.only, rules_only=True
        ).manifest
        observation = observe(run, manifest, storages)
        plan = make_plan(run, manifest, observation, ApplyOptions())
        durations = _durations(run, manifest, storages, observation)
    files = {entry.id: file for file, entry in manifest}
    projects: list[ProjectStatus] = []
    for planned in plan.projects:
        file = files[planned.id]
        inventory = observation.inventories[file.file]
        details = observation.details.get(planned.id)
        projects.append(project_status(file, planned, details, inventory, durations.get(planned.id, {})))
    return StatusReport(plan, run.now(), tuple(projects))


def _durations(
    run: RunContext, manifest: Manifest, storages: Storages, observation: Observation
) -> Mapping[str, Mapping[str, float | None]]:
    """By id and path: the durations in seconds of the outputs in local folders that no receipt states."""
    wanted: dict[tuple[str, str], tuple[Storage, int]] = {}
    for file, entry in manifest:
        inventory, storage = observation.inventories[file.file], storages.of(file)
        receipt = inventory.receipt(entry.id)
        if receipt is None or not storage.is_local:
            continue
        for output in receipt.outputs:
            if inventory.is_in_place(output) and duration_fact(output) is None:
                wanted[entry.id, output.path] = storage, output.size
    found = collect(
        wanted,
        lambda key: _read_duration(key[0], key[1], *wanted[key]),
        workers=run.settings.run.transfers,
        go_on=lambda: not run.stop(),
        progress=lambda _: None,
    )
    if run.stop():
        raise Interrupted("interrupted while stored files were read; nothing was changed")
    by_id: dict[str, dict[str, float | None]] = {}
    for (id_, path), seconds in found.items():
        by_id.setdefault(id_, {})[path] = seconds
    return by_id


def _read_duration(id: str, path: str, storage: Storage, size: int) -> float | None:
    """The duration that a file states; None if it states none or cannot be read."""

    def read() -> float | None:
        with storage.open(path) as reader:
            return duration_of(reader.read(HEAD), size)

    seconds = attempt(id, read)
    return None if isinstance(seconds, MhsyncError) else seconds
