"""Version tokens of files, made of what a server reports.

Most servers report times in seconds or in ticks of milliseconds. If a file is changed twice within one tick and
keeps its size, the report stays the same. So a file gets a token only when its last change is at least `SETTLED`
seconds old by the clock that gave the time. A later change then has a later time. `SETTLED` also covers the time
from an upload under a temporary name, which sets the time of the file, to the rename, and a difference between
the clock of a server and that of its disks.

A token does not change if another program writes other bytes of the same size and then sets the old time on the
file (Samba too reports no other time), or if the clock of the server is set back and the file gets the same time
again. mhsync itself does neither.
"""

from __future__ import annotations

SETTLED = 60.0
"""Seconds since the last change of a file, from which its time identifies its content."""


def version_token(changed: float | None, now: float | None, *facts: object) -> str | None:
    """A token that changes when the file does; None if that is not certain.

    Args:
        changed: when the file was last changed, in seconds since 1970, by the clock of the server.
        now: the time of the same clock when the file was reported, or earlier.
        facts: what the server reports, such as size, time and ETag.
    """
    if changed is None or now is None or now - changed < SETTLED:
        return None
    return "-".join(map(str, facts))
