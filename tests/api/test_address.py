"""Addresses taken apart, and what the environment says of the network."""

from __future__ import annotations

import pytest

from mhsync.api.address import Address, AddressRefused


def test_an_address_keeps_its_query_out_of_sight():
    address = Address.parse("https://Files.Example.test:8443/a b/%2f.wav?sig=5ecre7#part")
    assert (address.host, address.port, address.path, address.query) == (
        "files.example.test", 8443, "/a%20b/%2f.wav", "sig=5ecre7",
    )  # fmt: skip
    assert address.shown == "https://files.example.test:8443/a%20b/%2f.wav"
    assert "5ecre7" not in repr(address)


def test_a_name_of_another_script_is_asked_for_by_its_ascii_form():
    assert Address.parse("https://bücher.example/").host == "xn--bcher-kva.example"


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("/b?x=1", "https://a.example/b?x=1"),
        ("b", "https://a.example/dir/b?"),
        ("//b.example/c", "https://b.example/c?"),
        ("https://b.example:444/c?y", "https://b.example:444/c?y"),
    ],
)
def test_a_redirect_leads_where_it_says(location: str, target: str):
    found = Address.parse("https://a.example/dir/a?sig=1").join(location)
    assert f"{found.shown}?{found.query}" == (target if "?" in target else f"{target}?")


@pytest.mark.parametrize(
    "location",
    ["http://b.example/", "http://127.0.0.1/", "ftp://b.example/", "file:///etc/passwd", "https://u:p@b.example/", "x\r\ny",
     "//["],
)  # fmt: skip
def test_a_redirect_that_leads_astray_is_refused(location: str):
    with pytest.raises(AddressRefused):
        Address.parse("https://a.example/").join(location)


def test_from_loopback_a_redirect_may_lead_to_loopback_and_to_https():
    here = Address.parse("http://127.0.0.1:8000/")
    assert here.join("http://localhost:9000/a").port == 9000
    assert here.join("https://a.example/").host == "a.example"


def test_refusals_hang_on_no_foreign_error():
    for url in ("https://[/?sig=5ecre7", "https://a:x/?sig=5ecre7", "https://\ud800/"):
        with pytest.raises(AddressRefused) as caught:
            Address.parse(url)
        assert caught.value.__context__ is None
