"""discover: add the sighted projects that the manifests' rules choose. Reads sightings, and changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from mhsync.core.discovery import discovered_entry, is_discovered, unlisted_warning
from mhsync.core.layout import RECEIPTS
from mhsync.core.manifest import Discover, Manifest, ManifestFile
from mhsync.core.sighting import Sighting
from mhsync.dataclass import dataclass
from mhsync.errors import Interrupted, MhsyncError, Problem
from mhsync.reconcile.context import attempt
from mhsync.reconcile.parallel import collect
from mhsync.reconcile.storages import Storages
from mhsync.settings import Settings
from mhsync.storage.base import Storage
from mhsync.storage.receipts import id_of
from mhsync.storage.sightings import Sightings


@dataclass(frozen=True, slots=True)
class Discovery:
    """The manifests with the projects that they discover."""

    manifest: Manifest
    unlisted: frozenset[str]
    """The ids that were sighted, and that no file lists or has a rule for."""
    judged: frozenset[str] = frozenset()
    """The ids that a rule was applied to."""
    unreadable: tuple[Problem, ...] = ()
    """Sightings that a rule could not judge; their projects are not discovered."""

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What a plan reports about sightings."""
        return (*self.unreadable, *((unlisted_warning(len(self.unlisted)),) if self.unlisted else ()))

    def with_sighted(self, sighted: Iterable[str]) -> Discovery:
        """The same with sighted ids of storages that were listed for another reason."""
        others = frozenset(sighted) - self.manifest.ids - self.judged
        return replace(self, unlisted=self.unlisted | others)


def discover(
    manifest: Manifest,
    storages: Storages,
    *,
    settings: Settings,
    stop: Callable[[], bool],
    only: Collection[str] = (),
    rules_only: bool = False,
) -> Discovery:
    """The manifest with the sighted projects that its rules choose.

    A project that any of the files lists is not discovered. Where the rules of several files choose a project, the
    first file has it. Sightings are read only where a rule depends on them.

    Args:
        manifest: the files as they were loaded.
        storages: their open storages.
        settings: bounds.
        stop: whether the run was asked to stop.
        only: the ids to look at; empty means all.
        rules_only: whether to list only storages of files with a rule.

    Raises:
        StorageError: the storage of a file with a rule cannot be listed.
        Interrupted: the run was asked to stop.
    """
    sighted = _sighted_ids(manifest, storages, settings, rules_only=rules_only)
    taken = set(manifest.ids)
    judged: set[str] = set()
    files: list[ManifestFile] = []
    unreadable: list[Problem] = []
    for file in manifest.files:
        ids = sorted(
            id_ for id_ in sighted[storages.location(file)] if id_ not in taken and (not only or id_ in only)
        )
        if file.discover is None or not ids:
            files.append(file)
            continue
        judge = _Judge(file.discover, storages.of(file), settings, stop)
        chosen = judge.chosen(ids)
        unreadable += judge.unreadable
        taken.update(chosen)
        judged.update(ids)
        entries = (discovered_entry(file, file.discover, id_) for id_ in chosen)
        files.append(replace(file, entries=(*file.entries, *entries)))
    unlisted = frozenset() if only else frozenset().union(*sighted.values()) - taken - judged
    is_changed = len(taken) > len(manifest.ids)
    found = Manifest(tuple(files)) if is_changed else manifest
    return Discovery(found, unlisted, frozenset(judged), tuple(unreadable))


def read_sightings(
    storage: Storage, ids: Iterable[str], settings: Settings, stop: Callable[[], bool]
) -> Iterator[tuple[str, Sighting | MhsyncError]]:
    """The sightings of projects, in the order of the ids; those that are gone by now are left out.

    Raises:
        Interrupted: asked to stop before all were read.
    """
    sightings = Sightings(storage, limit=settings.inbox.sighting_max)
    ids = list(ids)
    found = collect(
        ids,
        lambda id_: attempt(id_, lambda: sightings.read(id_)),
        workers=settings.run.checkers,
        go_on=lambda: not stop(),
        progress=lambda _: None,
    )
    if stop():
        raise Interrupted("interrupted while sightings were read; nothing was changed")
    for id_ in ids:
        sighting = found.get(id_)
        if sighting is not None:
            yield id_, sighting


def _sighted_ids(
    manifest: Manifest, storages: Storages, settings: Settings, *, rules_only: bool
) -> Mapping[str, frozenset[str]]:
    """By location of a storage, the ids that were sighted there: from one listing each."""
    with_rule = {storages.location(file) for file in manifest.files if file.discover is not None}
    found: dict[str, frozenset[str]] = {}
    for file in manifest.files:
        location = storages.location(file)
        if location in found:
            continue
        if rules_only and location not in with_rule:
            found[location] = frozenset()
            continue
        sightings = Sightings(storages.of(file), limit=settings.inbox.sighting_max)
        try:
            found[location] = frozenset(sightings.ids())
        except MhsyncError:
            if location in with_rule:
                raise
            # The inventory fails for the same reason, and reports it for each project.
            found[location] = frozenset()
    return found


class _Judge:
    """Applies the rule of one file to sighted projects of its storage."""

    def __init__(self, rule: Discover, storage: Storage, settings: Settings, stop: Callable[[], bool]) -> None:
        self._rule = rule
        self._storage = storage
        self._settings = settings
        self._stop = stop
        self.unreadable: list[Problem] = []

    def chosen(self, ids: list[str]) -> list[str]:
        """The ids that the rule chooses, in their order."""
        known: frozenset[str] = frozenset()
        if not self._rule.depends_on_sightings:
            # A project that has a receipt was discovered before: only its end in an error could exclude it.
            known = frozenset(
                id_ for info in self._storage.list(RECEIPTS) if (id_ := id_of(info.path)) is not None
            )
        read = read_sightings(self._storage, (id_ for id_ in ids if id_ not in known), self._settings, self._stop)
        found = {id_ for id_, sighting in read if self._is_chosen(sighting)}
        return [id_ for id_ in ids if id_ in found or id_ in known]

    def _is_chosen(self, sighting: Sighting | MhsyncError) -> bool:
        if isinstance(sighting, Sighting):
            return is_discovered(self._rule, sighting)
        self.unreadable.append(sighting.problem)
        # Without conditions, the name of the file is enough.
        return not self._rule.depends_on_sightings
