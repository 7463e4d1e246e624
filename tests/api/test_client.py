"""Each fault of the API, over real sockets: the result, and the number of requests."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from mhsync.api.client import Client, api_origin
from mhsync.api.proxy import Network
from mhsync.errors import (
    ConnectionFailed,
    CredentialsMissing,
    Interrupted,
    ProjectNotFound,
    UsageError,
)
from mhsync.sandbox import faults as f
from tests.api.client_fixture import KEY, ApiFixture
from tests.api.scripted_server import ScriptedServer, http_response


def test_a_refused_connection_is_reported_with_the_host(client):
    with ScriptedServer(b"") as server:
        url = server.url

    with pytest.raises(ConnectionFailed, match="cannot connect: connection refused") as caught:
        client(url).get("one")

    assert url in (caught.value.hint or "")


def test_an_unknown_host_name_is_a_connection_error(client):
    with pytest.raises(ConnectionFailed, match="cannot resolve the host name"):
        client("https://mhsync-does-not-exist.invalid").get("one")


@pytest.mark.parametrize("id", ["", "../video-projects/x", "a/b", "a%2Fb", "a b", "ä", "x" * 129, "a\n", ".."])
def test_an_invalid_id_is_never_sent(api: ApiFixture, id: str):
    for call in (api.client.get, api.client.delete, api.client.check_result):
        with pytest.raises(UsageError, match="invalid project id"):
            call(id)
    assert len(api.sandbox.requests) == 0


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://api.example.test", "plain http to api.example.test"),
        ("ftp://api.example.test", "must begin with https://"),
        ("api.example.test", "must begin with https://"),
        ("https://user:pa55@api.example.test", "user name or a password"),
        ("https://api.example.test/?a=5ecre7", "it contains a query or a fragment"),
        ("https://api.example.test/#a", "it contains a query or a fragment"),
        ("https://", "no valid host name"),
        ("https://api.example.test:x", "cannot be parsed"),
        ("https://api.example\\@evil.example", "user name or a password|no usable host"),
    ],
)
def test_an_invalid_api_url_is_refused_at_once(url: str, words: str):
    with pytest.raises(UsageError, match=words) as caught:
        Client(KEY, base_url=url)
    assert "pa55" not in str(caught.value)
    assert "5ecre7" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://api.magichour.ai", "https://api.magichour.ai"),
        ("https://API.magichour.ai:443/", "https://api.magichour.ai"),
        ("https://api.example.test:8443/mh/", "https://api.example.test:8443"),
        ("http://[::1]:80", "http://[::1]"),
        ("http://localhost:8080", "http://localhost:8080"),
    ],
)
def test_the_origin_is_scheme_host_and_port(url: str, origin: str):
    with Client(KEY, base_url=url) as client:
        assert client.origin == origin


@pytest.mark.parametrize("path", ["", "/", "/mh", "/mh/"])
def test_a_path_of_the_base_url_is_kept_before_v1(scripted_server, client, path: str):
    server = scripted_server(http_response(404))

    with pytest.raises(ProjectNotFound):
        client(server.url + path).get("one")

    assert server.heads[0].startswith(f"GET {path.rstrip('/')}/v1/audio-projects/one HTTP/1.1\r\n")


def test_a_request_contains_the_key_and_the_user_agent(scripted_server, client):
    server = scripted_server(http_response(404))

    with pytest.raises(ProjectNotFound):
        client(server.url).get("one")

    head = server.heads[0]
    assert f"Authorization: Bearer {KEY}\r\n" in head
    assert "User-Agent: mhsync/" in head


@pytest.mark.parametrize("key", ["", "  ", "two words", "line\nbreak", "tab\tbed", "ключ", "nul\0"])
def test_an_invalid_key_is_refused_and_not_shown(key: str):
    with pytest.raises(CredentialsMissing) as caught:
        Client(key)
    assert not key.strip() or key.strip() not in str(caught.value)


def test_the_key_the_url_and_the_network_come_from_the_environment(api: ApiFixture):
    environ = {"MAGIC_HOUR_API_KEY": f"{KEY}\n", "MHSYNC_API_URL": api.sandbox.api_url}

    with Client.from_environment(environ) as client:
        assert client.get("one").id == "one"
        assert client.origin == api.sandbox.api_url

    with Client.from_environment(environ, base_url="https://api.example.test", network=Network()) as client:
        assert client.origin == "https://api.example.test"

    with pytest.raises(CredentialsMissing):
        Client.from_environment({"HOME": "/nonexistent"})


def test_a_stop_request_ends_waiting_at_once(api: ApiFixture, client):
    stopped = threading.Event()
    api.client = client(api.sandbox.api_url, stop=stopped.is_set)
    api.fault(f.Status(429, retry_after=60))
    threading.Timer(0.2, stopped.set).start()

    began = time.monotonic()
    with pytest.raises(Interrupted):
        api.client.get("one")

    assert time.monotonic() - began < 2


def test_many_threads_share_one_client(api: ApiFixture):
    with ThreadPoolExecutor(16) as pool:
        projects = list(pool.map(lambda _: api.client.get("one"), range(200)))

    assert {project.id for project in projects} == {"one"}
    assert api.request_count("GET") == 200


def test_a_client_can_be_used_again_after_close(api: ApiFixture):
    api.client.get("one")
    api.client.close()
    assert api.client.get("one").id == "one"


def test_the_origin_is_known_without_a_key():
    assert api_origin({}) == "https://api.magichour.ai"
    assert api_origin({"MHSYNC_API_URL": "https://other.example/v2"}) == "https://other.example"
    assert api_origin({"MHSYNC_API_URL": "https://other.example"}, "http://127.0.0.1:9") == "http://127.0.0.1:9"
    with pytest.raises(UsageError):
        api_origin({}, "ftp://x")
