"""mhsync: a declarative resource manager for Magic Hour audio projects.

The public names are loaded when they are first used, so that `import mhsync` is cheap.
"""

from __future__ import annotations

import importlib

TYPE_CHECKING = False  # typing is not imported here: under `python -m` the current folder could still shadow it
__version__ = "0.1.0"

_PUBLIC = {
    "Client": "mhsync.api.client",
    "Event": "mhsync.core.event",
    "FileInfo": "mhsync.storage.base",
    "LocalWriter": "mhsync.storage.base",
    "LockTimeout": "mhsync.errors",
    "Notifier": "mhsync.core.event",
    "OutputRejected": "mhsync.errors",
    "Plan": "mhsync.core.plan",
    "PlanRefused": "mhsync.errors",
    "Project": "mhsync.core.project",
    "Status": "mhsync.core.project",
    "Storage": "mhsync.storage.base",
    "StorageError": "mhsync.errors",
    "StorageNotFound": "mhsync.errors",
    "StorageUnavailable": "mhsync.errors",
    "StoredOutput": "mhsync.core.receipt",
    "UsageError": "mhsync.errors",
    "WaitNotice": "mhsync.api.notice",
    "Writer": "mhsync.storage.base",
    "validate_path": "mhsync.storage.base",
    "MhsyncError": "mhsync.errors",
    "hookimpl": "mhsync.hooks.specs",
    "install_command": "mhsync.core.install",
    "read_notify_variable": "mhsync.core.variables",
}

if TYPE_CHECKING:
    from typing import Any

    from mhsync.api.client import Client
    from mhsync.api.notice import WaitNotice
    from mhsync.core.event import Event, Notifier
    from mhsync.core.install import install_command
    from mhsync.core.plan import Plan
    from mhsync.core.project import Project, Status
    from mhsync.core.receipt import StoredOutput
    from mhsync.core.variables import read_notify_variable
    from mhsync.errors import (
        LockTimeout,
        MhsyncError,
        OutputRejected,
        PlanRefused,
        StorageError,
        StorageNotFound,
        StorageUnavailable,
        UsageError,
    )
    from mhsync.hooks.specs import hookimpl
    from mhsync.storage.base import FileInfo, LocalWriter, Storage, Writer, validate_path

__all__ = [  # noqa: RUF022 - grouped by use
    "Client", "Project", "Status", "WaitNotice",
    "Plan", "Event", "StoredOutput",
    "Storage", "FileInfo", "Writer", "LocalWriter", "validate_path",
    "Notifier", "read_notify_variable", "hookimpl", "install_command",
    "MhsyncError", "StorageError", "StorageNotFound", "StorageUnavailable", "OutputRejected", "PlanRefused",
    "UsageError", "LockTimeout",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    module = _PUBLIC.get(name)
    if module is None:
        raise AttributeError(f"module 'mhsync' has no attribute {name!r}")
    return getattr(importlib.import_module(module), name)


def __dir__() -> list[str]:
    return sorted([*_PUBLIC, "__version__"])
