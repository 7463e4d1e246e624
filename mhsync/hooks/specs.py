"""The hooks, as pluggy specifications. A plugin implements any of them with `@mhsync.hookimpl`.

An implementation may take fewer arguments than are listed here. `docs/plugins.md` says of each when it is called,
on which thread, and what an exception in it does.
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
from mhsync.storage.base import StorageFactory

if TYPE_CHECKING:
    import click

PROJECT = "mhsync"
"""The name of pluggy's project and of the entry-point group."""

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)

NotifierFactory = Callable[[str, Mapping[str, Any]], Notifier]
"""What `mhsync_notifier_schemes` maps a scheme to: (URL, the entry's `options`) -> Notifier."""


@hookspec
def mhsync_storage_schemes() -> Mapping[str, StorageFactory]:  # type: ignore[empty-body]
    """URL schemes this plugin keeps files in.

    Returns:
        For each scheme, in lower case and without `://`, a factory that takes the URL as it stands in the
        manifest and its `storage_options`. One scheme from two plugins is an error that names both.
    """


@hookspec
def mhsync_notifier_schemes() -> Mapping[str, NotifierFactory]:  # type: ignore[empty-body]
    """URL schemes this plugin tells events to.

    Returns:
        For each scheme, in lower case and without `://`, a factory that takes the URL, resolved, and the
        entry's `options`. One scheme from two plugins is an error that names both.
    """


@hookspec
def mhsync_review_plan(plan: Plan) -> None:
    """Look at a plan before it is applied.

    Raises:
        PlanRefused: to veto it: the run ends with exit 3 and nothing was changed.
    """


@hookspec
def mhsync_check_output(project: Project, output: StoredOutput, file: Path) -> Mapping[str, Any] | None:
    """Look at a downloaded file before it becomes visible under its path.

    Args:
        project: the details it was downloaded by.
        output: its path in the storage, size in bytes, sha256 and source.
        file: the bytes, as a local file that must not be changed.

    Returns:
        Facts to keep in the receipt, as JSON values, or None.

    Raises:
        OutputRejected: to reject the file; any other exception rejects it too.
    """


@hookspec
def mhsync_event(event: Event) -> None:
    """Every event as it happens, for metrics and logs."""


@hookspec
def mhsync_commands(group: click.Group) -> None:
    """Add commands to `mhsync`: `group.add_command(…)`."""
