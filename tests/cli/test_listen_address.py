"""Addresses to listen on: loopback unless a host is given."""

from __future__ import annotations

import pytest

from mhsync.cli.listen_address import parse_address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("9090", ("127.0.0.1", 9090)),
        ("0", ("127.0.0.1", 0)),
        ("0.0.0.0:80", ("0.0.0.0", 80)),
        ("localhost:65535", ("localhost", 65535)),
        ("[::1]:9090", ("::1", 9090)),
    ],
)
def test_an_address_is_a_port_or_a_host_and_a_port(text, address):
    assert parse_address(text) == address


@pytest.mark.parametrize(
    "text", ["", ":", ":80", "host", "host:", "65536", "1e3", "-1", "::1:80", "a b:80", "http://h:80", "٣"]
)
def test_any_other_text_is_refused(text):
    with pytest.raises(ValueError, match="is not an address"):
        parse_address(text)
