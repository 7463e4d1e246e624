"""Warnings about a plan name the project, its place in the manifest, and what to do."""

from __future__ import annotations

from mhsync.core.manifest import State
from mhsync.core.plan_warnings import surprises
from mhsync.errors import Position
from tests.core.builders import NOT_FOUND, entry, inventory, live, manifest, plan_of, receipt


def test_a_lost_project_that_is_live_or_stored_is_a_surprise():
    entries = (entry("live", State.LOST), entry("stored", State.LOST), entry("gone", State.LOST), entry("other"))
    details = {"live": live("live"), "stored": NOT_FOUND, "gone": NOT_FOUND, "other": live("other")}
    found = list(surprises(plan_of(manifest(*entries), inventory(receipt("stored")), details)))
    assert [(problem.id, problem.code) for problem in found] == [
        ("live", "lost_but_live"), ("stored", "lost_but_stored"),
    ]  # fmt: skip
    assert all(problem.hint and problem.position == Position("m.yaml", 3, 9) for problem in found)
