"""Half of a surrogate pair, which JSON can contain and UTF-8 cannot encode, is an error in any link."""

from __future__ import annotations

import json

import pytest

from mhsync.api.address import Address, AddressRefused
from mhsync.errors import DownloadError, ResponseInvalid
from tests.api.client_fixture import fetch
from tests.api.scripted_server import http_response

HALF = "\ud800"
URLS = [
    f"https://files.example.test/{HALF}.wav",
    f"https://files.example.test/a.wav?{HALF}",
    f"https://{HALF}.example.test/a.wav",
    "https://files.example.test/\udc80",
]


@pytest.mark.parametrize("url", [url for url in URLS if "?" not in url], ids=ascii)
def test_a_surrogate_in_a_link_of_the_api_is_an_invalid_response(scripted_server, client, url: str):
    details = {"id": "one", "status": "complete", "downloads": [{"url": url}]}
    server = scripted_server(http_response(200, json.dumps(details).encode(), Content_Type="application/json"))
    with pytest.raises(ResponseInvalid, match="url cannot be read"):
        client(server.url).get("one")


@pytest.mark.parametrize("url", URLS, ids=ascii)
def test_a_surrogate_in_a_link_is_a_download_error(client, url: str):
    with pytest.raises(DownloadError):
        fetch(client("http://127.0.0.1:1"), url)


@pytest.mark.parametrize("url", [*URLS, f"/{HALF}", f"?{HALF}", f"/x#{HALF}"], ids=ascii)
def test_an_address_cannot_contain_a_surrogate(url: str):
    with pytest.raises(AddressRefused):
        Address.parse("https://files.example.test/").join(url)


@pytest.mark.parametrize(
    "location", [b"/\xff\xfe", b"/\xed\xa0\x80", b"\xed\xa0\x80://x", b"https://\xed\xa0\x80/"]
)
def test_invalid_bytes_in_a_redirect_are_an_error(scripted_server, client, location: bytes):
    redirect = b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: %s\r\n\r\n" % location
    server = scripted_server(redirect)
    with pytest.raises(DownloadError):
        fetch(client("http://127.0.0.1:1"), f"{server.url}/a.wav")
