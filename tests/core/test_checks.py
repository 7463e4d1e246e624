"""checks: a sample reads the oldest check first, so that repeated samples read everything."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mhsync.core.checks import checks_bytes, read_checks, sampled
from mhsync.core.manifest import Limit
from tests.core.builders import NOW

IDS = [f"p{n}" for n in range(21)]


@pytest.mark.parametrize(
    ("sample", "count"), [("5%", 2), ("100%", 21), ("0%", 0), ("1%", 1), ("3", 3), ("99", 21)]
)
def test_a_percentage_is_rounded_up(sample, count):
    assert len(sampled(IDS, {}, Limit.parse(sample))) == count


def test_projects_that_were_never_verified_come_first_then_the_oldest():
    checks = {"p0": NOW - timedelta(days=9), "p1": NOW, "p2": NOW - timedelta(days=1)}
    ids = ["p0", "p1", "p2", "new"]
    assert sampled(ids, checks, Limit(1)) == {"new"}
    assert sampled(ids, checks, Limit(2)) == {"new", "p0"}
    assert sampled(ids, checks, Limit(3)) == {"new", "p0", "p2"}


@given(st.integers(1, 40), st.integers(1, 100))
def test_repeated_samples_read_everything(total, percent):
    ids = [f"p{n}" for n in range(total)]
    checks: dict = {}
    for night in range(-(-100 // percent)):
        checks |= dict.fromkeys(sampled(ids, checks, Limit(percent, is_percent=True)), NOW + timedelta(days=night))
    assert set(checks) == set(ids)


def test_the_file_is_read_as_it_was_written():
    checks = {"a": NOW, "B": NOW + timedelta(seconds=1)}
    assert read_checks(checks_bytes(checks)) == checks


@pytest.mark.parametrize(
    "data", [b"", b"[1]", b"\xff", b'{"format": "x", "checked": {"a": "2026-11-01T00:00:00Z"}}', b'{"checked": 1}']
)
def test_what_is_not_such_a_file_has_no_checks(data):
    assert read_checks(data) == {}


def test_invalid_times_are_left_out():
    data = b'{"format": "mhsync.checks/1", "checked": {"a": "x", "b": 1, "../c": "2026-11-01T00:00:00Z"}}'
    assert read_checks(data) == {}
