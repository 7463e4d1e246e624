"""Which projects of a manifest are meant: ids, patterns of ids, states, and tags."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Collection

from mhsync.core.manifest import Entry, Manifest, State

STATE = "state:"
TAG = "tag:"
_WILDCARDS = frozenset("*?[")


def select(manifest: Manifest, selectors: Collection[str]) -> tuple[frozenset[str], tuple[str, ...]]:
    """The ids that selectors choose.

    Args:
        manifest: whose projects.
        selectors: each an id; a pattern of ids with `*`, `?` or `[…]`; `state:` and a desired state; or `tag:` and
            a tag or a pattern of tags.

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
    return not selector.startswith((STATE, TAG)) and not _WILDCARDS & set(selector)


def _test(selector: str) -> Callable[[Entry], bool]:
    if selector.startswith(STATE):
        name = selector.removeprefix(STATE)
        return lambda entry: entry.state.value == name
    if selector.startswith(TAG):
        wanted = selector.removeprefix(TAG)
        fits = re.compile(fnmatch.translate(wanted)).match
        return lambda entry: wanted in entry.labels.tags or any(map(fits, entry.labels.tags))
    matches = re.compile(fnmatch.translate(selector)).match
    return lambda entry: matches(entry.id) is not None


def group_selectors(manifest: Manifest) -> tuple[str, ...]:
    """The selectors of all states, and of the tags of a manifest in alphabetical order."""
    tags = {tag for _, entry in manifest for tag in entry.labels.tags}
    return (*(f"{STATE}{state.value}" for state in State), *(f"{TAG}{tag}" for tag in sorted(tags)))
