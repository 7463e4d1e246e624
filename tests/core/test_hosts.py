"""Host names."""

from __future__ import annotations

import pytest

from mhsync.core.hosts import is_loopback


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "127.0.0.1", "127.8.9.10", "::1"])
def test_loopback(host: str):
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    ["", "localhost.example", "127.0.0.1.example", "0.0.0.0", "10.0.0.1", "::", "[::1]", "127.1", "2130706433"],
)
def test_not_loopback(host: str):
    assert not is_loopback(host)
