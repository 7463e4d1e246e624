"""The storages of a manifest, each opened once however many files share it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import field
from types import MappingProxyType

from mhsync.core.manifest import Manifest, ManifestFile
from mhsync.dataclass import dataclass
from mhsync.errors import Interrupted, Locked, LockTimeout, ManifestError, MhsyncError
from mhsync.hooks.manager import Hooks
from mhsync.hooks.schemes import shown_url
from mhsync.loader.storage_sharing import sharing_problems, storage_locations
from mhsync.storage.base import Storage

log = logging.getLogger(__name__)

_PAUSE, _PAUSE_MAX = 0.1, 1.0
"""Seconds between two tries of a lock that another run holds: the first pause, and the longest."""
_UNNAMED_TRIES = 10
"""A lock file names its holder a moment after the lock was taken: number of tries before that is reported."""


@dataclass(frozen=True, slots=True)
class Storages:
    """The open storages of a manifest."""

    by_location: Mapping[str, Storage]
    locations: Mapping[str, str]
    """By `ManifestFile.file`: the location of its primary storage, computed once."""
    copies: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """By `ManifestFile.file`: the locations of its other storages; only files with several storages are here."""

    def location(self, file: ManifestFile) -> str:
        """What is equal for two files that share a storage."""
        return self.locations[file.file]

    def of(self, file: ManifestFile) -> Storage:
        """The primary storage of a file."""
        return self.by_location[self.location(file)]

    def places(self, file: ManifestFile) -> tuple[str, ...]:
        """The locations of all storages of a file, the primary one first."""
        return (self.location(file), *self.copies.get(file.file, ()))

    def all_of(self, file: ManifestFile) -> tuple[Storage, ...]:
        """All storages of a file, the primary one first."""
        return tuple(self.by_location[place] for place in self.places(file))

    @contextmanager
    def locked(
        self,
        timeout: float,
        on_wait: Callable[[str], None],
        stop: Callable[[], bool],
        clock: Callable[[], float],
        sleep: Callable[[float], object] = time.sleep,
    ) -> Iterator[None]:
        """Hold all storages, in an order that two runs share, so that they do not wait for each other.

        Args:
            timeout: seconds to wait for other runs, for each storage.
            on_wait: called once for each storage that another run holds, with `held by HOLDER since TIME`.

        Raises:
            LockTimeout: another run still held one when `timeout` seconds were over.
            Interrupted: asked to stop while waiting.
        """
        with ExitStack() as stack:
            for place, storage in sorted(self.by_location.items()):
                wait = _LockWait(_name(place), timeout, on_wait, stop, clock, sleep)
                wait.enter(stack, storage)
            yield

    def local_files(self, manifest: Manifest) -> frozenset[str]:
        """The files whose outputs are in folders of this machine only."""
        return frozenset(f.file for f in manifest.files if all(one.is_local for one in self.all_of(f)))


@dataclass(slots=True)
class _LockWait:
    """The one place that waits for a lock: a storage tries once."""

    name: str
    timeout: float
    on_wait: Callable[[str], None]
    stop: Callable[[], bool]
    clock: Callable[[], float]
    sleep: Callable[[float], object]
    held: str | None = None
    """Who holds the lock, once that was reported."""

    def enter(self, stack: ExitStack, storage: Storage) -> None:
        """Take the lock for the lifetime of the stack."""
        until = self.clock() + self.timeout
        pause, unnamed = _PAUSE, 0
        while True:
            try:
                stack.enter_context(storage.lock())
            except Locked as error:
                locked = error
            else:
                return
            left = until - self.clock()
            if self.held is None and locked.holder is None and unnamed < _UNNAMED_TRIES:
                unnamed += 1
                left = max(left, _PAUSE)
            else:
                self._report(locked)
            if left <= 0:
                hint = f"wait for that run to end, or wait longer than {self.timeout:g} s with --lock-timeout"
                raise LockTimeout(f"the storage {self.name} is {self.held}", hint=hint)
            if self.stop():
                raise Interrupted("interrupted while another run held the storage; nothing was changed")
            self.sleep(min(pause, left))
            pause = min(pause * 1.5, _PAUSE_MAX)

    def _report(self, locked: Locked) -> None:
        """Report the holder once. A lock file that is empty while it is renewed does not replace its name."""
        if self.held is None:
            self.on_wait(locked.message)
        if self.held is None or locked.holder is not None:
            self.held = locked.message


@contextmanager
def opened(hooks: Hooks, manifest: Manifest) -> Iterator[Storages]:
    """Open the storage of each file; close them all in the end.

    Raises:
        StorageUnavailable: one cannot be opened.
        ManifestError: a storage is named twice in one file, or two files share only some of their storages.
    """
    with ExitStack() as stack:
        found: dict[str, Storage] = {}
        locations = storage_locations(manifest.files)
        if problems := sharing_problems(manifest.files, locations):
            raise ManifestError(problems)
        for file in manifest.files:
            for place, location in zip(file.places, locations[file.file], strict=True):
                if location not in found:
                    found[location] = hooks.open_storage(place)
                    stack.callback(_close, place.storage, found[location])
        yield Storages(
            MappingProxyType(found),
            MappingProxyType({name: places[0] for name, places in locations.items()}),
            MappingProxyType({name: tuple(places[1:]) for name, places in locations.items() if places[1:]}),
        )


def _close(name: str, storage: Storage) -> None:
    """Close a storage. A failure is logged: it must not replace the report of the run."""
    try:
        storage.close()
    except MhsyncError as error:
        log.warning("the storage %s could not be closed: %s", name, error.message, exc_info=error)


def _name(place: str) -> str:
    """A location as messages name it: without options, and without the query of a URL."""
    return shown_url(place.partition(" ")[0]) if "://" in place else place
