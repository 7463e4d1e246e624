"""The plugins that a command works with: `--no-plugins` and `MHSYNC_PLUGINS` choose what loads."""

from __future__ import annotations

from mhsync.cli.console import Console
from mhsync.hooks.manager import Hooks
from mhsync.reconcile.environment import plugins_to_load


def load_hooks(console: Console, *, is_enabled: bool) -> Hooks:
    """The plugins; `MHSYNC_PLUGINS=a,b` names distributions, and an empty one means none but the built-in.

    Raises:
        PluginError: two plugins cannot be loaded together.
    """
    return Hooks.load(enabled=is_enabled, only=plugins_to_load(console.environ))
