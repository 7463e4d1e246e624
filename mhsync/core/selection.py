"""Which projects of a manifest are meant: ids, patterns of ids, and states."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Collection

from mhsync.core.manifest import Entry, Manifest, State

STATE = "state:"
_WILDCARDS = frozenset("*?[")


def select(manifest: Manifest, selectors: Collection[str]) -> tuple[frozenset[str], tuple[str, ...]]:
    """The ids that selectors choose.

    Args:
        manifest: whose projects.
        selectors: each an id; a pattern of ids with `*`, `?` or `[…]`; or `state:` and a desired state.

    Returns:
        The ids, and the selectors that choose no project, in alphabetical order.
    """
    ids: set[str] = set()
    unused: list[str] = []
    plain = {selector for selector in selectors if _is_id(selector)}
    listed = manifest.ids if plain else frozenset()
    ids |= plain & listed
    unused += plain - listed
    for selector in set(selectors) - plain:
        is_chosen = _test(selector)
        found = {entry.id for _, entry in manifest if is_chosen(entry)}
        ids |= found
        unused += [] if found else [selector]
    return frozenset(ids), tuple(sorted(unused))


def _is_id(selector: str) -> bool:
    return not selector.startswith(STATE) and not _WILDCARDS & set(selector)


def _test(selector: str) -> Callable[[Entry], bool]:
    if selector.startswith(STATE):
        name = selector.removeprefix(STATE)
        return lambda entry: entry.state.value == name
    matches = re.compile(fnmatch.translate(selector)).match
    return lambda entry: matches(entry.id) is not None


def states() -> tuple[str, ...]:
    """The selectors of states."""
    return tuple(f"{STATE}{state.value}" for state in State)
