"""mhsync: a declarative resource manager for Magic Hour audio projects.

The public names are loaded when they are first used, so that `import mhsync` is cheap.
"""

from __future__ import annotations

import importlib

TYPE_CHECKING = False  # typing is not imported here: under `python -m` the current folder could still shadow it
__version__ = "0.1.0"

_PUBLIC = {
    "ApplyOptions": "mhsync.reconcile.context",
    "ChecksProgressed": "mhsync.reconcile.progress",
    "Client": "mhsync.api.client",
    "ConfirmationMissing": "mhsync.errors",
    "Decision": "mhsync.reconcile.decide",
    "Event": "mhsync.core.event",
    "FileInfo": "mhsync.storage.base",
    "GuardRefused": "mhsync.errors",
    "hookimpl": "mhsync.hooks.specs",
    "install_command": "mhsync.core.install_command",
    "Limit": "mhsync.core.manifest",
    "load_manifests": "mhsync.reconcile.reconciler",
    "LocalWriter": "mhsync.storage.base",
    "LockTimeout": "mhsync.errors",
    "Manifest": "mhsync.core.manifest",
    "ManifestError": "mhsync.errors",
    "MhsyncError": "mhsync.errors",
    "Notifier": "mhsync.core.event",
    "Outcome": "mhsync.core.report",
    "OutputRejected": "mhsync.errors",
    "Plan": "mhsync.core.plan",
    "PlanRefused": "mhsync.errors",
    "Prepared": "mhsync.reconcile.prepare",
    "ProgressEvent": "mhsync.reconcile.progress",
    "Project": "mhsync.core.project",
    "ProjectFinished": "mhsync.reconcile.progress",
    "read_notify_variable": "mhsync.core.notify_variables",
    "Reconciler": "mhsync.reconcile.reconciler",
    "Report": "mhsync.core.report",
    "RetryDelayed": "mhsync.reconcile.progress",
    "Settings": "mhsync.settings",
    "Status": "mhsync.core.project",
    "Stop": "mhsync.reconcile.context",
    "Storage": "mhsync.storage.base",
    "StorageError": "mhsync.errors",
    "StorageLocked": "mhsync.reconcile.progress",
    "StorageNotFound": "mhsync.errors",
    "StorageUnavailable": "mhsync.errors",
    "StoredOutput": "mhsync.core.receipt",
    "UsageError": "mhsync.errors",
    "validate_path": "mhsync.storage.base",
    "Verification": "mhsync.core.verification",
    "WaitingForRenders": "mhsync.reconcile.progress",
    "WaitNotice": "mhsync.api.notice",
    "Warned": "mhsync.reconcile.progress",
    "Writer": "mhsync.storage.base",
}

if TYPE_CHECKING:
    from typing import Any

    from mhsync.api.client import Client
    from mhsync.api.notice import WaitNotice
    from mhsync.core.event import Event, Notifier
    from mhsync.core.install_command import install_command
    from mhsync.core.manifest import Limit, Manifest
    from mhsync.core.notify_variables import read_notify_variable
    from mhsync.core.plan import Plan
    from mhsync.core.project import Project, Status
    from mhsync.core.receipt import StoredOutput
    from mhsync.core.report import Outcome, Report
    from mhsync.core.verification import Verification
    from mhsync.errors import (
        ConfirmationMissing,
        GuardRefused,
        LockTimeout,
        ManifestError,
        MhsyncError,
        OutputRejected,
        PlanRefused,
        StorageError,
        StorageNotFound,
        StorageUnavailable,
        UsageError,
    )
    from mhsync.hooks.specs import hookimpl
    from mhsync.reconcile.context import ApplyOptions, Stop
    from mhsync.reconcile.decide import Decision
    from mhsync.reconcile.prepare import Prepared
    from mhsync.reconcile.progress import (
        ChecksProgressed,
        ProgressEvent,
        ProjectFinished,
        RetryDelayed,
        StorageLocked,
        WaitingForRenders,
        Warned,
    )
    from mhsync.reconcile.reconciler import Reconciler, load_manifests
    from mhsync.settings import Settings
    from mhsync.storage.base import FileInfo, LocalWriter, Storage, Writer, validate_path

__all__ = [  # noqa: RUF022 - grouped by use
    "Client", "Project", "Status", "WaitNotice", "Settings",
    "Reconciler", "load_manifests", "Manifest", "ApplyOptions", "Limit", "Stop",
    "Decision", "Prepared", "Plan", "Report", "Outcome", "Verification",
    "ProgressEvent", "ChecksProgressed", "ProjectFinished", "WaitingForRenders", "StorageLocked", "RetryDelayed",
    "Warned",
    "Event", "StoredOutput",
    "Storage", "FileInfo", "Writer", "LocalWriter", "validate_path",
    "Notifier", "read_notify_variable", "hookimpl", "install_command",
    "MhsyncError", "StorageError", "StorageNotFound", "StorageUnavailable", "OutputRejected", "PlanRefused",
    "UsageError", "ManifestError", "LockTimeout", "GuardRefused", "ConfirmationMissing",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    module = _PUBLIC.get(name)
    if module is None:
        raise AttributeError(f"module 'mhsync' has no attribute {name!r}")
    return getattr(importlib.import_module(module), name)


def __dir__() -> list[str]:
    return sorted([*_PUBLIC, "__version__"])
