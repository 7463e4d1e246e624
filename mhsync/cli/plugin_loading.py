"""The plugins that a command works with: `--no-plugins` and `MHSYNC_PLUGINS` choose what loads."""

from __future__ import annotations

from mhsync.cli.console import Console
from mhsync.hooks.manager import Hooks


def load_hooks(console: Console, *, is_enabled: bool) -> Hooks:
    """The plugins; `MHSYNC_PLUGINS=a,b` names distributions, and an empty one means none but the built-in.

    Raises:
        PluginError: two plugins cannot be loaded together.
    """
    chosen = console.environ.get("MHSYNC_PLUGINS")
    only = None if chosen is None else tuple(name.strip() for name in chosen.split(",") if name.strip())
    return Hooks.load(enabled=is_enabled, only=only)
