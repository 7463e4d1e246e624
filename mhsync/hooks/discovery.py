"""Discover plugins: installed distributions with an entry point in the group `mhsync`."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from mhsync.dataclass import dataclass
from mhsync.errors import UsageError
from mhsync.hooks.entry_points import may_be_installed
from mhsync.hooks.specs import PROJECT


@dataclass(frozen=True, slots=True)
class Candidate:
    """A plugin that can be loaded. `version` is None for the built-in plugin."""

    name: str
    """The distribution's name."""
    version: str | None
    module: str
    """The target of the entry point: a module, or an object in a module."""
    load: Callable[[], object]


@dataclass(frozen=True, slots=True)
class NotLoaded:
    """The plugins that `switch` (`--no-plugins` or `MHSYNC_PLUGINS`) keeps from being loaded."""

    switch: str
    is_all: bool
    """No plugin was loaded except the built-in one."""
    names: frozenset[str] = frozenset()
    """The installed distributions that were not loaded; empty for `--no-plugins`, which looks for none."""

    def reason(self, package: str | None) -> tuple[str, str] | None:
        """Why the package, or a plugin of unknown name, is not loaded, and what to do; None: another reason."""
        if self.is_all:
            plugins = package or "the plugin that serves the scheme"
            hint = f"add {plugins} to {self.switch}, or unset it"
            hint = "omit --no-plugins" if self.switch == "--no-plugins" else hint
            return f"plugins are switched off by {self.switch}", hint
        if package in self.names:
            return f"{self.switch} does not list it", f"add {package} to {self.switch}, or unset {self.switch}"
        if package is None and self.names:
            return (
                f"{self.switch} does not list {', '.join(sorted(self.names))}",
                f"add the plugin that serves the scheme to {self.switch}",
            )
        return None


def normalized(name: str) -> str:
    """A distribution's name in the form in which names are compared (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def installed() -> list[Candidate]:
    """All plugins of this environment, sorted by name. None of them is imported."""
    if not may_be_installed():
        return []
    # Imported here: it takes longer than a plan of one project.
    from importlib.metadata import entry_points

    found = [
        Candidate(
            name=normalized(point.dist.name) if point.dist is not None else point.name,
            version=None if point.dist is None else point.dist.version,
            module=point.value,
            load=point.load,
        )
        for point in entry_points(group=PROJECT)
    ]
    return sorted(found, key=lambda candidate: (candidate.name, candidate.module))


def select(found: Sequence[Candidate], only: Sequence[str] | None) -> list[Candidate]:
    """The plugins of the distributions in `only`, or all plugins if it is None.

    Raises:
        UsageError: no installed plugin has one of the names.
    """
    if only is None:
        return list(found)
    wanted = {normalized(name.strip()) for name in only if name.strip()}
    names = {candidate.name for candidate in found}
    missing = sorted(wanted - names)
    if missing:
        raise UsageError(
            f"no installed plugin is named {missing[0]!r:.80}",
            hint=f"installed plugins: {', '.join(sorted(names)) or 'none'}",
        )
    return [candidate for candidate in found if candidate.name in wanted]
