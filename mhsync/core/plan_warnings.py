"""Warnings about a plan: they change nothing and refuse nothing."""

from __future__ import annotations

from collections.abc import Iterator

from mhsync.core.plan import Plan
from mhsync.errors import Problem

_SURPRISES = frozenset({"lost_but_live", "lost_but_stored"})


def surprises(plan: Plan) -> Iterator[Problem]:
    """The projects that the manifest lists as lost, and that the account or the storage has."""
    for project in plan.judged:
        if project.is_acknowledged and project.reason_code in _SURPRISES:
            yield Problem(project.reason_code, project.reason, project.hint, project.entry.position, project.id)
