"""The storages of a manifest, each opened once however many files share it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from types import MappingProxyType

from mhsync.core.manifest import Manifest, ManifestFile
from mhsync.errors import Interrupted, LockTimeout, MhsyncError
from mhsync.hooks.manager import Hooks
from mhsync.loader.storage_location import storage_location
from mhsync.storage.base import Storage

log = logging.getLogger(__name__)

_SPELL = 1.0
"""Seconds to wait for a lock before looking whether to stop."""


@dataclass(frozen=True, slots=True)
class Storages:
    """The open storages of a manifest."""

    by_location: Mapping[str, Storage]
    locations: Mapping[str, str]
    """By `ManifestFile.file`: the location of its storage, computed once."""

    def location(self, file: ManifestFile) -> str:
        """What is equal for two files that share a storage."""
        return self.locations[file.file]

    def of(self, file: ManifestFile) -> Storage:
        return self.by_location[self.location(file)]

    @contextmanager
    def locked(
        self, timeout: float, on_wait: Callable[[str], None], stop: Callable[[], bool], clock: Callable[[], float]
    ) -> Iterator[None]:
        """Hold them all, in an order that two runs share, so that neither waits for the other for ever.

        Raises:
            LockTimeout: another run still held one when `timeout` seconds were over.
            Interrupted: asked to stop while waiting.
        """
        with ExitStack() as stack:
            for _, storage in sorted(self.by_location.items()):
                stack.enter_context(_lock(storage, timeout, on_wait, stop, clock))
            yield

    def local_files(self, manifest: Manifest) -> frozenset[str]:
        """The files whose outputs go when this machine goes."""
        return frozenset(file.file for file in manifest.files if self.of(file).is_local)


def _lock(
    storage: Storage,
    timeout: float,
    on_wait: Callable[[str], None],
    stop: Callable[[], bool],
    clock: Callable[[], float],
) -> AbstractContextManager[object]:
    """Wait in short spells, with a look in between at whether to stop; who holds it is told once."""
    until = clock() + timeout
    tell = on_wait
    while True:
        left = until - clock()
        try:
            lock = storage.lock(max(0.0, min(_SPELL, left)), tell)
            lock.__enter__()
        except MhsyncError as error:
            if not isinstance(error, LockTimeout):
                raise
            if left <= _SPELL:
                hint = f"wait for that run to end, or wait longer than {timeout:g} s with --lock-timeout"
                raise LockTimeout(error.message, hint=hint) from None
        else:
            return _held(lock)
        tell = _told_before
        if stop():
            raise Interrupted("interrupted while another run held the storage; nothing was changed")


@contextmanager
def _held(lock: AbstractContextManager[object]) -> Iterator[None]:
    """A lock that was entered already, to be left at the end of the block."""
    try:
        yield
    finally:
        lock.__exit__(None, None, None)


def _told_before(_holder: str) -> None:
    """Who holds the storage was told already."""


@contextmanager
def opened(hooks: Hooks, manifest: Manifest) -> Iterator[Storages]:
    """Open the storage of each file; close them all in the end.

    Raises:
        StorageUnavailable: one cannot be opened.
    """
    with ExitStack() as stack:
        found: dict[str, Storage] = {}
        locations = {file.file: storage_location(file) for file in manifest.files}
        for file in manifest.files:
            location = locations[file.file]
            if location not in found:
                found[location] = hooks.open_storage(file)
                stack.callback(_close, file.storage, found[location])
        yield Storages(MappingProxyType(found), MappingProxyType(locations))


def _close(name: str, storage: Storage) -> None:
    """Let go; a backend that fails at that must not cost the report of what was done."""
    try:
        storage.close()
    except MhsyncError as error:
        log.warning("the storage %s could not be closed: %s", name, error.message, exc_info=error)
