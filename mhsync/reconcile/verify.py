"""verify: read every stored output back against its receipt. Asks nothing of the API.

An output whose bytes do not match its receipt is marked as suspect in the receipt, so that the next plan
downloads it again. Once a sample was read, the time of each check is kept too. Nothing else is written.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import field
from datetime import UTC, datetime
from functools import partial

from mhsync.core.checks import checks_bytes, read_checks, sampled
from mhsync.core.layout import CHECKS, PRIVATE
from mhsync.core.manifest import Limit, Manifest, ManifestFile, State
from mhsync.core.receipt import Receipt, StoredOutput
from mhsync.core.verification import Finding, Verification, VerifiedFile
from mhsync.dataclass import dataclass
from mhsync.errors import Interrupted, MhsyncError, ReceiptInvalid, StorageNotFound
from mhsync.hooks.manager import Hooks
from mhsync.reconcile.checksum import read_back
from mhsync.reconcile.context import Stop, attempt
from mhsync.reconcile.discover import discover
from mhsync.reconcile.ownership import named_paths, paths_by_api
from mhsync.reconcile.parallel import map_unordered
from mhsync.reconcile.storages import Storages, opened
from mhsync.settings import Settings
from mhsync.storage.base import Storage
from mhsync.storage.receipts import read_receipt, receipt_path, update_receipt

log = logging.getLogger(__name__)


def verify(
    hooks: Hooks,
    manifest: Manifest,
    *,
    settings: Settings,
    stop: Stop,
    only: frozenset[str] = frozenset(),
    sample: Limit | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Verification:
    """Read back what the manifest's projects have stored, and look for files that no receipt names.

    Args:
        hooks: where storages come from.
        manifest: whose projects to look at.
        settings: bounds.
        stop: asked before each file.
        only: the ids to look at; unknown files are then left out. Empty means all.
        sample: read only this number of the projects, or this percentage, rounded up: those whose last check
            is the oldest. Unknown files are then left out. None reads all.
        now: the time of this check, which the storage keeps for the next sample.

    Raises:
        StorageUnavailable: a storage cannot be opened.
        StorageError: a storage cannot be listed.
        PluginError: a plugin is broken.
    """
    hooks.require_loaded()
    with opened(hooks, manifest) as storages:
        manifest = discover(manifest, storages, settings=settings, stop=stop, only=only, rules_only=True).manifest
        verifier = _Verifier(settings, stop, storages)
        files: list[VerifiedFile] = []
        not_stored: list[str] = []
        wanted = [(file, e) for file, e in manifest if not only or e.id in only]
        # What is left of an acknowledged loss is no finding.
        by_id = {entry.id: (file, entry) for file, entry in wanted if entry.state is not State.LOST}
        checks = _Checks(storages, settings)
        if sample is not None:
            chosen = sampled(by_id, checks.read(manifest.files), sample)
            by_id = {id_: one for id_, one in by_id.items() if id_ in chosen}
        found = dict(
            map_unordered(
                by_id,
                lambda id_: verifier.project(by_id[id_][0], id_),
                workers=settings.run.transfers,
                go_on=lambda: not stop(),
            )
        )
        for id_, (_, entry) in by_id.items():
            files += found.get(id_, ())
            if id_ in found and not found[id_] and entry.state is not State.DELETED:
                not_stored.append(id_)
        if not only and sample is None and not stop():
            files += verifier.unknown(manifest.files)
        kept_in = None if sample is not None else verifier.with_checks
        checks.write({id_: by_id[id_][0] for id_ in found}, now(), kept_in)
    return Verification(tuple(files), tuple(not_stored), is_interrupted=stop())


def _about_receipt(file: ManifestFile, id: str, finding: Finding, message: str) -> VerifiedFile:
    return VerifiedFile(finding, file.storage, receipt_path(id), id, None, message)


@dataclass(frozen=True, slots=True)
class _Checks:
    """The times of the last checks, kept in the first storage of each manifest."""

    storages: Storages
    settings: Settings

    def read(self, files: Iterable[ManifestFile]) -> dict[str, datetime]:
        checks: dict[str, datetime] = {}
        for location in {self.storages.location(file) for file in files}:
            try:
                checks |= self._read(self.storages.by_location[location])
            except MhsyncError as error:
                log.info("the times of the last checks were not read: %s", error.message)
        return checks

    def write(self, checked: Mapping[str, ManifestFile], now: datetime, kept_in: Container[str] | None) -> None:
        """Keep the time of this check. A failure is only logged: the next sample then reads the same projects.

        Args:
            checked: the projects that were read, each with its manifest file.
            kept_in: the locations of storages that keep such times already; None begins with it in all.
        """
        by_location: dict[str, dict[str, datetime]] = {}
        for id_, file in checked.items():
            by_location.setdefault(self.storages.location(file), {})[id_] = now
        for location, new in by_location.items():
            if kept_in is not None and location not in kept_in:
                continue
            storage = self.storages.by_location[location]
            try:
                data = checks_bytes({**self._read(storage), **new})
                with storage.write(CHECKS) as writer:
                    writer.write(data)
            except MhsyncError as error:
                log.warning("the time of this check was not kept: %s", error.message)

    def _read(self, storage: Storage) -> dict[str, datetime]:
        """The times by id; none where no sample was read before."""
        try:
            with storage.open(CHECKS) as reader:
                return read_checks(reader.read(self.settings.run.checks_max))
        except StorageNotFound:
            return {}


@dataclass(frozen=True, slots=True)
class _Verifier:
    settings: Settings
    stop: Stop
    storages: Storages
    named: dict[str, dict[str, frozenset[str]]] = field(default_factory=dict)
    """By location of a storage and by id: every path that a receipt names which was read already."""
    with_checks: set[str] = field(default_factory=set)
    """The locations of the storages that keep the times of checks, once they were listed."""

    def project(self, file: ManifestFile, id: str) -> tuple[VerifiedFile, ...]:
        """The findings in every storage of the file. A storage without the project is one, if another has it."""
        found: dict[str, tuple[VerifiedFile, ...]] = {}
        for place, location in zip(file.places, self.storages.places(file), strict=True):
            verified = attempt(id, partial(self._outputs, place, location, id))
            if isinstance(verified, Interrupted):
                return ()
            if isinstance(verified, MhsyncError):
                verified = (_about_receipt(place, id, Finding.UNREADABLE, verified.message),)
            found[place.storage] = verified
        if any(found.values()):
            for place in file.places:
                message = "this storage has no copy, and another one of the manifest has"
                found[place.storage] = found[place.storage] or (
                    _about_receipt(place, id, Finding.MISSING, message),
                )
        return tuple(one for findings in found.values() for one in findings)

    def _outputs(self, file: ManifestFile, location: str, id: str) -> tuple[VerifiedFile, ...]:
        storage = self.storages.by_location[location]
        receipt = read_receipt(storage, id, limit=self.settings.run.receipt_max)
        if receipt is None:
            return ()
        paths = frozenset().union(*paths_by_api(receipt).values())
        self.named.setdefault(location, {})[id] = paths
        verified = tuple(self._output(storage, file, id, output) for output in receipt.outputs)
        changed = frozenset(one.path for one in verified if one.finding is Finding.CHANGED)
        if changed:
            self._mark(storage, receipt, changed)
        return verified

    def unknown(self, files: Iterable[ManifestFile]) -> Iterator[VerifiedFile]:
        """The files of each storage that no receipt names, in order of their paths."""
        places = {
            location: place
            for file in files
            for place, location in zip(file.places, self.storages.places(file), strict=True)
        }
        for location, file in places.items():
            storage = self.storages.by_location[location]
            listed = {info.path: info.size for info in storage.list("")}
            if CHECKS in listed:
                self.with_checks.add(location)
            listed = {path: size for path, size in listed.items() if not path.startswith(PRIVATE)}
            named = self._named(storage, self.named.get(location, {}))
            for path in sorted(set(listed) - named):
                yield VerifiedFile(
                    Finding.UNKNOWN, file.storage, path, None, listed[path], "no receipt names this file"
                )

    def _named(self, storage: Storage, known: Mapping[str, frozenset[str]]) -> set[str]:
        """Every path that some receipt names; unreadable receipts were reported already."""
        named = set().union(*known.values())
        for _, paths in named_paths(storage, self.settings.run, without=known):
            if not isinstance(paths, ReceiptInvalid):
                named = named.union(*paths.values())
        return named

    def _output(self, storage: Storage, file: ManifestFile, id: str, output: StoredOutput) -> VerifiedFile:
        def result(finding: Finding, message: str = "") -> VerifiedFile:
            return VerifiedFile(finding, file.storage, output.path, id, output.size, message)

        chunk = self.settings.download.chunk
        try:
            found = read_back(storage, output.path, chunk=chunk, stop=self.stop)
        except Interrupted:
            raise
        except MhsyncError as error:
            return result(Finding.UNREADABLE, error.message)
        if found is None:
            return result(Finding.MISSING, "the file is missing; its receipt names it")
        if found.size != output.size:
            return result(Finding.CHANGED, f"it has {found.size} bytes; its receipt has {output.size}")
        if not found.is_of(output):
            return result(Finding.CHANGED, "its bytes do not match its receipt")
        return result(Finding.OK)

    def _mark(self, storage: Storage, receipt: Receipt, paths: frozenset[str]) -> None:
        update_receipt(
            storage,
            receipt.id,
            receipt.api,
            lambda current: current.with_suspects(paths),
            limit=self.settings.run.receipt_max,
        )
