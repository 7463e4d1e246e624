"""Validate a plugin before it is registered: misspelt hooks, wrong arguments, missing decorators."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import pluggy

from mhsync.core.suggest import suggest


def implemented(manager: pluggy.PluginManager, plugin: object) -> tuple[str, ...]:
    """The names of all hooks that a plugin implements, unknown ones included."""
    return tuple(sorted(name for name, _ in _implementations(manager, plugin)))


def find_problem(manager: pluggy.PluginManager, plugin: object, known: frozenset[str]) -> str | None:
    """The first problem of a plugin, on one line; None if there is none.

    Args:
        known: the names of all hooks.
    """
    marked = dict(_implementations(manager, plugin))
    for name, options in marked.items():
        if name not in known:
            return f"there is no hook {name}: did you mean {suggest(name, known, cutoff=0.0)}?"
        if options["wrapper"] or options["hookwrapper"]:
            return f"{name} is a hook wrapper, which mhsync does not support"
    for name in sorted(known - marked.keys()):
        if inspect.isroutine(getattr(plugin, name, None)):
            return f"{name} lacks the decorator @mhsync.hookimpl"
    if not marked:
        return "the plugin implements no hook"
    return None


def _implementations(manager: pluggy.PluginManager, plugin: object) -> Iterator[tuple[str, pluggy.HookimplOpts]]:
    for attribute in dir(plugin):
        options = manager.parse_hookimpl_opts(plugin, attribute)
        if options is not None:
            yield options["specname"] or attribute, options
