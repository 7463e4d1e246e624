"""The clock of the API is read from the `Date` header of its responses."""

from __future__ import annotations

import time
from email.utils import formatdate

import pytest

from mhsync.api.client import Client
from mhsync.api.server_clock import ServerClock
from mhsync.sandbox.account import Account
from mhsync.sandbox.server import Sandbox


def test_the_difference_is_that_of_the_last_date():
    clock = ServerClock()
    assert clock.skew is None
    clock.record(formatdate(1000.0, usegmt=True), 1030.0)
    assert clock.skew == 30.0
    clock.record(formatdate(2000.0, usegmt=True), 1990.0)
    assert clock.skew == -10.0


@pytest.mark.parametrize("date", ["", "yesterday", "Thu, 99 Jan 1970 00:00:00 GMT", "\0"])
def test_a_header_that_is_not_a_date_changes_nothing(date):
    clock = ServerClock(5.0)
    clock.record(date, 0.0)
    assert clock.skew == 5.0


def test_a_client_knows_how_far_its_clock_is_from_that_of_the_api():
    with (
        Sandbox(Account(())) as sandbox,
        Client(sandbox.key, base_url=sandbox.api_url, wall=lambda: time.time() + 7200) as client,
    ):
        assert client.clock_skew is None
        client.probe()
        assert client.clock_skew == pytest.approx(7200, abs=60)
