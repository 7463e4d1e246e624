"""Load the plugins that `--no-plugins` and `MHSYNC_PLUGINS` choose, and detect plugins without an import."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from mhsync.cli.console import Console
from mhsync.reconcile.environment import plugins_to_load

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
    """Whether a plugin may be installed and may be loaded.

    It reads the metadata of the installed packages as files and imports nothing: `mhsync --help` stays fast.
    """
    if plugins_to_load(environ) == ():
        return False
    return any("[mhsync]" in _read(file) for folder in sys.path for file in _entry_points(Path(folder or ".")))


def _entry_points(folder: Path) -> Iterator[Path]:
    try:
        for entry in folder.iterdir():
            if entry.name.endswith((".dist-info", ".egg-info")):
                yield entry / "entry_points.txt"
    except OSError:
        return


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
