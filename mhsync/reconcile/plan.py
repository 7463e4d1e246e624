"""plan: what would change. Writes to no storage and notifies nobody."""

from __future__ import annotations

from mhsync.core.diff import diff
from mhsync.core.manifest import Manifest
from mhsync.core.plan import Plan
from mhsync.reconcile.context import RunContext
from mhsync.reconcile.observe import observe
from mhsync.reconcile.storages import opened


def plan(run: RunContext, manifest: Manifest) -> Plan:
    """Observe, then decide.

    Raises:
        AuthenticationFailed: the key is wrong.
        StorageUnavailable: a storage cannot be opened.
        PluginError: a plugin is broken.
        Interrupted: asked to stop.
    """
    run.hooks.require_loaded()
    with opened(run.hooks, manifest) as storages:
        seen = observe(run, manifest, storages)
    return diff(manifest, seen.inventories, seen.details, api=run.client.origin, only=run.only)
