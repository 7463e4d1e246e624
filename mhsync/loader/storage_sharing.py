"""Storages that several manifest files share: allowed where each file names the same storages in the same order.

A storage that is primary in one file and a copy in another one would hold files of both, and each would take the
files of the other for untracked ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from mhsync.core.manifest import ManifestFile
from mhsync.errors import Problem
from mhsync.loader.problems import show
from mhsync.loader.storage_location import storage_location


def storage_locations(files: Sequence[ManifestFile]) -> dict[str, tuple[str, ...]]:
    """By `ManifestFile.file`: the location of each of its storages, the primary one first.

    It reads symbolic links, so that a later call may give another result: compute it once for each command.
    """
    return {file.file: tuple(map(storage_location, file.places)) for file in files}


def sharing_problems(
    files: Sequence[ManifestFile], locations: Mapping[str, tuple[str, ...]]
) -> tuple[Problem, ...]:
    """A problem for each file that names a storage twice, or shares only some storages with another file."""
    if all(len(places) == 1 for places in locations.values()):
        return ()
    return tuple(_problems(files, locations))


def _problems(files: Sequence[ManifestFile], locations: Mapping[str, tuple[str, ...]]) -> Iterator[Problem]:
    first: dict[str, ManifestFile] = {}
    for file in files:
        places = locations[file.file]
        for place, location in zip(file.places, places, strict=True):
            if places.count(location) > 1:
                yield Problem(
                    "storage_twice",
                    f"the storage {show(place.storage)} is named twice",
                    "name each storage once; two copies in one storage are one copy",
                    place.storage_position,
                )
                break
            other = first.setdefault(location, file)
            if locations[other.file] != places:
                yield Problem(
                    "storage_shared",
                    f"{show(place.storage)} is also a storage of {other.file}, which names other copies",
                    "give files that share a storage the same list of storages, in the same order",
                    place.storage_position,
                )
                break
