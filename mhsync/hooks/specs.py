"""The hooks, as pluggy specifications. A plugin implements any of them with `@mhsync.hookimpl`.

An implementation may take fewer arguments than are listed here. `docs/plugins.md` describes when each is called,
on which thread, and the effect of an exception.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pluggy

from mhsync.core.event import Event, Notifier
from mhsync.core.plan import Plan
from mhsync.core.project import Project
from mhsync.core.receipt import StoredOutput
from mhsync.hooks.entry_points import PROJECT
from mhsync.storage.base import StorageFactory

if TYPE_CHECKING:
    import click

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)

NotifierFactory = Callable[[str, Mapping[str, Any]], Notifier]
"""What `mhsync_notifier_schemes` maps a scheme to: (URL, the entry's `options`) -> Notifier."""


@hookspec
def mhsync_storage_schemes() -> Mapping[str, StorageFactory]:  # type: ignore[empty-body]
    """The URL schemes of storages that the plugin serves.

    Returns:
        For each scheme, in lower case and without `://`, a factory that takes the URL of the manifest and
        its `storage_options`. One scheme from two plugins is an error that names both.
    """


@hookspec
def mhsync_notifier_schemes() -> Mapping[str, NotifierFactory]:  # type: ignore[empty-body]
    """The URL schemes of notifiers that the plugin serves.

    Returns:
        For each scheme, in lower case and without `://`, a factory that takes the URL, resolved, and the
        entry's `options`. One scheme from two plugins is an error that names both.
    """


@hookspec
def mhsync_review_plan(plan: Plan) -> None:
    """Review a plan before it is applied.

    Raises:
        PlanRefused: the veto. The run ends with exit 3 and changes nothing.
    """


@hookspec
def mhsync_check_output(project: Project, output: StoredOutput, file: Path) -> Mapping[str, Any] | None:
    """Check a downloaded file before it becomes visible under its path.

    Args:
        project: the details at the time of the download.
        output: its path in the storage, size in bytes, sha256 and source.
        file: a local file with the bytes. It must not be modified.

    Returns:
        Facts to keep in the receipt, as JSON values, or None.

    Raises:
        OutputRejected: the file is rejected. Any other exception rejects it too.
    """


@hookspec
def mhsync_event(event: Event) -> None:
    """Receive every event when it happens, for metrics and logs."""


@hookspec
def mhsync_commands(group: click.Group) -> None:
    """Add commands to `mhsync`: `group.add_command(…)`."""
