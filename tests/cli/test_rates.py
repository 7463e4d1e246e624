"""Rates of `--bwlimit`: bytes per second, with the units of other tools."""

from __future__ import annotations

import time

import pytest

from mhsync.cli.rates import parse_rate


@pytest.mark.parametrize(
    ("text", "rate"),
    [("0", 0), ("65536", 65536), ("500k", 512_000), ("500K", 512_000), ("10M", 10 * 2**20), ("1.5g", 1.5 * 2**30)],
)
def test_a_rate_is_parsed(text, rate):
    assert parse_rate(text) == rate


@pytest.mark.parametrize("text", ["", "k", "-1", "1 M", "10MB", "1e3", "١", "inf", "1.M"])
def test_other_texts_are_refused(text):
    with pytest.raises(ValueError, match="is not a rate"):
        parse_rate(text)


def test_the_commands_limit_their_downloads(cli_runner):
    """A command may be slower than the limit, but not faster."""
    for command in (("apply", cli_runner.manifest("done", "takes")), ("check", "takes", "--download")):
        began = time.monotonic()
        assert cli_runner.run(*command, "--bwlimit", "10000", "-q").code == 0
        assert time.monotonic() - began > 9000 / 10_000 - 0.3
    assert cli_runner.run("apply", "m.yaml", "--bwlimit", "fast").code == 2
