"""mhsync: a declarative resource manager for Magic Hour audio projects.

The public names are loaded when they are first used, so that `import mhsync` is cheap.
"""

from __future__ import annotations

import importlib

TYPE_CHECKING = False  # typing is not imported here: under `python -m` the current folder could still shadow it
__version__ = "0.1.0"

_PUBLIC = {
    "add_projects": "mhsync.reconcile.edit_manifest",
    "Addition": "mhsync.reconcile.edit_manifest",
    "AnswerInvalid": "mhsync.errors",
    "ApiError": "mhsync.errors",
    "ApplyOptions": "mhsync.reconcile.context",
    "AuthenticationFailed": "mhsync.errors",
    "ChecksProgressed": "mhsync.reconcile.progress",
    "Client": "mhsync.api.client",
    "ConfirmationMissing": "mhsync.errors",
    "ConnectionFailed": "mhsync.errors",
    "collect_garbage": "mhsync.reconcile.gc",
    "CopiedOutput": "mhsync.core.copy_report",
    "CopiedProject": "mhsync.core.copy_report",
    "CopyNotProved": "mhsync.errors",
    "CopyOutcome": "mhsync.core.copy_report",
    "CopyReport": "mhsync.core.copy_report",
    "copy_storage": "mhsync.reconcile.copy",
    "CredentialsMissing": "mhsync.errors",
    "Decision": "mhsync.reconcile.decide",
    "Download": "mhsync.core.project",
    "DownloadError": "mhsync.errors",
    "DownloadSettings": "mhsync.settings",
    "examine_api": "mhsync.reconcile.doctor",
    "examine_plugins": "mhsync.reconcile.doctor",
    "examine_storages": "mhsync.reconcile.doctor",
    "Event": "mhsync.core.event",
    "Fetched": "mhsync.api.download",
    "FileInfo": "mhsync.storage.base",
    "Finding": "mhsync.reconcile.doctor",
    "format_manifest": "mhsync.reconcile.edit_manifest",
    "GuardRefused": "mhsync.errors",
    "hookimpl": "mhsync.hooks.specs",
    "Health": "mhsync.reconcile.doctor",
    "HttpSettings": "mhsync.settings",
    "install_command": "mhsync.core.install_command",
    "Inbox": "mhsync.inbox.application",
    "inbox_application": "mhsync.reconcile.inbox",
    "Interrupted": "mhsync.errors",
    "Limit": "mhsync.core.manifest",
    "LinkExpired": "mhsync.errors",
    "load_manifests": "mhsync.reconcile.reconciler",
    "load_planned_manifests": "mhsync.reconcile.plan_file",
    "load_saved_plan": "mhsync.reconcile.plan_file",
    "LocalWriter": "mhsync.storage.base",
    "LockMismatch": "mhsync.errors",
    "LockTimeout": "mhsync.errors",
    "Locked": "mhsync.errors",
    "Manifest": "mhsync.core.manifest",
    "ManifestError": "mhsync.errors",
    "ManifestSettings": "mhsync.settings",
    "MhsyncError": "mhsync.errors",
    "NewManifest": "mhsync.reconcile.new_manifest",
    "Notifier": "mhsync.core.event",
    "Outcome": "mhsync.core.run_report",
    "OutputRejected": "mhsync.errors",
    "OutputsChanged": "mhsync.errors",
    "RetentionNotDue": "mhsync.errors",
    "PathOccupied": "mhsync.errors",
    "PaymentRequired": "mhsync.errors",
    "PermissionDenied": "mhsync.errors",
    "Plan": "mhsync.core.plan",
    "PlanRefused": "mhsync.errors",
    "PlanStale": "mhsync.errors",
    "PluginError": "mhsync.errors",
    "Position": "mhsync.errors",
    "Prepared": "mhsync.reconcile.prepare",
    "Problem": "mhsync.errors",
    "ProgressEvent": "mhsync.reconcile.progress",
    "Project": "mhsync.core.project",
    "ProjectFinished": "mhsync.reconcile.progress",
    "ProjectNotFound": "mhsync.errors",
    "RateLimited": "mhsync.errors",
    "RateLimitSettings": "mhsync.settings",
    "pull": "mhsync.reconcile.pull",
    "PulledFile": "mhsync.core.pulled",
    "PulledProject": "mhsync.core.pulled",
    "PullOptions": "mhsync.reconcile.pull",
    "PullOutcome": "mhsync.core.pulled",
    "PullReport": "mhsync.core.pulled",
    "read_notify_variable": "mhsync.core.notify_variables",
    "ReceiptInvalid": "mhsync.errors",
    "ProjectStatus": "mhsync.core.status",
    "Reconciler": "mhsync.reconcile.reconciler",
    "RefusedError": "mhsync.errors",
    "remove_projects": "mhsync.reconcile.edit_manifest",
    "RenderFailed": "mhsync.errors",
    "Report": "mhsync.core.run_report",
    "RequestInvalid": "mhsync.errors",
    "Result": "mhsync.api.check_result",
    "ResponseInvalid": "mhsync.errors",
    "RetryDelayed": "mhsync.reconcile.progress",
    "RunSettings": "mhsync.settings",
    "save_plan": "mhsync.reconcile.plan_file",
    "SavedPlan": "mhsync.core.saved_plan",
    "SavedPlanFile": "mhsync.reconcile.plan_file",
    "select": "mhsync.core.selection",
    "ServerFailed": "mhsync.errors",
    "Seen": "mhsync.core.seen",
    "SeenProject": "mhsync.core.seen",
    "Sighting": "mhsync.core.sighting",
    "SightingInvalid": "mhsync.errors",
    "InboxSettings": "mhsync.settings",
    "Settings": "mhsync.settings",
    "Status": "mhsync.core.project",
    "Stop": "mhsync.reconcile.context",
    "Storage": "mhsync.storage.base",
    "StatusReport": "mhsync.core.status",
    "StorageError": "mhsync.errors",
    "StorageLocked": "mhsync.reconcile.progress",
    "StorageNotFound": "mhsync.errors",
    "StorageUnavailable": "mhsync.errors",
    "StoredFile": "mhsync.core.status",
    "StoredOutput": "mhsync.core.receipt",
    "Sums": "mhsync.core.status",
    "UnusedFile": "mhsync.core.unused",
    "UnusedOutcome": "mhsync.core.unused",
    "UnusedReport": "mhsync.core.unused",
    "UsageError": "mhsync.errors",
    "validate_path": "mhsync.storage.base",
    "Verification": "mhsync.core.verification",
    "TransferEnded": "mhsync.api.transfer_events",
    "TransferProgressed": "mhsync.api.transfer_events",
    "WaitingForRenders": "mhsync.reconcile.progress",
    "WaitNotice": "mhsync.api.notice",
    "WaitSettings": "mhsync.settings",
    "WaitTimeout": "mhsync.errors",
    "write_manifest": "mhsync.reconcile.new_manifest",
    "Warned": "mhsync.reconcile.progress",
    "write_locks": "mhsync.reconcile.lock",
    "Writer": "mhsync.storage.base",
    "WrittenLock": "mhsync.reconcile.lock",
    "WatchLoop": "mhsync.reconcile.watch",
    "WatchEvent": "mhsync.reconcile.watch",
    "RunStarted": "mhsync.reconcile.watch",
    "RunEnded": "mhsync.reconcile.watch",
    "WatchRun": "mhsync.reconcile.watch",
    "WatchResult": "mhsync.reconcile.watch",
    "Trigger": "mhsync.reconcile.watch_schedule",
    "WatchMetrics": "mhsync.reconcile.watch_metrics",
    "MetricsSnapshot": "mhsync.reconcile.watch_metrics",
    "WatchSettings": "mhsync.settings",
}

if TYPE_CHECKING:
    from typing import Any

    from mhsync.api.check_result import Result
    from mhsync.api.client import Client
    from mhsync.api.download import Fetched
    from mhsync.api.notice import WaitNotice
    from mhsync.core.copy_report import CopiedOutput, CopiedProject, CopyOutcome, CopyReport
    from mhsync.core.event import Event, Notifier
    from mhsync.core.install_command import install_command
    from mhsync.core.manifest import Limit, Manifest
    from mhsync.core.notify_variables import read_notify_variable
    from mhsync.core.plan import Plan
    from mhsync.core.project import Download, Project, Status
    from mhsync.core.pulled import PulledFile, PulledProject, PullOutcome, PullReport
    from mhsync.core.receipt import StoredOutput
    from mhsync.core.run_report import Outcome, Report
    from mhsync.core.saved_plan import SavedPlan
    from mhsync.core.seen import Seen, SeenProject
    from mhsync.core.selection import select
    from mhsync.core.sighting import Sighting
    from mhsync.core.status import ProjectStatus, StatusReport, StoredFile, Sums
    from mhsync.core.unused import UnusedFile, UnusedOutcome, UnusedReport
    from mhsync.core.verification import Verification
    from mhsync.errors import (
        AnswerInvalid,
        ApiError,
        AuthenticationFailed,
        ConfirmationMissing,
        ConnectionFailed,
        CopyNotProved,
        CredentialsMissing,
        DownloadError,
        GuardRefused,
        Interrupted,
        LinkExpired,
        Locked,
        LockMismatch,
        LockTimeout,
        ManifestError,
        MhsyncError,
        OutputRejected,
        OutputsChanged,
        PathOccupied,
        PaymentRequired,
        PermissionDenied,
        PlanRefused,
        PlanStale,
        PluginError,
        Position,
        Problem,
        ProjectNotFound,
        RateLimited,
        ReceiptInvalid,
        RefusedError,
        RenderFailed,
        RequestInvalid,
        ResponseInvalid,
        RetentionNotDue,
        ServerFailed,
        SightingInvalid,
        StorageError,
        StorageNotFound,
        StorageUnavailable,
        UsageError,
        WaitTimeout,
    )
    from mhsync.hooks.specs import hookimpl
    from mhsync.inbox.application import Inbox
    from mhsync.reconcile.context import ApplyOptions, Stop
    from mhsync.reconcile.copy import copy_storage
    from mhsync.reconcile.decide import Decision
    from mhsync.reconcile.doctor import Finding, Health, examine_api, examine_plugins, examine_storages
    from mhsync.reconcile.edit_manifest import Addition, add_projects, format_manifest, remove_projects
    from mhsync.reconcile.gc import collect_garbage
    from mhsync.reconcile.inbox import inbox_application
    from mhsync.reconcile.lock import WrittenLock, write_locks
    from mhsync.reconcile.new_manifest import NewManifest, write_manifest
    from mhsync.reconcile.plan_file import SavedPlanFile, load_planned_manifests, load_saved_plan, save_plan
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
    from mhsync.reconcile.pull import PullOptions, pull
    from mhsync.reconcile.reconciler import Reconciler, load_manifests
    from mhsync.reconcile.watch import RunEnded, RunStarted, WatchEvent, WatchLoop, WatchResult, WatchRun
    from mhsync.reconcile.watch_metrics import MetricsSnapshot, WatchMetrics
    from mhsync.reconcile.watch_schedule import Trigger
    from mhsync.settings import (
        DownloadSettings,
        HttpSettings,
        InboxSettings,
        ManifestSettings,
        RateLimitSettings,
        RunSettings,
        Settings,
        WaitSettings,
        WatchSettings,
    )
    from mhsync.storage.base import FileInfo, LocalWriter, Storage, Writer, validate_path

__all__ = [  # noqa: RUF022 - grouped as in docs/public-api.md
    "Reconciler", "load_manifests", "Manifest", "ApplyOptions", "select", "Limit", "Stop", "Decision", "Prepared",
    "Plan", "Report", "Outcome", "Verification",
    "StatusReport", "ProjectStatus", "StoredFile", "Sums",
    "copy_storage", "CopyReport", "CopiedProject", "CopiedOutput", "CopyOutcome",
    "pull", "PullOptions", "PullReport", "PulledProject", "PulledFile", "PullOutcome",
    "write_locks", "WrittenLock",
    "collect_garbage", "UnusedReport", "UnusedFile", "UnusedOutcome",
    "WatchLoop", "WatchEvent", "RunStarted", "RunEnded", "WatchRun", "WatchResult", "Trigger", "WatchMetrics",
    "MetricsSnapshot",
    "save_plan", "load_saved_plan", "load_planned_manifests", "SavedPlan", "SavedPlanFile",
    "examine_api", "examine_plugins", "examine_storages", "Finding", "Health",
    "write_manifest", "NewManifest", "add_projects", "Addition", "remove_projects", "format_manifest",
    "inbox_application", "Inbox", "Seen", "SeenProject", "Sighting",
    "ProgressEvent", "ChecksProgressed", "ProjectFinished", "WaitingForRenders", "StorageLocked",
    "TransferProgressed", "TransferEnded",
    "RetryDelayed", "Warned",
    "Client", "Project", "Status", "Download", "Result", "Fetched", "WaitNotice",
    "Settings", "HttpSettings", "RateLimitSettings", "DownloadSettings", "WaitSettings", "ManifestSettings",
    "RunSettings", "InboxSettings", "WatchSettings",
    "hookimpl", "Event", "StoredOutput", "Storage", "FileInfo", "Writer", "LocalWriter", "validate_path",
    "Notifier", "read_notify_variable", "install_command",
    "MhsyncError", "Problem", "Position", "UsageError", "ManifestError", "CredentialsMissing",
    "RefusedError", "GuardRefused", "ConfirmationMissing", "PlanRefused", "LockMismatch", "PlanStale",
    "Locked", "LockTimeout",
    "ApiError", "RequestInvalid", "AuthenticationFailed", "PaymentRequired", "PermissionDenied",
    "ProjectNotFound", "RateLimited", "ServerFailed", "ConnectionFailed", "ResponseInvalid", "AnswerInvalid",
    "RenderFailed", "WaitTimeout", "DownloadError", "LinkExpired", "OutputRejected", "OutputsChanged",
    "RetentionNotDue",
    "StorageError", "StorageNotFound", "StorageUnavailable", "PathOccupied", "CopyNotProved",
    "ReceiptInvalid", "SightingInvalid", "PluginError",
    "Interrupted",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    module = _PUBLIC.get(name)
    if module is None:
        raise AttributeError(f"module 'mhsync' has no attribute {name!r}")
    return getattr(importlib.import_module(module), name)


def __dir__() -> list[str]:
    return sorted([*_PUBLIC, "__version__"])
