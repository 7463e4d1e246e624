"""Load, validate and register plugins. The problem of a broken plugin is kept in its `PluginInfo`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from functools import partial
from typing import Any

import pluggy

from mhsync.core.event import Notifier
from mhsync.dataclass import dataclass
from mhsync.hooks import specs
from mhsync.hooks.discovery import Candidate, SchemePlugin
from mhsync.hooks.entry_points import PROJECT
from mhsync.hooks.invoke import attempt, call, one_line
from mhsync.hooks.schemes import Clash, Provider, Schemes, is_scheme
from mhsync.hooks.validation import find_problem, implemented
from mhsync.storage.base import Storage

_STORAGES = "mhsync_storage_schemes"
_NOTIFIERS = "mhsync_notifier_schemes"
HOOKS = frozenset(name for name in vars(specs) if name.startswith("mhsync_"))


@dataclass(frozen=True, slots=True)
class PluginInfo:
    """One plugin as `mhsync plugins` lists it."""

    name: str
    """The distribution's name."""
    version: str | None
    """None for the built-in plugin."""
    module: str
    """The target of its entry point."""
    hooks: tuple[str, ...] = ()
    schemes: tuple[str, ...] = ()
    """The URL schemes that it serves, of storages and of notifiers."""
    error: str | None = None
    """The problem of a broken plugin, on one line."""
    is_loadable: bool = True
    """False stops every plan. A plugin that only fails to list its schemes stops the plans that use them."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """All plugins of a run, and the factories of each URL scheme."""

    manager: pluggy.PluginManager
    plugins: tuple[PluginInfo, ...]
    storages: Schemes[Storage]
    notifiers: Schemes[Notifier]

    lazy: tuple[SchemePlugin, ...] = ()
    """The plugins that are imported when one of their schemes is used."""

    def examined(self) -> tuple[PluginInfo, ...]:
        """All plugins, once the factories of each are imported: one that cannot be imported has its error."""
        errors = {_key(plugin): _error_of(plugin) for plugin in self.lazy}
        return tuple(
            plugin if (error := errors.get(_key(plugin))) is None else replace(plugin, error=plugin.error or error)
            for plugin in self.plugins
        )

    def implementations(self, hook: str) -> list[tuple[str, pluggy.HookImpl]]:
        """The implementations of a hook with the names of their distributions, in the order of the calls."""
        return [(_name(key), implementation) for key, implementation in _implementations(self.manager, hook)]


@dataclass(frozen=True, slots=True)
class _Offer:
    """The schemes that one plugin serves through one hook, or the error."""

    key: str
    factories: Mapping[str, Any] = field(default_factory=dict)
    error: str | None = None


def load_all(candidates: Sequence[Candidate | SchemePlugin]) -> Loaded:
    """Load plugins. A plugin that fails does not affect the others. A `SchemePlugin` is not imported."""
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(specs)
    # pluggy calls the plugin that was registered last first. Reversed, they are called in the given order.
    plugins = [_load(manager, candidate) for candidate in reversed(candidates)][::-1]
    lazy = [candidate for candidate in candidates if isinstance(candidate, SchemePlugin)]
    for_storages = _offers(manager, lazy, _STORAGES, allow_fallback=False)
    for_notifiers = _offers(manager, lazy, _NOTIFIERS, allow_fallback=True)
    storages: Schemes[Storage] = _schemes(for_storages)
    notifiers: Schemes[Notifier] = _schemes(for_notifiers)
    offers = [*for_storages, *for_notifiers]
    clashes = [*storages.clashes, *notifiers.clashes]
    return Loaded(
        manager,
        tuple(_with_schemes(plugin, offers, clashes) for plugin in plugins),
        storages,
        notifiers,
        tuple(lazy),
    )


def _error_of(plugin: SchemePlugin) -> str | None:
    """Why a factory of the plugin cannot be imported."""
    factories = [factory for by_scheme in plugin.factories.values() for factory in by_scheme.values()]
    results = (attempt(factory.get) for factory in factories)
    return next((one_line(result) for result in results if isinstance(result, BaseException)), None)


def _load(manager: pluggy.PluginManager, candidate: Candidate | SchemePlugin) -> PluginInfo:
    info = PluginInfo(candidate.name, candidate.version, candidate.module)
    if isinstance(candidate, SchemePlugin):
        return replace(info, hooks=tuple(sorted(candidate.factories)))
    plugin = attempt(candidate.load)
    if isinstance(plugin, BaseException):
        return replace(info, error=f"it cannot be loaded: {one_line(plugin)}", is_loadable=False)
    problem = attempt(partial(find_problem, manager, plugin, HOOKS))
    if problem is None:
        registered = attempt(partial(manager.register, plugin, _key(info)))
        problem = registered if isinstance(registered, BaseException) else None
    if problem is not None:
        text = one_line(problem) if isinstance(problem, BaseException) else problem
        return replace(info, error=text, is_loadable=False)
    return replace(info, hooks=implemented(manager, plugin))


def _offers(
    manager: pluggy.PluginManager, lazy: Sequence[SchemePlugin], hook: str, *, allow_fallback: bool
) -> list[_Offer]:
    called = [
        (key, attempt(partial(_factories, implementation)))
        for key, implementation in _implementations(manager, hook)
    ]
    declared = [(_key(plugin), plugin.factories[hook]) for plugin in lazy if hook in plugin.factories]
    return [_offer(key, hook, factories, allow_fallback=allow_fallback) for key, factories in (*called, *declared)]


def _factories(implementation: pluggy.HookImpl) -> dict[str, Any]:
    return dict(call(implementation, {}))


def _offer(key: str, hook: str, factories: Mapping[str, Any] | BaseException, *, allow_fallback: bool) -> _Offer:
    if isinstance(factories, BaseException):
        return _Offer(key, error=f"{hook} failed: {one_line(factories)}")
    for scheme, factory in factories.items():
        if not is_scheme(scheme, allow_fallback=allow_fallback):
            return _Offer(key, error=f"{hook} names {scheme!r:.60}, which is not a scheme in lower case")
        if not callable(factory):
            return _Offer(key, error=f"{hook} returns a {type(factory).__name__} for {scheme}, not a factory")
    return _Offer(key, factories)


def _schemes(offers: Sequence[_Offer]) -> Schemes[Any]:
    return Schemes(
        (scheme, Provider(_name(offer.key), factory))
        for offer in offers
        for scheme, factory in offer.factories.items()
    )


def _with_schemes(plugin: PluginInfo, offers: Sequence[_Offer], clashes: Sequence[Clash]) -> PluginInfo:
    own = [offer for offer in offers if offer.key == _key(plugin)]
    schemes = sorted({scheme for offer in own for scheme in offer.factories})
    clash = next((str(clash) for clash in clashes if plugin.name in clash.plugins), None)
    error = next((offer.error for offer in own if offer.error is not None), None)
    return replace(
        plugin,
        schemes=tuple(schemes),
        error=plugin.error or clash or error,
        is_loadable=plugin.is_loadable and clash is None,
    )


def _implementations(manager: pluggy.PluginManager, hook: str) -> list[tuple[str, pluggy.HookImpl]]:
    implementations = getattr(manager.hook, hook).get_hookimpls()
    return [(implementation.plugin_name, implementation) for implementation in reversed(implementations)]


def _key(plugin: PluginInfo | SchemePlugin) -> str:
    """The plugin's name in pluggy. It holds the module, since one distribution may have several plugins."""
    return f"{plugin.name} {plugin.module}"


def _name(key: str) -> str:
    return key.partition(" ")[0]
