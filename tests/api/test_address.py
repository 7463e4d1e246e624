"""URLs are parsed and checked; unsafe ones are refused."""

from __future__ import annotations

import pytest

from mhsync.api.address import Address, AddressRefused


def test_the_query_is_not_shown():
    address = Address.parse("https://Files.Example.test:8443/a b/%2f.wav?sig=5ecre7#part")
    assert (address.host, address.port, address.path, address.query) == (
        "files.example.test", 8443, "/a%20b/%2f.wav", "sig=5ecre7",
    )  # fmt: skip
    assert address.shown == "https://files.example.test:8443/a%20b/%2f.wav"
    assert "5ecre7" not in repr(address)


def test_an_international_host_name_is_sent_in_its_idna_form():
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
def test_a_redirect_is_resolved_against_the_current_url(location: str, target: str):
    found = Address.parse("https://a.example/dir/a?sig=1").join(location)
    assert f"{found.shown}?{found.query}" == (target if "?" in target else f"{target}?")


@pytest.mark.parametrize(
    "location",
    ["http://b.example/", "http://127.0.0.1/", "ftp://b.example/", "file:///etc/passwd", "https://u:p@b.example/", "x\r\ny",
     "//["],
)  # fmt: skip
def test_an_unsafe_redirect_is_refused(location: str):
    with pytest.raises(AddressRefused):
        Address.parse("https://a.example/").join(location)


def test_a_redirect_from_loopback_may_go_to_loopback_or_https():
    here = Address.parse("http://127.0.0.1:8000/")
    assert here.join("http://localhost:9000/a").port == 9000
    assert here.join("https://a.example/").host == "a.example"


def test_a_refused_address_has_no_foreign_error_as_its_context():
    for url in ("https://[/?sig=5ecre7", "https://a:x/?sig=5ecre7", "https://\ud800/"):
        with pytest.raises(AddressRefused) as caught:
            Address.parse(url)
        assert caught.value.__context__ is None
