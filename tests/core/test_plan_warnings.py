"""Warnings about a plan name the project, its place in the manifest, and what to do."""

from __future__ import annotations

import pytest

from mhsync.core.guards import Circumstances
from mhsync.core.manifest import Policy, State
from mhsync.core.plan_warnings import surprises, throwaway_folders
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


def folder_warnings(state=State.DOWNLOADED, *, is_ci=True, is_local=True, stock=None, **policy):
    desired = manifest(entry("a", state), entry("b", state), policy=Policy(**policy))
    plan = plan_of(desired, stock or inventory(), {"a": live("a"), "b": live("b")})
    local = frozenset({"m.yaml"}) if is_local else frozenset()
    return list(throwaway_folders(plan, Circumstances(is_ci=is_ci, local_files=local)))


def test_downloads_into_a_folder_of_a_ci_runner_are_reported_once_for_each_file():
    (found,) = folder_warnings()
    assert (found.code, found.position) == ("storage_not_durable", Position("m.yaml"))
    assert found.message.startswith("2 downloads of 'downloaded' projects would go into './outputs', a folder of")
    assert "durable_storage: true" in (found.hint or "")


@pytest.mark.parametrize(
    "changes",
    [
        {"is_ci": False},
        {"is_local": False},
        {"durable_storage": True},
        {"state": State.ARCHIVED},
        {"state": State.DELETED},
        {"stock": inventory(receipt("a"), receipt("b"))},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_nothing_is_reported_where_nothing_can_be_lost_by_it(changes):
    assert folder_warnings(**changes) == []
