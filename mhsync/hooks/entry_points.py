"""Which plugins the environment chooses, and the entry points of the installed ones.

They are read from files: importing `importlib.metadata` takes longer. Nothing of a plugin is imported. Where files
do not show everything, `importlib.metadata` is asked.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.machinery import PathFinder
from types import MappingProxyType

from mhsync.dataclass import dataclass

PROJECT = "mhsync"
"""The name of pluggy's project and of the entry-point group of plugins that each run imports."""
SCHEME_GROUPS: Mapping[str, str] = MappingProxyType(
    {
        f"{PROJECT}.{hook.removeprefix('mhsync_')}": hook
        for hook in ("mhsync_storage_schemes", "mhsync_notifier_schemes")
    }
)
"""The groups whose entry points are a scheme and its factory, and the hook that does the same."""
_GROUPS = (PROJECT, *SCHEME_GROUPS)
_SUFFIXES = (".dist-info", ".egg-info")
_WHEEL = re.compile(r"([^-]+)-([^-]+)\.dist-info")


@dataclass(frozen=True, slots=True)
class EntryPoint:
    """One entry point of a group of mhsync."""

    distribution: str
    """The distribution's name, as `normalized` returns it."""
    version: str | None
    group: str
    name: str
    value: str
    """`module` or `module:object`."""

    @property
    def module(self) -> str:
        return self.value.partition(":")[0].strip()

    def load(self) -> object:
        """Import the module, and return it or the object in it.

        Raises:
            Exception: any, of the import; an AttributeError if there is no such object.
        """
        module, _, attributes = self.value.partition("[")[0].partition(":")
        target: object = import_module(module.strip())
        for name in filter(None, attributes.strip().split(".")):
            target = getattr(target, name)
        return target


def plugins_to_load(environ: Mapping[str, str]) -> tuple[str, ...] | None:
    """The distribution names that `MHSYNC_PLUGINS` lists; None where it is not set, which means all of them."""
    listed = environ.get("MHSYNC_PLUGINS")
    return None if listed is None else tuple(name.strip() for name in listed.split(",") if name.strip())


def normalized(name: str) -> str:
    """A distribution's name in the form in which names are compared (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def may_be_installed() -> bool:
    """Whether a plugin is installed. It is true where files do not show that."""
    return _read() != []


def entry_points() -> list[EntryPoint]:
    """The entry points of all groups of mhsync in this environment."""
    found = _read()
    return _from_metadata() if found is None else found


def _from_metadata() -> list[EntryPoint]:
    from importlib import metadata

    return [
        EntryPoint(
            normalized(point.name if point.dist is None else point.dist.name),
            None if point.dist is None else point.dist.version,
            group,
            point.name,
            point.value,
        )
        for group in _GROUPS
        for point in metadata.entry_points(group=group)
    ]


def _read() -> list[EntryPoint] | None:
    """The entry points, or None where files do not show all of them: archives, eggs, finders of other packages."""
    if any(hasattr(finder, "find_distributions") and finder is not PathFinder for finder in sys.meta_path):
        return None
    found: list[EntryPoint] = []
    seen = set()
    for folder in dict.fromkeys(entry or "." for entry in sys.path):
        if folder.endswith(".egg") or os.path.isfile(folder):  # noqa: PTH113 - pathlib takes longer
            return None
        for name, file in _metadata(folder):
            # The first of two distributions with one name is the one that is imported.
            distribution = normalized(name.partition("-")[0].removesuffix(".egg-info"))
            if distribution in seen:
                continue
            seen.add(distribution)
            text = _text(file)
            if f"[{PROJECT}" not in text:
                continue
            wheel = _WHEEL.fullmatch(name)
            if wheel is None:
                return None
            found += _parsed(text, distribution, wheel[2])
    return found


def _metadata(folder: str) -> Iterator[tuple[str, str]]:
    """Of each distribution in a folder: the name of its folder of metadata, and the file of its entry points."""
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.lower().endswith(_SUFFIXES):
                    yield entry.name, f"{entry.path}/entry_points.txt"
    except OSError:
        return


def _text(file: str) -> str:
    try:
        with open(file, encoding="utf-8", errors="replace") as stream:  # noqa: PTH123 - see above
            return stream.read()
    except OSError:
        return ""


def _parsed(text: str, distribution: str, version: str) -> Iterator[EntryPoint]:
    group = ""
    for line in filter(None, map(str.strip, text.splitlines())):
        if line.startswith("[") and line.endswith("]"):
            group = line[1:-1].strip()
        elif group in _GROUPS and not line.startswith("#"):
            name, _, value = line.partition("=")
            yield EntryPoint(distribution, version, group, name.strip(), value.strip())
