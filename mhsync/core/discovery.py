"""Discovery: which sighted projects a manifest manages although it does not list them."""

from __future__ import annotations

from mhsync.core.manifest import Discover, Entry, ManifestFile, State
from mhsync.core.sighting import Sighting
from mhsync.errors import Problem


def is_discovered(rule: Discover, sighting: Sighting) -> bool:
    """Whether a project is managed under the rule.

    A render that ended in an error or was canceled has no outputs, so nothing is to be kept of it. A project whose
    type is not known is of none of the `types`.
    """
    if sighting.event == "audio.errored" or sighting.status in ("error", "canceled"):
        return False
    if rule.types and sighting.type not in rule.types:
        return False
    return rule.since is None or sighting.first_seen >= rule.since


def discovered_entry(file: ManifestFile, rule: Discover, id: str) -> Entry:
    """The entry of a discovered project: judged as one that the file lists."""
    return Entry(
        id=id,
        state=rule.state,
        path=rule.path,
        position=rule.position,
        retain=file.retain if rule.state is State.DOWNLOADED else None,
        is_discovered=True,
    )


def unlisted_warning(count: int) -> Problem:
    """What a plan reports about sighted projects that it does not manage."""
    projects = "1 project was" if count == 1 else f"{count:,} projects were"
    return Problem(
        "sighted_unlisted",
        f"{projects} sighted that no manifest lists",
        "mhsync seen lists them. The API cannot list the projects of an account: "
        "there may be others that were never sighted",
    )
