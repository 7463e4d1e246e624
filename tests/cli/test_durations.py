"""Durations are parsed; `--wait` works with and without one."""

from __future__ import annotations

import pytest

from mhsync.cli.durations import _with_durations, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("90", 90),
        ("1.5", 1.5),
        ("90s", 90),
        ("0.1s", 0.1),
        ("10m", 600),
        ("1h30m", 5400),
        ("1h2m3s", 3723),
    ],
)
def test_durations(text, seconds):
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "m", "10 m", "-5", "1d", "10M", "1m1h", "1e3", "nan", "٣s", "1.5m", "9" * 12]
)
def test_an_invalid_duration_is_refused(text):
    with pytest.raises(ValueError, match="write 90s, 10m or 1h30m"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("--wait m.yaml", "--wait=10m m.yaml"),
        ("--wait 5s m.yaml", "--wait=5s m.yaml"),
        ("m.yaml --wait", "m.yaml --wait=10m"),
        ("--wait --yes", "--wait=10m --yes"),
        ("--wait=5s m.yaml", "--wait=5s m.yaml"),
        ("-- --wait", "-- --wait"),
    ],
)
def test_wait_takes_what_follows_only_when_it_is_a_duration(typed, read):
    assert _with_durations(typed.split()) == read.split()
