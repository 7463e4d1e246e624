"""Durations are parsed; `--wait` works with and without one."""

from __future__ import annotations

import pytest

from mhsync.cli.durations import _with_durations, parse_duration, parse_moment


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


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-12-31", "2026-12-31T23:59:59+00:00"),
        ("2026-12-31T12:00", "2026-12-31T12:00:00+00:00"),
        ("2026-12-31T12:00:00Z", "2026-12-31T12:00:00+00:00"),
        ("2026-12-31T12:00+02:00", "2026-12-31T10:00:00+00:00"),
    ],
)
def test_a_date_is_the_end_of_its_day(text, moment):
    assert parse_moment(text).isoformat() == moment


@pytest.mark.parametrize("text", ["", "tomorrow", "2026-02-30", "31.12.2026", "30d"])
def test_a_text_that_is_not_a_date_is_refused(text):
    with pytest.raises(ValueError, match="is not a date"):
        parse_moment(text)


def test_a_word_after_wait_that_is_no_duration_and_no_file_is_reported(cli_runner):
    manifest = cli_runner.manifest("done")
    done = cli_runner.run("apply", "--wait", "abc", manifest)
    assert done.code == 2
    assert "'abc' is not a duration: write 90s, 10m or 1h30m" in done.err
    cli_runner.manifest("done", name="abc")
    assert cli_runner.run("apply", "--wait", "abc").code == 0
    assert "there is no such file" in cli_runner.run("apply", "--wait", "none.yaml").err
    assert cli_runner.run("check", "--wait", "done").code == 0
