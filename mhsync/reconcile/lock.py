"""lock: write the lock file of each manifest, and refuse what differs from it. Sends no request to the API."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from mhsync.api.client import api_origin
from mhsync.core.lock_file import FORMAT, LockedOutput, LockInvalidError, difference, lock_bytes, read_lock
from mhsync.core.manifest import Manifest, ManifestFile
from mhsync.dataclass import dataclass
from mhsync.errors import LockMismatch, Problem, UsageError
from mhsync.fileio.atomic import replace_own_file
from mhsync.hooks.manager import Hooks
from mhsync.reconcile.context import InventoryContext, Stop
from mhsync.reconcile.copy_project import CopyContext
from mhsync.reconcile.storages import opened
from mhsync.reconcile.stored_files import StoredProject, stored_projects
from mhsync.settings import Settings

SUFFIX = ".lock.json"
_STDIN = "-"


@dataclass(frozen=True, slots=True)
class WrittenLock:
    """The lock file of one manifest. `path` is that of the lock file."""

    path: str
    outputs: int
    not_stored: tuple[str, ...]
    """The projects that are not stored yet: the lock file does not have them."""


def lock_path(file: ManifestFile) -> Path:
    """Where the lock file of a manifest is: next to it, as `NAME.lock.json`.

    Raises:
        UsageError: the manifest was read from standard input.
    """
    if file.file == _STDIN:
        raise UsageError("a manifest on standard input has no lock file", hint="give the path of the manifest")
    return Path(file.file).with_suffix(SUFFIX)


def write_locks(
    manifest: Manifest,
    *,
    api: str | None = None,
    hooks: Hooks | None = None,
    settings: Settings = Settings(),  # noqa: B008 - frozen
    stop: Stop | None = None,
) -> tuple[WrittenLock, ...]:
    """Write a lock file for each manifest: id, path, size and sha256 of every stored output, by the receipts.

    Args:
        api: the origin of the API whose receipts count; None means that of `MHSYNC_API_URL`, or the default.
        hooks: the plugins; None loads all installed ones.
        settings: bounds.
        stop: the request to stop.

    Raises:
        LockMismatch: a stored project cannot be read, or is damaged; no lock file was written.
        UsageError: two manifests have one lock file, or it cannot be written.
        StorageUnavailable: a storage cannot be opened.
        PluginError: a plugin is broken.
    """
    hooks = Hooks.load() if hooks is None else hooks
    hooks.require_loaded()
    paths = {file.file: lock_path(file) for file in manifest.files}
    if len({path.absolute() for path in paths.values()}) < len(paths):
        raise UsageError("two manifests have the same lock file", hint="give them different names")
    origin = api_origin() if api is None else api
    run = CopyContext(origin, settings, Stop() if stop is None else stop)
    with opened(hooks, manifest) as storages:
        projects = stored_projects(run, manifest, storages)
    problems = [p.problem for p in projects if p.problem is not None and not p.is_absent]
    if problems:
        raise LockMismatch(problems)
    return tuple(_write(paths[file.file], [p for p in projects if p.file is file]) for file in manifest.files)


def _write(path: Path, projects: list[StoredProject]) -> WrittenLock:
    outputs = [LockedOutput.of(file) for project in projects for file in project.files]
    data = lock_bytes(outputs)
    if not path.exists() or path.read_bytes() != data:
        replace_own_file(path, data, _is_lock)
    absent = tuple(project.entry.id for project in projects if project.is_absent)
    return WrittenLock(str(path), len(outputs), absent)


def _is_lock(start: bytes) -> bool:
    return f'"format": "{FORMAT}"'.encode() in start


def require_locked(projects: Iterable[StoredProject]) -> None:
    """Refuse stored projects that differ from the lock files of their manifests.

    A project that is not stored is not refused here.

    Raises:
        LockMismatch: a project differs, or the lock file does not have it; `problems` lists each.
        UsageError: a lock file is missing or invalid.
    """
    locks: dict[str, dict[str, frozenset[LockedOutput]]] = {}
    problems: list[Problem] = []
    for project in projects:
        name = project.file.file
        if name not in locks:
            locks[name] = _read(lock_path(project.file))
        text = difference(locks[name], project.entry.id, project.files) if project.files else None
        if text is not None:
            hint = "find out what changed; if it was meant, run `mhsync lock` and commit the lock file"
            problems.append(Problem("lock_mismatch", text, hint, project.entry.position, project.entry.id))
    if problems:
        raise LockMismatch(problems)


def check_locked(
    run: InventoryContext, hooks: Hooks, manifest: Manifest, only: frozenset[str] = frozenset()
) -> None:
    """Open the storages of a manifest, and refuse what differs from its lock files; see `require_locked`.

    Args:
        only: the ids to look at; empty means all.
    """
    hooks.require_loaded()
    with opened(hooks, manifest) as storages:
        require_locked(stored_projects(run, manifest, storages, only))


def _read(path: Path) -> dict[str, frozenset[LockedOutput]]:
    try:
        return read_lock(path.read_bytes())
    except OSError:
        raise UsageError(f"there is no lock file {path}", hint="write it with `mhsync lock`") from None
    except LockInvalidError as error:
        raise UsageError(f"{path} {error}", hint="restore it from git, or write it with `mhsync lock`") from None
