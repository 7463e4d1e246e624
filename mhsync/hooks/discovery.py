"""Discover plugins: installed distributions with an entry point in one of the groups of mhsync."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from mhsync.dataclass import dataclass
from mhsync.errors import PluginError, UsageError
from mhsync.hooks.entry_points import SCHEME_GROUPS, EntryPoint, entry_points, normalized
from mhsync.hooks.invoke import attempt, one_line


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
class SchemePlugin:
    """A module whose entry points name schemes and their factories. It is imported when a factory is called."""

    name: str
    """The distribution's name."""
    version: str | None
    module: str
    factories: Mapping[str, Mapping[str, LazyFactory]]
    """By the hook that does the same, the factory of each scheme."""


@dataclass(frozen=True, slots=True)
class LazyFactory:
    """The factory that an entry point names."""

    load: Callable[[], object]

    def get(self) -> Callable[..., object]:
        """Import the factory.

        Raises:
            PluginError: it cannot be imported, or it cannot be called.
        """
        found = attempt(self.load)
        if isinstance(found, BaseException):
            raise PluginError(
                f"it cannot be loaded: {one_line(found)}",
                hint="fix or uninstall the plugin, or choose plugins with MHSYNC_PLUGINS",
            )
        if not callable(found):
            raise PluginError(f"its entry point names a {type(found).__name__}, not a factory")
        return found

    def __call__(self, url: str, options: Mapping[str, object]) -> object:
        return self.get()(url, options)


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


def installed() -> list[Candidate | SchemePlugin]:
    """All plugins of this environment, sorted by name. None of them is imported."""
    found = entry_points()
    plugins: list[Candidate | SchemePlugin] = [
        Candidate(point.distribution, point.version, point.value, point.load)
        for point in found
        if point.group not in SCHEME_GROUPS
    ]
    modules: dict[tuple[str, str], list[EntryPoint]] = {}
    for point in found:
        if point.group in SCHEME_GROUPS:
            modules.setdefault((point.distribution, point.module), []).append(point)
    plugins += [_scheme_plugin(points) for points in modules.values()]
    return sorted(plugins, key=lambda plugin: (plugin.name, plugin.module))


def _scheme_plugin(points: Sequence[EntryPoint]) -> SchemePlugin:
    factories: dict[str, dict[str, LazyFactory]] = {}
    for point in points:
        factories.setdefault(SCHEME_GROUPS[point.group], {})[point.name] = LazyFactory(point.load)
    first = points[0]
    return SchemePlugin(first.distribution, first.version, first.module, factories)


def select(
    found: Sequence[Candidate | SchemePlugin], only: Sequence[str] | None
) -> list[Candidate | SchemePlugin]:
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
