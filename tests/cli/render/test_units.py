"""Numbers read well."""

from __future__ import annotations

import pytest

from mhsync.cli.render.units import counted, human_size, human_time


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (1536, "1.5 KiB"),
        (1024 * 1024 - 1, "1.0 MiB"),
        (3 * 1024**3, "3.0 GiB"),
        (5 * 1024**4, "5.0 TiB"),
        (5000 * 1024**4, "5000.0 TiB"),
    ],
)
def test_sizes_are_in_units_of_1024(size, text):
    assert human_size(size) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (59, "59 s"), (60, "1 min"), (125, "2 min 5 s"), (3600, "1 h"), (5400, "1 h 30 min")],
)
def test_times_are_in_the_units_people_use(seconds, text):
    assert human_time(seconds) == text


def test_counts_agree_with_their_noun():
    assert [counted(n, "project") for n in (0, 1, 2, 10_000)] == [
        "0 projects", "1 project", "2 projects", "10,000 projects",
    ]  # fmt: skip
