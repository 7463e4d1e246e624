"""Finding plugins: installed distributions with an entry point in the group `mhsync`."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mhsync.errors import UsageError
from mhsync.hooks.specs import PROJECT


@dataclass(frozen=True, slots=True)
class Candidate:
    """A plugin that is there to be loaded. `version` is None for what is part of mhsync itself."""

    name: str
    """The distribution's name."""
    version: str | None
    module: str
    """What the entry point names: a module, or an object in one."""
    load: Callable[[], object]


def normalized(name: str) -> str:
    """A distribution's name as names are compared (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def installed() -> list[Candidate]:
    """All plugins of this environment, by name; nothing is imported yet."""
    # Reading all installed metadata takes tens of milliseconds: only who loads plugins pays.
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


def chosen(found: Sequence[Candidate], only: Sequence[str] | None) -> list[Candidate]:
    """The plugins of the distributions in `only`; all where it is None.

    Raises:
        UsageError: a name is no installed plugin's.
    """
    if only is None:
        return list(found)
    wanted = {normalized(name.strip()) for name in only if name.strip()}
    names = {candidate.name for candidate in found}
    missing = sorted(wanted - names)
    if missing:
        raise UsageError(
            f"no plugin is installed under the name {missing[0]!r:.80}",
            hint=f"installed are: {', '.join(sorted(names)) or 'none'}",
        )
    return [candidate for candidate in found if candidate.name in wanted]
