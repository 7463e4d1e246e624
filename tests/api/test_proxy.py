"""The proxy and the hosts that bypass it, read from the environment."""

from __future__ import annotations

import pytest

from mhsync.api.address import Address
from mhsync.api.proxy import Network


def test_the_network_settings_are_read_from_the_environment():
    network = Network.from_environment(
        {
            "HTTPS_PROXY": "http://big:1",
            "https_proxy": "http://small:2",
            "HTTP_PROXY": "http://never:3",
            "no_proxy": "a.example, .b.example,,10.0.0.0/8,*.c.example,d.example:444",
            "SSL_CERT_FILE": "/ca.pem",
        }
    )
    assert network.https_proxy == "http://small:2"
    assert network.ca_file == "/ca.pem"
    assert Network.from_environment({"HTTP_PROXY": "http://x", "http_proxy": "http://x"}) == Network()


@pytest.mark.parametrize(
    ("url", "is_direct"),
    [
        ("https://a.example/", True),
        ("https://x.a.example/", True),
        ("https://aa.example/", False),
        ("https://b.example/", True),
        ("https://x.c.example/", True),
        ("https://10.1.2.3/", True),
        ("https://11.1.2.3/", False),
        ("https://d.example:444/", True),
        ("https://d.example/", False),
        ("https://localhost/", True),
        ("https://127.0.0.1/", True),
        ("http://127.0.0.1/", True),
        ("https://[::1]/", True),
    ],
)
def test_hosts_in_no_proxy_and_loopback_bypass_the_proxy(url: str, is_direct: bool):
    excluded = ("a.example", ".b.example", "10.0.0.0/8", "*.c.example", "d.example:444")
    network = Network(https_proxy="http://proxy:1", no_proxy=excluded)
    assert (network.proxy_for(Address.parse(url)) is None) is is_direct


def test_a_star_in_no_proxy_disables_the_proxy():
    assert Network("http://proxy:1", ("*",)).proxy_for(Address.parse("https://a.example/")) is None


def test_the_proxy_url_is_not_shown():
    assert "pa55" not in repr(Network(https_proxy="http://u:pa55@proxy:1"))
