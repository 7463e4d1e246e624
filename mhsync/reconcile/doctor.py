"""doctor: examine the key, the API, the clock, the plugins and the storages; each finding says what to do."""

from __future__ import annotations

import platform
import secrets
from collections.abc import Iterator
from enum import StrEnum
from typing import Any

from mhsync import __version__
from mhsync.api.client import Client
from mhsync.core.layout import PROBE
from mhsync.core.manifest import Manifest
from mhsync.dataclass import dataclass
from mhsync.errors import MhsyncError, Problem, StorageError
from mhsync.hooks.manager import Hooks
from mhsync.reconcile.storages import opened
from mhsync.storage.base import Storage

_CLOCK_MOST = 60.0
"""Seconds that the clock of this machine may differ from that of the API."""
_CONTENT = b"mhsync doctor\n"


class Health(StrEnum):
    """How one thing was found."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was examined."""

    subject: str
    """What was examined: `key`, `api`, `clock`, `plugin`, `storage`, …"""
    health: Health
    message: str
    hint: str | None = None
    """What to do; None where nothing is to be done."""

    def to_json(self) -> dict[str, Any]:
        return {"subject": self.subject, "health": self.health.value, "message": self.message, "hint": self.hint}

    @classmethod
    def failed(cls, subject: str, problem: Problem) -> Finding:
        return cls(subject, Health.FAILED, str(problem), problem.hint)


def examine_versions() -> Finding:
    """The versions of mhsync, of Python and of the system."""
    system = f"{platform.system()} {platform.release()}"
    return Finding("version", Health.OK, f"mhsync {__version__}, Python {platform.python_version()}, {system}")


def examine_plugins(hooks: Hooks) -> Iterator[Finding]:
    """Whether each plugin is loaded."""
    for plugin in hooks.examined_plugins():
        if plugin.error is not None:
            yield Finding(
                "plugin", Health.FAILED, f"{plugin.name}: {plugin.error}", "reinstall or remove the plugin"
            )
        elif plugin.version is not None:
            yield Finding("plugin", Health.OK, f"{plugin.name} {plugin.version}")


def examine_api(client: Client, key_from: str, now: float) -> Iterator[Finding]:
    """Whether the API can be reached, accepts the key, and has the same time as this machine.

    Sends one GET of a project that does not exist.

    Args:
        client: the client.
        key_from: where the key was found.
        now: the time of this machine, in seconds since 1970.
    """
    try:
        server_time = client.probe()
    except MhsyncError as error:
        yield Finding.failed("api", error.problem)
        return
    yield Finding("api", Health.OK, f"{client.origin} can be reached and accepts the key from {key_from}")
    if server_time is None:
        yield Finding("clock", Health.WARNING, "the API did not send its time, so the clock was not compared")
        return
    difference = now - server_time
    if abs(difference) > _CLOCK_MOST:
        way = "ahead of" if difference > 0 else "behind"
        message = f"this machine's clock is {abs(difference):,.0f} s {way} the API's"
        yield Finding("clock", Health.WARNING, message, "set the clock; links and logs depend on it")
    else:
        yield Finding("clock", Health.OK, "this machine's clock agrees with the API's")


def examine_storages(hooks: Hooks, manifest: Manifest) -> Iterator[Finding]:
    """Whether each storage of the manifests can be opened, listed, written, read and cleaned.

    Writes one small file under `.mhsync/` in each storage and removes it.
    """
    for file in (place for named in manifest.files for place in named.places):
        name = f"storage {file.storage}"
        try:
            with opened(hooks, Manifest((file,))) as storages:
                files = sum(1 for _ in storages.of(file).list())
                _probe(storages.of(file))
        except MhsyncError as error:
            message = error.message if file.storage in error.message else f"{name}: {error.message}"
            yield Finding.failed("storage", Problem(error.code, message, error.hint))
        else:
            count = "1 file" if files == 1 else f"{files:,} files"
            yield Finding("storage", Health.OK, f"{name}: {count}; can be listed, written, read and removed from")


def _probe(storage: Storage) -> None:
    """Write a file, read it back and remove it.

    Raises:
        StorageError: a step failed, or the bytes that were read are other ones.
    """
    path = f"{PROBE}{secrets.token_hex(8)}"
    try:
        with storage.write(path) as writer:
            writer.write(_CONTENT)
        with storage.open(path) as reader:
            found = reader.read(len(_CONTENT) + 1)
    finally:
        storage.remove(path)
    if found != _CONTENT:
        raise StorageError("a file that was written is read back with other bytes", hint="do not use this storage")
    if storage.stat(path) is not None:
        raise StorageError("a file that was removed is still there", hint="check the permissions of the storage")
