"""A manifest must not choose where credentials go: one strict form of URL, one list of trusted hosts."""

from __future__ import annotations

import http.server
import threading
from urllib.parse import urlsplit

import pytest
import urllib3

from mhsync import StorageUnavailable, UsageError
from mhsync.storage_kit import TRUSTED_HOSTS, parse_endpoint, require_trusted_host


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://s3.example.com", "https://s3.example.com"),
        ("https://S3.Example.com:443/", "https://s3.example.com"),
        ("HTTPS://s3.example.com:8443/a/b_c/", "https://s3.example.com:8443/a/b_c"),
        ("https://my_minio:9000", "https://my_minio:9000"),
        ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
        ("https://192.0.2.1", "https://192.0.2.1"),
        ("https://[2001:DB8:0::1]:8443/x", "https://[2001:db8::1]:8443/x"),
        ("http://127.0.0.1:9000", "http://127.0.0.1:9000"),
        ("http://[::1]:9000", "http://[::1]:9000"),
        ("http://localhost", "http://localhost"),
    ],
)
def test_a_url_is_passed_on_in_normal_form(text: str, url: str) -> None:
    endpoint = parse_endpoint(text, "it")
    assert endpoint.url == url
    assert parse_endpoint(url, "it") == endpoint
    # What another parser connects to is what was checked.
    assert urllib3.util.parse_url(url).host.strip("[]") == endpoint.host == urlsplit(url).hostname


@pytest.mark.parametrize(
    "text",
    [
        r"https://evil\.core.windows.net", r"https://evil\@ours.core.windows.net", r"https:\\evil.example",
        "https://evil.example/\\.core.windows.net", "https://evil.example#.core.windows.net",
        "https://evil.example?.core.windows.net", "https://user@ours.example", "https://:@ours.example",
        "https://user:s3cret@ours.example", "https://evil.example%2f.core.windows.net", "https://evil.example/%2e%2e",
        "https://ev\til.example", "https://evil.example\n", "https://evil.example\0", " https://evil.example",
        "https://evil.example ", "https:///evil.example", "https:evil.example", "https://evil..example",
        "https://.evil.example", "https://evil.example.", "https://-evil.example", "https://evil-.example",
        "https://büro.example", "https://evil\u3002example", "https://ev\u00adil.example", "https://\uff45vil.example",
        "http://2130706433", "http://0x7f000001", "http://127.1", "http://0177.0.0.1", "http://127.0.0.01",
        "https://1.2.3.4.5", "https://host.0x1", "http://[::ffff:127.0.0.1]", "https://[fe80::1%25eth0]",
        "https://[::1", "https://[1.2.3.4]", "https://ours.example:", "https://ours.example:0",
        "https://ours.example:65536", "https://ours.example:80:90", "https://ours.example/a/../b",
        "https://ours.example/./a", "https://ours.example//a", "https://ours.example/a@b", "https://ours.example/a;b",
        "ftp://ours.example", "ours.example", "//ours.example", "https://", "", "file:///etc", "https://[]",
        "https://" + "a" * 64 + ".example", "https://" + "a." * 130 + "example",
    ],
)  # fmt: skip
def test_what_two_parsers_could_read_differently_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_endpoint(text, "the storage option endpoint")
    assert caught.value.message.startswith("the storage option endpoint ")
    assert "s3cret" not in f"{caught.value.message} {caught.value.hint}"


@pytest.mark.parametrize(
    "host", ["storage.example", "localhost.example", "127.0.0.1.example", "10.0.0.1", "[::2]"]
)
def test_plain_http_stays_on_this_machine(host: str) -> None:
    with pytest.raises(UsageError, match="plain http to"):
        parse_endpoint(f"http://{host}:9000", "it")


def trusts(url: str, named: str, *own: str) -> bool:
    endpoint = parse_endpoint(url, "it")
    try:
        require_trusted_host(endpoint.host, endpoint.port, "it", {TRUSTED_HOSTS: named}, own)
    except StorageUnavailable as error:
        assert f"{TRUSTED_HOSTS}={endpoint.host}" in (error.hint or "")
        return False
    return True


@pytest.mark.parametrize(
    ("url", "named", "own"),
    [
        ("https://ours.example", "other.example, Ours.Example", ()),
        ("https://ours.example:8443", "ours.example", ()),
        ("https://ours.example:8443", "ours.example:8443", ()),
        ("https://ours.example", "ours.example:443", ()),
        ("http://127.0.0.1:9000", "127.0.0.1", ()),
        ("http://[::1]:9000", "::1", ()),
        ("http://[::1]:9000", "[::1]:9000", ()),
        ("https://a.core.windows.net", "", ("core.windows.net",)),
        ("https://core.windows.net", "", ("core.windows.net",)),
    ],
)
def test_hosts_of_the_service_and_of_the_environment_are_trusted(
    url: str, named: str, own: tuple[str, ...]
) -> None:
    assert trusts(url, named, *own)


@pytest.mark.parametrize(
    ("url", "named", "own"),
    [
        ("https://evil.example", "", ()),
        ("https://evil.example", ",, ,", ()),
        ("https://evil.example", "*", ()),
        ("https://sub.ours.example", "ours.example", ()),
        ("https://ours.example.evil", "ours.example", ()),
        ("https://ours.example:8443", "ours.example:443", ()),
        ("https://evilcore.windows.net", "", ("core.windows.net",)),
        ("https://core.windows.net.evil.example", "", ("core.windows.net",)),
        ("http://127.0.0.1:9000", "", ()),
        ("http://localhost:9000", "127.0.0.1", ()),
        ("http://[::1]:9000", "127.0.0.1", ()),
    ],
)
def test_all_others_are_refused_this_machine_too(url: str, named: str, own: tuple[str, ...]) -> None:
    assert not trusts(url, named, *own)


def test_the_normal_form_reaches_the_server_that_was_checked() -> None:
    """A real client and a real server: what is connected to has the host and the path that were read."""
    seen: list[tuple[str | None, str]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append((self.headers["Host"], self.path))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        port = server.server_address[1]
        endpoint = parse_endpoint(f"HTTP://127.0.0.1:{port}/account/", "it")
        with urllib3.PoolManager() as pool:
            assert pool.request("GET", endpoint.url, timeout=10, retries=False).status == 204
        server.shutdown()
    assert seen == [(f"127.0.0.1:{port}", "/account")]
