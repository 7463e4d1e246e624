"""The settings that follow from the shared options."""

from __future__ import annotations

import pytest

from mhsync.cli.options import SharedOptions
from mhsync.settings import Settings


def test_without_flags_the_settings_are_the_defaults():
    assert SharedOptions().settings == Settings()


def test_each_flag_replaces_its_setting():
    settings = SharedOptions(checkers=3, transfers=2, lock_timeout=0.0, rate=5.0).settings
    assert (settings.run.checkers, settings.run.transfers, settings.run.lock_timeout) == (3, 2, 0.0)
    assert settings.pace.rate == 5.0


@pytest.mark.parametrize(("bwlimit", "bandwidth"), [(None, None), (0.0, None), (1000.0, 1000.0)])
def test_a_bandwidth_of_0_is_no_limit(bwlimit, bandwidth):
    assert SharedOptions(bwlimit=bwlimit).settings.download.bandwidth == bandwidth


def test_there_is_a_connection_for_everything_that_runs_at_once():
    assert SharedOptions(checkers=200).settings.http.pool == 200
    assert SharedOptions(transfers=100).settings.http.pool == 100


@pytest.mark.parametrize(
    "flags", [["--checkers", "1", "--transfers", "1"], ["--rate", "1000"], ["--lock-timeout", "1m"]]
)
def test_the_flags_are_taken_by_the_commands(cli_runner, flags):
    assert cli_runner.run("apply", cli_runner.manifest("done", "takes"), *flags).code == 0


def test_a_rate_slows_the_run_down(cli_runner):
    import time

    began = time.monotonic()
    cli_runner.run("plan", cli_runner.manifest("done", "takes", "queued", "error", "draft"), "--rate", "10")
    assert time.monotonic() - began > 0.25
