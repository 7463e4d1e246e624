"""Looking a plugin over before it is registered: misspelt hooks, wrong arguments, forgotten marks."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Iterator

import pluggy


def implemented(manager: pluggy.PluginManager, plugin: object) -> tuple[str, ...]:
    """The names of the hooks that a plugin implements, known or not."""
    return tuple(sorted(name for name, _ in _implementations(manager, plugin)))


def fault_of(manager: pluggy.PluginManager, plugin: object, known: frozenset[str]) -> str | None:
    """What is wrong with a plugin, in one line; None when nothing is.

    Args:
        known: the names of all hooks.
    """
    marked = dict(_implementations(manager, plugin))
    for name, options in marked.items():
        if name not in known:
            nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.0)
            return f"there is no hook {name}: did you mean {nearest[0]}?"
        if options["wrapper"] or options["hookwrapper"]:
            return f"{name} is a wrapper, and each implementation is called by itself"
    for name in sorted(known - marked.keys()):
        if inspect.isroutine(getattr(plugin, name, None)):
            return f"{name} is not marked with @mhsync.hookimpl"
    if not marked:
        return "it implements no hook"
    return None


def _implementations(manager: pluggy.PluginManager, plugin: object) -> Iterator[tuple[str, pluggy.HookimplOpts]]:
    for attribute in dir(plugin):
        options = manager.parse_hookimpl_opts(plugin, attribute)
        if options is not None:
            yield options["specname"] or attribute, options
