"""seen: the sighted projects that no manifest lists; and the import of projects as sightings."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from mhsync.core.manifest import Manifest
from mhsync.core.named_projects import Details
from mhsync.core.seen import Seen, SeenProject
from mhsync.core.sighting import Sighting
from mhsync.errors import Interrupted, UsageError
from mhsync.hooks.manager import Hooks
from mhsync.reconcile.discover import read_sightings
from mhsync.reconcile.inbox import primary_storages
from mhsync.reconcile.parallel import collect
from mhsync.reconcile.storages import opened
from mhsync.settings import Settings
from mhsync.storage.sightings import Sightings

_NAMED = 5


def list_seen(hooks: Hooks, manifest: Manifest, *, settings: Settings, stop: Callable[[], bool]) -> Seen:
    """The projects that were sighted in the storages of a manifest and that it does not list.

    Writes nothing, and sends no request to the API.

    Raises:
        StorageUnavailable: a storage cannot be opened.
        StorageError: a storage cannot be listed.
        PluginError: a plugin is broken.
        Interrupted: the run was asked to stop.
    """
    hooks.require_loaded()
    listed = manifest.ids
    found: dict[str, Sighting | None] = {}
    with opened(hooks, manifest) as storages:
        for storage in primary_storages(manifest, storages):
            ids = (id_ for id_ in Sightings(storage, limit=settings.inbox.sighting_max).ids() if id_ not in listed)
            for id_, one in read_sightings(storage, ids, settings, stop):
                before = found.get(id_)
                if not isinstance(one, Sighting):
                    found.setdefault(id_, None)
                else:
                    found[id_] = one if before is None else before.merged(one)
    order = sorted(
        found.items(), key=lambda item: ("" if item[1] is None else item[1].first_seen.isoformat(), item[0])
    )
    return Seen(tuple(SeenProject(id_, sighting) for id_, sighting in order))


def import_sightings(
    hooks: Hooks,
    manifest: Manifest,
    projects: Iterable[Details],
    now: datetime,
    *,
    settings: Settings,
    stop: Callable[[], bool],
) -> tuple[str, ...]:
    """Record projects as sightings in the storages of a manifest, such as those from before the webhook.

    A project that was sighted already is left as it is.

    Args:
        hooks: where storages come from.
        manifest: whose storages get the sightings.
        projects: at least their ids.
        now: the time of the import.
        settings: bounds.
        stop: asked before each project.

    Returns:
        The ids that were not sighted before in all of the storages.

    Raises:
        UsageError: an id is invalid; nothing was recorded.
        StorageError: a storage failed; some projects may be recorded, and the import can be repeated.
        Interrupted: the run was asked to stop; as with a StorageError.
    """
    sightings = _sightings_of(projects, now)
    hooks.require_loaded()
    added: set[str] = set()
    with opened(hooks, manifest) as storages:
        for storage in primary_storages(manifest, storages):
            kept = Sightings(storage, limit=settings.inbox.sighting_max)
            present = set(kept.ids())
            new = {id_: one for id_, one in sightings.items() if id_ not in present}
            collect(
                new,
                lambda id_, kept=kept, new=new: kept.record(new[id_]),  # type: ignore[misc]
                workers=settings.run.transfers,
                go_on=lambda: not stop(),
                progress=lambda _: None,
            )
            if stop():
                raise Interrupted("interrupted while projects were recorded; repeat the import")
            added.update(new)
    return tuple(id_ for id_ in sightings if id_ in added)


def _sightings_of(projects: Iterable[Details], now: datetime) -> dict[str, Sighting]:
    """By id, in the order of the projects."""
    found: dict[str, Sighting] = {}
    invalid: list[str] = []
    for details in projects:
        try:
            one = Sighting.of_import(details, now)
        except ValueError:
            invalid.append(repr(details.get("id"))[:80])
            continue
        found[one.id] = one if one.id not in found else found[one.id].merged(one)
    if invalid:
        shown = ", ".join(invalid[:_NAMED]) + (
            f" and {len(invalid) - _NAMED:,} more" if len(invalid) > _NAMED else ""
        )
        raise UsageError(
            f"invalid project ids: {shown}; nothing was recorded",
            hint="ids are 1 to 128 letters, digits, '-' and '_'; for a log, pass --pattern",
        )
    return found
