"""plan: what would change. Writes to no storage and sends no notification."""

from __future__ import annotations

from mhsync.core.manifest import Manifest
from mhsync.reconcile.context import ApplyOptions, RunContext
from mhsync.reconcile.decide import Decision, decide
from mhsync.reconcile.storages import opened


def plan(run: RunContext, manifest: Manifest, options: ApplyOptions | None = None) -> Decision:
    """Decide what an apply with these options would change, and whether a guard would refuse it.

    Raises:
        AuthenticationFailed: the API refused the key.
        StorageUnavailable: a storage cannot be opened.
        PluginError: a plugin is broken.
        Interrupted: the run was asked to stop.
    """
    run.hooks.require_loaded()
    with opened(run.hooks, manifest) as storages:
        return decide(run, manifest, storages, options or ApplyOptions())
