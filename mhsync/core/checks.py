"""Checks: when each project was last verified, and which ones a sample reads. A cache in the storage.

Where it is missing or damaged, no project counts as verified, and a sample begins again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime

from mhsync.core.manifest import Limit
from mhsync.core.project import format_time, is_valid_id, parse_time

FORMAT = "mhsync.checks/1"


def checks_bytes(checks: Mapping[str, datetime]) -> bytes:
    """The file: the time of the last check by id."""
    times = {id_: format_time(checks[id_]) for id_ in sorted(checks)}
    return (json.dumps({"format": FORMAT, "checked": times}, indent=0) + "\n").encode("ascii")


def read_checks(data: bytes) -> dict[str, datetime]:
    """The time of the last check by id; what is not valid is left out."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        return {}
    times = document.get("checked")
    found: dict[str, datetime] = {}
    for id_, text in times.items() if isinstance(times, dict) else ():
        try:
            moment = parse_time(text) if isinstance(text, str) else None
        except (ValueError, OverflowError):
            continue
        if moment is not None and is_valid_id(id_):
            found[id_] = moment
    return found


def sampled(ids: Iterable[str], checks: Mapping[str, datetime], sample: Limit) -> frozenset[str]:
    """The projects that a sample reads: those that were never verified first, then those of the oldest check.

    Args:
        ids: all projects.
        sample: their number, or a percentage of them, rounded up.
    """
    order = {id_: number for number, id_ in enumerate(ids)}
    total = len(order)
    count = -(-total * sample.value // 100) if sample.is_percent else sample.value
    oldest = sorted(
        order, key=lambda id_: (id_ in checks, checks[id_].timestamp() if id_ in checks else 0, order[id_])
    )
    return frozenset(oldest[:count])
