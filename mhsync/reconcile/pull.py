"""pull: bring stored outputs to a folder where they are used. Sends no request to the API, and needs no key.

First every file of the folder is examined: one whose version is in the index of the folder is not read. Then the
index names what is about to be written, the files are written, each as a whole, and the index gets their versions.
Only files that are still as an earlier pull wrote them are replaced or removed.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import field
from pathlib import Path

from mhsync.api.client import api_origin
from mhsync.api.transfer_events import TransferEnded
from mhsync.core.layout import PULLED, RECEIPTS
from mhsync.core.manifest import Manifest
from mhsync.core.pulled import (
    PulledFile,
    PulledProject,
    PulledRow,
    PullOutcome,
    PullReport,
    WantedFile,
    clashing,
    index_bytes,
    read_index,
)
from mhsync.core.template import path_key
from mhsync.dataclass import dataclass
from mhsync.errors import (
    CopyNotProved,
    Interrupted,
    LockTimeout,
    MhsyncError,
    PathOccupied,
    Problem,
    StorageNotFound,
    UsageError,
)
from mhsync.hooks.manager import Hooks
from mhsync.reconcile.checksum import read_back
from mhsync.reconcile.context import Stop, attempt
from mhsync.reconcile.copy_project import CopyContext
from mhsync.reconcile.lock import require_locked
from mhsync.reconcile.parallel import map_unordered
from mhsync.reconcile.progress import Observer, StorageLocked, ignore_progress
from mhsync.reconcile.storages import Storages, opened
from mhsync.reconcile.stored_files import StoredProject, stored_projects
from mhsync.settings import Settings
from mhsync.storage.base import Storage
from mhsync.storage.local import LocalStorage

_PART = 16
"""Files that a thread examines before it takes the next ones."""


@dataclass(frozen=True, slots=True)
class PullOptions:
    """What a pull does."""

    only: frozenset[str] = frozenset()
    """The ids to bring; empty means all."""
    link: bool = False
    """Make hard links where the storage is on the same file system. To change such a file changes the storage."""
    prune: bool = False
    """Remove files that an earlier pull wrote and that the manifests no longer want. Not with `only`."""
    locked: bool = False
    """Refuse stored outputs that differ from the lock files of the manifests."""


def pull(
    manifest: Manifest,
    to: str | Path,
    options: PullOptions = PullOptions(),  # noqa: B008 - frozen
    *,
    api: str | None = None,
    hooks: Hooks | None = None,
    settings: Settings = Settings(),  # noqa: B008 - frozen
    stop: Stop | None = None,
    observer: Observer = ignore_progress,
    clock: Callable[[], float] = time.monotonic,
) -> PullReport:
    """Bring the stored outputs of the manifest's projects to a folder, by the paths of the manifest.

    Args:
        to: the folder; it is made. It is not a storage of mhsync, is not inside one and contains none.
        api: the origin of the API whose receipts count; None means that of `MHSYNC_API_URL`, or the default.
        hooks: the plugins; None loads all installed ones.
        settings: bounds.
        stop: the request to stop.
        observer: called with each progress event.
        clock: a monotonic clock in seconds, for the wait for the lock.

    Raises:
        UsageError: the folder is a storage, is inside one or contains one; or `prune` and `only` are both given.
        LockMismatch: with `locked`, what is stored differs from a lock file; nothing was written.
        LockTimeout: another pull writes to the folder.
        StorageUnavailable: a storage cannot be opened.
        StorageError: the folder cannot be written.
        PluginError: a plugin is broken.
    """
    if options.prune and options.only:
        raise UsageError("--prune cannot be used with --only", hint="prune with all projects of the manifests")
    hooks = Hooks.load() if hooks is None else hooks
    hooks.require_loaded()
    stop = Stop() if stop is None else stop
    run = CopyContext(api_origin() if api is None else api, settings, stop, observer)
    target = LocalStorage(to)
    with opened(hooks, manifest) as storages:
        _refuse_storage(target, storages)
        projects = stored_projects(run, manifest, storages, options.only)
        if options.locked:
            require_locked(projects)
        folder = Storages({str(target.folder): target}, {})
        try:
            with folder.locked(settings.run.lock_timeout, lambda h: observer(StorageLocked(h)), stop, clock):
                return _Pull(run, options, manifest, storages, target, os.fspath(to)).go(projects)
        except LockTimeout as error:
            raise LockTimeout(error.message.replace("the storage", "the folder", 1), hint=error.hint) from None


def _refuse_storage(target: LocalStorage, storages: Storages) -> None:
    """Refuse a folder that is a storage, is inside a storage of the manifest, or contains one."""
    real = os.path.realpath(target.folder)
    if real in storages.by_location or (target.folder / RECEIPTS).is_dir():
        raise _needs_own_folder(f"{target.folder} is a storage of mhsync")
    for place, storage in storages.by_location.items():
        if not storage.is_local:
            continue
        common = os.path.commonpath((real, place))
        if common == place:
            raise _needs_own_folder(f"{target.folder} is inside the storage {place}")
        if common == real:
            raise _needs_own_folder(f"{target.folder} contains the storage {place}")


def _needs_own_folder(problem: str) -> UsageError:
    return UsageError(f"{problem}, and a pull needs a folder of its own", hint="name another folder with --to")


@dataclass(slots=True)
class _Pull:
    run: CopyContext
    options: PullOptions
    manifest: Manifest
    storages: Storages
    target: LocalStorage
    to: str
    index: dict[str, tuple[PulledRow, ...]] = field(default_factory=dict)
    """As it was read, by path."""
    results: dict[str, PulledFile | MhsyncError] = field(default_factory=dict)
    """By path."""
    rows: dict[str, PulledRow] = field(default_factory=dict)
    """By path what the index is to have in place of its rows."""

    def go(self, projects: list[StoredProject]) -> PullReport:
        self.target.sweep()
        self.index = self._read_index()
        clashes = clashing(file for project in projects for file in project.files)
        usable = [project for project in projects if project.entry.id not in clashes]
        sources = {file.path: self.storages.of(p.file) for p in usable for file in p.files}
        files = [file for project in usable for file in project.files]
        to_fetch = [file for file in self._examine(files) if not self.run.stop()]
        if to_fetch:
            self._write_index(intended=to_fetch)
            self._fetch(to_fetch, sources)
        pruned, kept = self._prune(projects) if self.options.prune and not self.run.stop() else ((), ())
        self._write_index(removed=pruned)
        results = tuple(self._result(project, clashes.get(project.entry.id)) for project in projects)
        return PullReport(self.to, results, tuple(pruned), tuple(kept), is_interrupted=self.run.stop())

    def _examine(self, files: list[WantedFile]) -> Iterator[WantedFile]:
        """The files that are to be written; the others are in `results`."""
        parts = [tuple(files[start : start + _PART]) for start in range(0, len(files), _PART)]

        def examine(part: tuple[WantedFile, ...]) -> list[bool | MhsyncError]:
            return [attempt(file.id, lambda file=file: self._is_there(file)) for file in part]  # type: ignore[misc]

        workers = self.run.settings.run.transfers
        for part, found in map_unordered(parts, examine, workers=workers, go_on=lambda: not self.run.stop()):
            for file, one in zip(part, found, strict=True):
                if isinstance(one, MhsyncError):
                    self.results[file.path] = one
                elif one:
                    self.results[file.path] = _pulled(file, PullOutcome.UNCHANGED)
                else:
                    yield file

    def _is_there(self, file: WantedFile) -> bool:
        """Whether the folder has the file.

        Raises:
            PathOccupied: a file with other bytes, which no pull wrote, is at its path: a version or a SHA-256 of
                the index proves that a pull wrote the file as it is now.
        """
        info = self.target.stat(file.path)
        if info is None:
            return False
        rows = self.index.get(file.path, ())
        same = [row for row in rows if (row.size, row.sha256) == (file.size, file.sha256)]
        if info.version is not None and info.version in [row.version for row in same]:
            return True
        written = [row for row in rows if row.is_written]
        if info.version is not None and info.version in [row.version for row in written]:
            return False
        found = self._read(self.target, file.path)
        if found is None:
            return False
        if (found.size, found.sha256) == (file.size, file.sha256):
            is_written = any(row.is_written for row in same)
            self.rows[file.path] = _row(file, info.version, is_written=is_written)
            return True
        if (found.size, found.sha256) not in [(row.size, row.sha256) for row in written]:
            raise _foreign(file, is_changed=bool(written))
        return False

    def _read(self, storage: Storage, path: str):  # type: ignore[no-untyped-def]
        return read_back(storage, path, chunk=self.run.settings.download.chunk, stop=self.run.stop)

    def _fetch(self, files: list[WantedFile], sources: dict[str, Storage]) -> None:
        def fetch(file: WantedFile) -> PullOutcome | MhsyncError:
            return attempt(file.id, lambda: self._fetch_one(file, sources[file.path]))

        workers = self.run.settings.run.transfers
        for file, one in map_unordered(files, fetch, workers=workers, go_on=lambda: not self.run.stop()):
            is_done = not isinstance(one, MhsyncError)
            self.run.observer(TransferEnded(file.id, file.path, file.size if is_done else None))
            self.results[file.path] = one if isinstance(one, MhsyncError) else _pulled(file, one)

    def _fetch_one(self, file: WantedFile, source: Storage) -> PullOutcome:
        if self.options.link and self._link(file, source):
            return PullOutcome.LINKED
        try:
            reader = source.open(file.source)
        except StorageNotFound:
            raise _damaged(file, "is missing") from None
        with reader, self.target.write(file.path) as writer:
            digest, size = hashlib.sha256(), 0
            while data := reader.read(self.run.settings.download.chunk):
                if self.run.stop():
                    raise Interrupted(f"interrupted while {file.path} was pulled", id=file.id)
                size += len(data)
                if size > file.size:
                    break
                digest.update(data)
                writer.write(data)
            if (size, digest.hexdigest()) != (file.size, file.sha256):
                raise _damaged(file, "does not match its receipt")
        self.rows[file.path] = _row(file, writer.version, is_written=True)
        return PullOutcome.PULLED

    def _link(self, file: WantedFile, source: Storage) -> bool:
        """Make a hard link to the file in the storage; whether that is possible."""
        local = source.local_file(file.source)
        if local is None:
            return False
        found = self._read(source, file.source)
        if found is None or (found.size, found.sha256) != (file.size, file.sha256):
            raise _damaged(file, "does not match its receipt")
        with suppress(OSError):
            self.target.link(local, file.path)
            info = self.target.stat(file.path)
            self.rows[file.path] = _row(file, None if info is None else info.version, is_written=True)
            return True
        return False

    def _prune(self, projects: list[StoredProject]) -> tuple[list[str], list[str]]:
        """Remove what earlier pulls wrote and no project needs; what was changed since is kept.

        Files of projects that are listed, and whose wanted paths are not known now, are kept.
        """
        wanted = {path_key(file.path) for project in projects for file in project.files}
        unknown = {project.entry.id for project in projects if project.problem is not None}
        pruned: list[str] = []
        kept: list[str] = []
        for path, rows in sorted(self.index.items()):
            written = [row for row in rows if row.is_written]
            if not written or path_key(path) in wanted or unknown & {row.id for row in rows}:
                continue
            info = self.target.stat(path)
            if info is not None and info.version not in [row.version for row in written if row.version]:
                found = self._read(self.target, path)
                if found is not None and (found.size, found.sha256) not in [(r.size, r.sha256) for r in written]:
                    kept.append(path)
                    continue
            if info is not None:
                self.target.remove(path)
            pruned.append(path)
        return pruned, kept

    def _read_index(self) -> dict[str, tuple[PulledRow, ...]]:
        try:
            with self.target.open(PULLED) as reader:
                return read_index(reader.read())
        except StorageNotFound:
            return {}

    def _write_index(self, intended: Iterable[WantedFile] = (), removed: Collection[str] = ()) -> None:
        """Write the index, unless it is as it was.

        Args:
            intended: files that are about to be written: they are named before they are visible.
            removed: paths that have no row any more.
        """
        rows = {path: found for path, found in self.index.items() if path not in removed}
        rows.update((path, (row,)) for path, row in self.rows.items())
        for file in intended:
            rows[file.path] = (*rows.get(file.path, ()), _row(file, None, is_written=True))
        if rows != self.index:
            data = index_bytes(row for found in rows.values() for row in dict.fromkeys(found))
            with self.target.write(PULLED) as writer:
                writer.write(data)
            self.index = rows

    def _result(self, project: StoredProject, clash: str | None) -> PulledProject:
        id_ = project.entry.id
        if project.problem is not None:
            outcome = PullOutcome.MISSING if project.is_missing else PullOutcome.FAILED
            return PulledProject(id_, outcome, error=project.problem)
        if clash is not None:
            problem = Problem(
                "path_clash",
                f"its path {clash} conflicts with a path of another project",
                "add {id} to the path of one of them in the manifest",
                id=id_,
            )
            return PulledProject(id_, PullOutcome.FAILED, error=problem)
        found = [self.results.get(file.path) for file in project.files]
        outputs = tuple(
            one if isinstance(one, PulledFile) else _pulled(file, _outcome_of(one))
            for file, one in zip(project.files, found, strict=True)
        )
        outcomes = {output.outcome for output in outputs}
        error = next((one.problem for one in found if isinstance(one, MhsyncError)), None)
        if PullOutcome.FAILED in outcomes:
            return PulledProject(id_, PullOutcome.FAILED, outputs, error)
        if PullOutcome.NOT_ATTEMPTED in outcomes:
            error = error or Problem("interrupted", "interrupted before this was tried", id=id_)
            return PulledProject(id_, PullOutcome.NOT_ATTEMPTED, outputs, error)
        is_unchanged = outcomes == {PullOutcome.UNCHANGED}
        return PulledProject(id_, PullOutcome.UNCHANGED if is_unchanged else PullOutcome.PULLED, outputs)


def _outcome_of(result: MhsyncError | None) -> PullOutcome:
    is_stopped = result is None or isinstance(result, Interrupted)
    return PullOutcome.NOT_ATTEMPTED if is_stopped else PullOutcome.FAILED


def _pulled(file: WantedFile, outcome: PullOutcome) -> PulledFile:
    return PulledFile(file.path, file.size, file.sha256, outcome)


def _row(file: WantedFile, version: str | None, *, is_written: bool) -> PulledRow:
    return PulledRow(file.path, file.id, file.size, file.sha256, version, is_written)


def _foreign(file: WantedFile, *, is_changed: bool) -> PathOccupied:
    """The problem of a file that is not replaced: only what is as a pull wrote it is replaced."""
    if is_changed:
        message, hint = f"{file.path} was changed since it was pulled", "move it away or remove it, and pull again"
    else:
        message = f"a file that no pull wrote is at {file.path}, and its bytes differ"
        hint = "move it away, or give the project another path in the manifest"
    return PathOccupied(message, hint=hint, id=file.id)


def _damaged(file: WantedFile, what: str) -> CopyNotProved:
    return CopyNotProved(
        f"{file.source} {what} in the storage, so it was not pulled",
        hint="run `mhsync verify`, then `mhsync apply`, and pull again",
        id=file.id,
    )
