"""Each fault of the API, over real sockets: the result, and the number of requests."""

from __future__ import annotations

import dataclasses
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from mhsync.api.client import Client
from mhsync.api.proxy import Network
from mhsync.core.project import Status
from mhsync.errors import (
    AnswerInvalid,
    AuthenticationFailed,
    ConnectionFailed,
    CredentialsMissing,
    Interrupted,
    PaymentRequired,
    PermissionDenied,
    ProjectNotFound,
    RateLimited,
    RequestInvalid,
    ServerFailed,
    UsageError,
)
from mhsync.sandbox import faults as f
from mhsync.sandbox.account import AfterDelete
from tests.api.client_fixture import KEY, QUICK, ApiFixture
from tests.api.scripted_server import ScriptedServer, http_response, resets

PASSING = [
    f.Reset(),
    f.Lost(),
    f.Cut(),
    f.Stall(),
    f.Status(429),
    f.Status(429, retry_after=0),
    f.Status(429, retry_after_date=0),
    f.Status(500),
    f.Status(502),
    f.Status(503),
    f.Status(504),
    f.Status(520),
    f.InvalidJson(),
    f.Html(),
    f.Html(status=502),
]


@pytest.mark.parametrize("fault", PASSING, ids=repr)
def test_a_get_succeeds_after_temporary_faults(api: ApiFixture, client, fault: object):
    api.shorten_timeouts_if_stalled(fault, client)
    api.fault(fault, times=2)

    assert api.client.get("one").status is Status.COMPLETE
    assert api.request_count("GET") == 3 or isinstance(fault, f.Stall)


@pytest.mark.parametrize(
    ("fault", "error", "words"),
    [
        (f.Reset(), ConnectionFailed, "the connection was lost"),
        (f.Cut(), ConnectionFailed, "the response was truncated"),
        (f.Status(429), RateLimited, "the API returned 429"),
        (f.Status(500), ServerFailed, "the API returned 500"),
        (f.Status(502), ServerFailed, "the API returned 502"),
        (f.Status(503), ServerFailed, "the API returned 503"),
        (f.Status(504), ServerFailed, "the API returned 504"),
        (f.InvalidJson(), AnswerInvalid, "the response is not JSON"),
        (f.Html(), AnswerInvalid, "the response is text/html, not JSON"),
    ],
    ids=repr,
)
def test_a_get_is_sent_as_often_as_the_settings_allow(api: ApiFixture, fault, error, words):
    api.fault(fault)

    with pytest.raises(error, match=words):
        api.client.get("one")

    assert api.request_count("GET") == QUICK.http.attempts >= 5


@pytest.mark.parametrize(
    ("fault", "error", "words"),
    [
        (f.Status(400, "bad id"), RequestInvalid, "GET of one: the API returned 400: bad id"),
        (f.Status(401, "no"), AuthenticationFailed, "the API returned 401: no"),
        (f.Status(402), PaymentRequired, "402"),
        (f.Status(403), PermissionDenied, "403"),
        (f.Status(404), ProjectNotFound, "404"),
        (f.Status(422), RequestInvalid, "422"),
        (f.Status(418), AnswerInvalid, "418"),
        (f.OtherId(), AnswerInvalid, "another project: 'sbx-another'"),
        (f.MissingField("id"), AnswerInvalid, "have no id"),
        (f.MissingField("status"), AnswerInvalid, "have no status"),
        (f.WrongType(), AnswerInvalid, "downloads"),
        (f.Huge(), AnswerInvalid, "too large"),
        (f.Huge(chunked=True), AnswerInvalid, "too large"),
        (f.Redirect("elsewhere"), AnswerInvalid, "a redirect to localhost"),
        (f.Redirect("https://evil.example/x?k=1"), AnswerInvalid, "a redirect to evil.example$"),
        (f.Redirect("//[broken"), AnswerInvalid, "a redirect to an invalid URL"),
    ],
    ids=repr,
)
def test_a_final_error_is_not_retried(api: ApiFixture, fault, error, words):
    api.fault(fault)

    began = time.monotonic()
    with pytest.raises(error, match=words) as caught:
        api.client.get("one")

    assert caught.value.id == "one"
    assert api.request_count("GET") == 1
    assert time.monotonic() - began < 2  # only the allowed part of the 100 MB is read


def test_a_response_with_too_many_outputs_is_invalid(api: ApiFixture):
    most = QUICK.http.outputs_max
    links = [{"url": f"https://files.example/{n}/output.wav"} for n in range(most + 1)]
    api.fault(f.WrongType("downloads", links))
    with pytest.raises(AnswerInvalid, match=f"{most + 1} outputs: at most {most}"):
        api.client.get("one")
    api.fault(f.WrongType("downloads", links[:most]))
    assert len(api.client.get("one").downloads) == most


def test_an_unknown_status_and_missing_optional_fields_are_accepted(api: ApiFixture):
    api.fault(f.UnknownStatus("paused"))
    project = api.client.get("one")
    assert (project.status, project.status_text) == (Status.UNKNOWN, "paused")

    api.fault(f.MissingField("downloads"))
    assert api.client.get("one").downloads == ()


def test_a_refused_connection_is_reported_with_the_host(client):
    with ScriptedServer(b"") as server:
        url = server.url

    with pytest.raises(ConnectionFailed, match="cannot connect: connection refused") as caught:
        client(url).get("one")

    assert url in (caught.value.hint or "")


def test_an_unknown_host_name_is_a_connection_error(client):
    with pytest.raises(ConnectionFailed, match="cannot resolve the host name"):
        client("https://mhsync-does-not-exist.invalid").get("one")


def test_one_missing_response_leaves_time_for_other_attempts(api: ApiFixture, client):
    patient = dataclasses.replace(QUICK.http, read_timeout=30, retry_window=3)
    api.client = client(api.sandbox.api_url, settings=dataclasses.replace(QUICK, http=patient))
    api.fault(f.Stall(), nth=1)

    began = time.monotonic()
    assert api.client.get("one").id == "one"

    assert time.monotonic() - began < 3
    assert api.request_count("GET") >= 2


def test_the_first_attempt_waits_for_a_slow_api(api: ApiFixture, client):
    patient = dataclasses.replace(QUICK.http, read_timeout=30, retry_window=6)
    api.client = client(api.sandbox.api_url, settings=dataclasses.replace(QUICK, http=patient))
    api.fault(f.Delay(1.2))

    assert api.client.get("one").id == "one"
    assert api.request_count("GET") == 1


def test_calls_to_a_silent_api_end_with_the_retry_window(api: ApiFixture, client):
    patient = dataclasses.replace(QUICK.http, read_timeout=30, retry_window=1.5)
    api.client = client(api.sandbox.api_url, settings=dataclasses.replace(QUICK, http=patient))
    api.fault(f.Stall())

    began = time.monotonic()
    with pytest.raises(ConnectionFailed, match="the server sent no response in time"):
        api.client.get("one")

    assert time.monotonic() - began < 2 * 1.5
    assert api.request_count("GET") >= 5


def test_no_attempt_begins_after_the_retry_window(api: ApiFixture, client):
    narrow = dataclasses.replace(QUICK.http, attempts=50, backoff=0.2, backoff_max=0.2, retry_window=0.5)
    api.client = client(api.sandbox.api_url, settings=dataclasses.replace(QUICK, http=narrow))
    api.fault(f.Status(500))

    began = time.monotonic()
    with pytest.raises(ServerFailed):
        api.client.get("one")

    assert time.monotonic() - began < 1
    assert 2 <= api.request_count("GET") <= 6


def test_a_retry_after_above_the_limit_ends_the_call(api: ApiFixture):
    api.fault(f.Status(429, "slow down", retry_after=100_000))

    began = time.monotonic()
    with pytest.raises(RateLimited, match="429: slow down"):
        api.client.get("one")

    assert time.monotonic() - began < 2
    assert api.request_count("GET") == 1


def test_the_client_waits_for_retry_after(api: ApiFixture):
    api.fault(f.Status(429, retry_after=1), nth=1)

    began = time.monotonic()
    api.client.get("one")

    assert 1 <= time.monotonic() - began < 3
    assert api.request_count("GET") == 2


@pytest.mark.parametrize("after", list(AfterDelete))
def test_a_delete_returns_true_and_a_repeated_one_false(api: ApiFixture, after: AfterDelete):
    project = dataclasses.replace(api.sandbox.account.project("one"), after_delete=after)
    api.sandbox.account.put(project)

    assert api.client.delete("one") is True
    assert api.client.delete("one") is False
    assert api.sandbox.account.deleted_ids == {"one"}


@pytest.mark.parametrize("fault", [one for one in PASSING if not isinstance(one, f.InvalidJson)], ids=repr)
def test_a_delete_succeeds_after_temporary_faults(api: ApiFixture, client, fault: object):
    api.shorten_timeouts_if_stalled(fault, client)
    api.fault(fault, method="DELETE", nth=1)

    assert api.client.delete("one") is True
    assert api.sandbox.account.deleted_ids == {"one"}


def test_a_delete_without_any_response_is_checked_with_a_get(api: ApiFixture):
    api.fault(f.Lost(), method="DELETE")

    assert api.client.delete("one") is True

    assert (api.request_count("DELETE"), api.request_count("GET")) == (1, 1), (
        "a GET decides before another DELETE is sent"
    )


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (f.Reset(), ConnectionFailed),
        (f.Status(500), ServerFailed),
        (f.Html(), AnswerInvalid),
    ],
    ids=repr,
)
def test_a_delete_that_failed_raises_the_error_of_its_last_attempt(api: ApiFixture, fault, error):
    api.fault(fault, method="DELETE")

    with pytest.raises(error):
        api.client.delete("one")

    assert api.sandbox.account.deleted_ids == frozenset()
    assert api.request_count("DELETE") == QUICK.http.attempts
    assert api.request_count("GET") == QUICK.http.attempts, "after each it was still there"


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "text/html"])
@pytest.mark.parametrize("body", ['{"message": "queued"}', "ok", " "])
def test_a_delete_with_a_200_response_and_a_body_is_checked_with_a_get(api: ApiFixture, kind, body):
    api.fault(f.Status(200, body=body, headers={"Content-Type": kind}), method="DELETE", nth=1)

    assert api.client.delete("one") is True

    assert (api.request_count("DELETE"), api.request_count("GET")) == (2, 1), (
        "it was still there, so it was deleted again"
    )
    assert api.sandbox.account.deleted_ids == {"one"}


def test_a_delete_whose_check_fails_raises_the_error_of_the_delete(api: ApiFixture):
    api.fault(f.Status(500, "down"))

    with pytest.raises(ServerFailed, match="DELETE of one: the API returned 500: down"):
        api.client.delete("one")


@pytest.mark.parametrize(
    ("status", "error"), [(401, AuthenticationFailed), (403, PermissionDenied), (429, RateLimited)]
)
def test_a_refused_delete_is_not_checked_with_a_get(api: ApiFixture, status, error):
    api.fault(f.Status(status), method="DELETE")

    with pytest.raises(error):
        api.client.delete("one")

    assert api.request_count("GET") == 0


def test_a_404_after_a_failed_connection_means_deleted_before(stack, client, scripted_server, monkeypatch):
    """An attempt that did not reach the API cannot have deleted the project."""
    import urllib3.connection

    server = scripted_server(http_response(404, b'{"message": "Not Found"}'))
    real = urllib3.connection.HTTPConnection.connect
    refused = iter([True, False])

    def connect(self):
        if next(refused):
            raise urllib3.exceptions.NewConnectionError(self, "refused")
        real(self)

    monkeypatch.setattr(urllib3.connection.HTTPConnection, "connect", connect)
    assert client(server.url).delete("one") is False

    lost = scripted_server(resets(), http_response(404, b'{"message": "Not Found"}'))
    monkeypatch.setattr(urllib3.connection.HTTPConnection, "connect", real)
    assert client(lost.url).delete("one") is True


@pytest.mark.parametrize("id", ["", "../video-projects/x", "a/b", "a%2Fb", "a b", "ä", "x" * 129, "a\n", ".."])
def test_an_invalid_id_is_never_sent(api: ApiFixture, id: str):
    for call in (api.client.get, api.client.delete, api.client.check_result):
        with pytest.raises(UsageError, match="invalid project id"):
            call(id)
    assert len(api.sandbox.requests) == 0


def test_the_hint_of_a_401_names_the_source_of_the_key(api: ApiFixture, client):
    wrong = Client("mhk_wrong", base_url=api.sandbox.api_url, key_from="MAGIC_HOUR_API_KEY")

    with wrong, pytest.raises(AuthenticationFailed) as caught:
        wrong.get("one")

    assert caught.value.hint == "check the API key (from MAGIC_HOUR_API_KEY)"


def test_messages_of_the_api_are_bounded_escaped_and_masked(api: ApiFixture):
    nasty = f"\x1b[2Jred\u202e {KEY} https://x.example/a?sig=5ecre7\nnext " + "y" * 5000
    api.fault(f.Status(400, nasty))

    with pytest.raises(RequestInvalid) as caught:
        api.client.get("one")

    text = caught.value.message
    assert text.isprintable()
    assert len(text) < 400
    assert "\\x1b[2Jred\\u202e *** https://x.example/a next yyy" in text


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
