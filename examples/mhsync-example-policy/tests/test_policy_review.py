"""Deletes are refused outside the hours, and if the hours are invalid. All other plans pass."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from mhsync_example_policy.hours import Hours
from mhsync_example_policy.plugin import review

from mhsync import PlanRefused

MONDAY_NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SUNDAY_NIGHT = datetime(2026, 11, 22, 3, 12, tzinfo=UTC)
OFFICE = {"MHSYNC_DELETE_HOURS": "mon-fri 09:00-17:00"}


def plan(deletes: int) -> Any:
    """As much of a plan as is looked at."""
    return SimpleNamespace(deletes=("a project",) * deletes)


@pytest.mark.parametrize(
    ("text", "days", "begin", "end"),
    [
        ("mon-fri 09:00-17:00", {0, 1, 2, 3, 4}, 540, 1020),
        ("sat 10:30-24:00", {5}, 630, 1440),
        ("Sat-Mon  00:00-00:01", {5, 6, 0}, 0, 1),
    ],
)
def test_hours_are_read(text: str, days: set[int], begin: int, end: int) -> None:
    assert Hours.parse(text) == Hours(frozenset(days), begin, end)


@pytest.mark.parametrize(
    "text",
    [
        "", "always", "mon-fri", "mon 9-17", "mon 17:00-09:00", "mon 09:00-09:00", "mon 09:60-10:00",
        "mon 09:00-24:01", "xyz 09:00-10:00",
    ],
)  # fmt: skip
def test_what_is_no_hours_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"'|:"):
        Hours.parse(text)


def test_the_last_minute_is_outside() -> None:
    hours = Hours.parse("mon 09:00-17:00")
    assert hours.allow(datetime(2026, 11, 23, 9, 0, tzinfo=UTC))
    assert hours.allow(datetime(2026, 11, 23, 16, 59, tzinfo=UTC))
    assert not hours.allow(datetime(2026, 11, 23, 17, 0, tzinfo=UTC))


def test_deletes_are_refused_outside_of_the_hours_and_not_within() -> None:
    review(plan(2), OFFICE, MONDAY_NOON)
    with pytest.raises(PlanRefused) as refused:
        review(plan(2), OFFICE, SUNDAY_NIGHT)
    assert refused.value.message == (
        "deletes are for mon-fri 09:00-17:00 (UTC), it is sun 03:12, and 2 are planned"
    )
    assert "--no-deletes" in (refused.value.hint or "")


def test_the_hours_are_those_of_the_time_zone() -> None:
    late = datetime(2026, 11, 23, 16, 30, tzinfo=UTC)
    review(plan(1), OFFICE, late)
    with pytest.raises(PlanRefused, match=r"\(Europe/Berlin\), it is mon 17:30"):
        review(plan(1), OFFICE | {"MHSYNC_DELETE_ZONE": "Europe/Berlin"}, late)


def test_a_plan_that_deletes_nothing_always_passes() -> None:
    review(plan(0), OFFICE, SUNDAY_NIGHT)
    review(plan(0), {"MHSYNC_DELETE_HOURS": "whenever"}, SUNDAY_NIGHT)


def test_without_hours_every_plan_passes() -> None:
    review(plan(5), {}, SUNDAY_NIGHT)
    review(plan(5), {"MHSYNC_DELETE_HOURS": " "}, SUNDAY_NIGHT)


@pytest.mark.parametrize(
    "environ",
    [
        {"MHSYNC_DELETE_HOURS": "whenever"},
        OFFICE | {"MHSYNC_DELETE_ZONE": "Nowhere/Town"},
        OFFICE | {"MHSYNC_DELETE_ZONE": "Europe"},
        OFFICE | {"MHSYNC_DELETE_ZONE": "../up"},
    ],
    ids=["hours", "zone", "folder", "path"],
)
def test_what_cannot_be_understood_refuses(environ: dict[str, str]) -> None:
    with pytest.raises(PlanRefused, match="cannot read the hours of deletes: ") as refused:
        review(plan(1), environ, MONDAY_NOON)
    assert "\n" not in refused.value.message
