"""Load the plugins that `--no-plugins` and `MHSYNC_PLUGINS` choose, and detect plugins without an import."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from mhsync.cli.console import Console
from mhsync.hooks.entry_points import may_be_installed, plugins_to_load

if TYPE_CHECKING:
    from mhsync.hooks.manager import Hooks


def load_hooks(console: Console, *, is_enabled: bool) -> Hooks:
    """Load the plugins that the environment chooses; only the built-in ones unless `is_enabled`.

    Raises:
        PluginError: two plugins cannot be loaded together.
    """
    from mhsync.hooks.manager import Hooks

    return Hooks.load(enabled=is_enabled, only=plugins_to_load(console.environ))


def has_plugins(environ: Mapping[str, str]) -> bool:
    """Whether a plugin may be installed and may be loaded: `mhsync --help` imports no plugin to find out."""
    return plugins_to_load(environ) != () and may_be_installed()
