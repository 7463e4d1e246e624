"""Loading plugins: each is looked over and registered, and what is wrong with one is kept beside its name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import pluggy

from mhsync.core.event import Notifier
from mhsync.hooks import specs
from mhsync.hooks.discovery import Candidate
from mhsync.hooks.invoke import attempt, call, one_line
from mhsync.hooks.schemes import Clash, Provider, Schemes, is_scheme
from mhsync.hooks.validation import fault_of, implemented
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
    """None for what is part of mhsync itself."""
    module: str
    """What its entry point names."""
    hooks: tuple[str, ...] = ()
    schemes: tuple[str, ...] = ()
    """Of storages and of notifiers."""
    error: str | None = None
    """What is wrong with it, in one line."""
    is_loadable: bool = True
    """Whether a plan may go on; schemes that cannot be had only matter to who asks for them."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """All plugins of a run, and who serves which scheme."""

    manager: pluggy.PluginManager
    plugins: tuple[PluginInfo, ...]
    storages: Schemes[Storage]
    notifiers: Schemes[Notifier]

    def implementations(self, hook: str) -> list[tuple[str, pluggy.HookImpl]]:
        """Who implements a hook, by distribution name, in the order in which they are called."""
        return [(_name(key), implementation) for key, implementation in _implementations(self.manager, hook)]


@dataclass(frozen=True, slots=True)
class _Offer:
    """The schemes that one plugin serves for one hook, or why it cannot."""

    key: str
    factories: Mapping[str, Any] = field(default_factory=dict)
    error: str | None = None


def load_all(candidates: Sequence[Candidate]) -> Loaded:
    """Load plugins; nothing that one of them does stops the others."""
    manager = pluggy.PluginManager(specs.PROJECT)
    manager.add_hookspecs(specs)
    # pluggy calls the last one first: registered backwards, they are called in the order given.
    plugins = [_load(manager, candidate) for candidate in reversed(candidates)][::-1]
    for_storages = _offers(manager, _STORAGES, allow_fallback=False)
    for_notifiers = _offers(manager, _NOTIFIERS, allow_fallback=True)
    storages: Schemes[Storage] = _schemes(for_storages)
    notifiers: Schemes[Notifier] = _schemes(for_notifiers)
    offers = [*for_storages, *for_notifiers]
    clashes = [*storages.clashes, *notifiers.clashes]
    return Loaded(
        manager, tuple(_with_schemes(plugin, offers, clashes) for plugin in plugins), storages, notifiers
    )


def _load(manager: pluggy.PluginManager, candidate: Candidate) -> PluginInfo:
    info = PluginInfo(candidate.name, candidate.version, candidate.module)
    plugin = attempt(candidate.load)
    if isinstance(plugin, BaseException):
        return replace(info, error=f"it cannot be loaded: {one_line(plugin)}", is_loadable=False)
    fault = attempt(partial(fault_of, manager, plugin, HOOKS))
    if fault is None:
        fault = attempt(partial(manager.register, plugin, _key(info)))
        fault = fault if isinstance(fault, BaseException) else None
    if fault is not None:
        text = one_line(fault) if isinstance(fault, BaseException) else fault
        return replace(info, error=text, is_loadable=False)
    return replace(info, hooks=implemented(manager, plugin))


def _offers(manager: pluggy.PluginManager, hook: str, *, allow_fallback: bool) -> list[_Offer]:
    return [
        _offer(key, hook, implementation, allow_fallback=allow_fallback)
        for key, implementation in _implementations(manager, hook)
    ]


def _offer(key: str, hook: str, implementation: pluggy.HookImpl, *, allow_fallback: bool) -> _Offer:
    factories = attempt(lambda: dict(call(implementation, {})))
    if isinstance(factories, BaseException):
        return _Offer(key, error=f"{hook} failed: {one_line(factories)}")
    for scheme, factory in factories.items():
        if not is_scheme(scheme, allow_fallback=allow_fallback):
            return _Offer(key, error=f"{hook} names {scheme!r:.60}, which is no scheme in lower case")
        if not callable(factory):
            return _Offer(key, error=f"{hook} gives {scheme} a {type(factory).__name__}, no factory")
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


def _key(plugin: PluginInfo) -> str:
    """The name that pluggy knows it by: one distribution may bring several."""
    return f"{plugin.name} {plugin.module}"


def _name(key: str) -> str:
    return key.partition(" ")[0]
