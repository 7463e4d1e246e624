"""Each fault of the API: the outcome and the requests made, over real sockets."""

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
from tests.api.client_fixture import KEY, QUICK, CliRunner
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
def test_a_get_outlives_faults_that_pass(cli_runner: CliRunner, client, fault: object):
    cli_runner.hurry_if_silent(fault, client)
    cli_runner.fault(fault, times=2)

    assert cli_runner.client.get("one").status is Status.COMPLETE
    assert cli_runner.asked("GET") == 3 or isinstance(fault, f.Stall)


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
def test_a_get_is_tried_as_often_as_the_settings_say(cli_runner: CliRunner, fault, error, words):
    cli_runner.fault(fault)

    with pytest.raises(error, match=words):
        cli_runner.client.get("one")

    assert cli_runner.asked("GET") == QUICK.http.attempts >= 5


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
def test_an_answer_that_will_not_get_better_is_not_asked_for_again(cli_runner: CliRunner, fault, error, words):
    cli_runner.fault(fault)

    began = time.monotonic()
    with pytest.raises(error, match=words) as caught:
        cli_runner.client.get("one")

    assert caught.value.id == "one"
    assert cli_runner.asked("GET") == 1
    assert time.monotonic() - began < 2  # nothing of 100 MB is read beyond the bound


def test_details_with_too_many_outputs_are_a_broken_answer(cli_runner: CliRunner):
    most = QUICK.http.outputs_max
    links = [{"url": f"https://files.example/{n}/output.wav"} for n in range(most + 1)]
    cli_runner.fault(f.WrongType("downloads", links))
    with pytest.raises(AnswerInvalid, match=f"{most + 1} outputs: at most {most}"):
        cli_runner.client.get("one")
    cli_runner.fault(f.WrongType("downloads", links[:most]))
    assert len(cli_runner.client.get("one").downloads) == most


def test_an_unknown_status_and_missing_optional_fields_are_understood(cli_runner: CliRunner):
    cli_runner.fault(f.UnknownStatus("paused"))
    project = cli_runner.client.get("one")
    assert (project.status, project.status_text) == (Status.UNKNOWN, "paused")

    cli_runner.fault(f.MissingField("downloads"))
    assert cli_runner.client.get("one").downloads == ()


def test_nobody_listening_is_a_connection_error_that_names_the_host(client):
    with ScriptedServer(b"") as server:
        url = server.url

    with pytest.raises(ConnectionFailed, match="cannot connect: connection refused") as caught:
        client(url).get("one")

    assert url in (caught.value.hint or "")


def test_a_name_that_does_not_resolve_is_a_connection_error(client):
    with pytest.raises(ConnectionFailed, match="cannot resolve the host name"):
        client("https://mhsync-does-not-exist.invalid").get("one")


def test_one_answer_that_never_comes_leaves_time_for_others(cli_runner: CliRunner, client):
    patient = dataclasses.replace(QUICK.http, read_timeout=30, retry_window=3)
    cli_runner.client = client(cli_runner.sandbox.api_url, settings=dataclasses.replace(QUICK, http=patient))
    cli_runner.fault(f.Stall(), nth=1)

    began = time.monotonic()
    assert cli_runner.client.get("one").id == "one"

    assert time.monotonic() - began < 3
    assert cli_runner.asked("GET") >= 2


def test_a_slow_api_is_heard_in_the_first_attempt(cli_runner: CliRunner, client):
    patient = dataclasses.replace(QUICK.http, read_timeout=30, retry_window=6)
    cli_runner.client = client(cli_runner.sandbox.api_url, settings=dataclasses.replace(QUICK, http=patient))
    cli_runner.fault(f.Delay(1.2))

    assert cli_runner.client.get("one").id == "one"
    assert cli_runner.asked("GET") == 1


def test_an_api_that_never_answers_is_given_up_when_the_window_ends(cli_runner: CliRunner, client):
    patient = dataclasses.replace(QUICK.http, read_timeout=30, retry_window=1.5)
    cli_runner.client = client(cli_runner.sandbox.api_url, settings=dataclasses.replace(QUICK, http=patient))
    cli_runner.fault(f.Stall())

    began = time.monotonic()
    with pytest.raises(ConnectionFailed, match="the server sent no response in time"):
        cli_runner.client.get("one")

    assert time.monotonic() - began < 2 * 1.5
    assert cli_runner.asked("GET") >= 5


def test_no_attempt_begins_after_the_window(cli_runner: CliRunner, client):
    narrow = dataclasses.replace(QUICK.http, attempts=50, backoff=0.2, backoff_max=0.2, retry_window=0.5)
    cli_runner.client = client(cli_runner.sandbox.api_url, settings=dataclasses.replace(QUICK, http=narrow))
    cli_runner.fault(f.Status(500))

    began = time.monotonic()
    with pytest.raises(ServerFailed):
        cli_runner.client.get("one")

    assert time.monotonic() - began < 1
    assert 2 <= cli_runner.asked("GET") <= 6


def test_a_longer_retry_after_than_is_waited_for_ends_the_call(cli_runner: CliRunner):
    cli_runner.fault(f.Status(429, "slow down", retry_after=100_000))

    began = time.monotonic()
    with pytest.raises(RateLimited, match="429: slow down"):
        cli_runner.client.get("one")

    assert time.monotonic() - began < 2
    assert cli_runner.asked("GET") == 1


def test_retry_after_is_waited_for(cli_runner: CliRunner):
    cli_runner.fault(f.Status(429, retry_after=1), nth=1)

    began = time.monotonic()
    cli_runner.client.get("one")

    assert 1 <= time.monotonic() - began < 3
    assert cli_runner.asked("GET") == 2


@pytest.mark.parametrize("after", list(AfterDelete))
def test_a_delete_that_was_done_is_true_and_a_repeated_one_false(cli_runner: CliRunner, after: AfterDelete):
    project = dataclasses.replace(cli_runner.sandbox.account.project("one"), after_delete=after)
    cli_runner.sandbox.account.put(project)

    assert cli_runner.client.delete("one") is True
    assert cli_runner.client.delete("one") is False
    assert cli_runner.sandbox.account.deleted_ids == {"one"}


@pytest.mark.parametrize("fault", [one for one in PASSING if not isinstance(one, f.InvalidJson)], ids=repr)
def test_a_delete_outlives_faults_that_pass(cli_runner: CliRunner, client, fault: object):
    cli_runner.hurry_if_silent(fault, client)
    cli_runner.fault(fault, method="DELETE", nth=1)

    assert cli_runner.client.delete("one") is True
    assert cli_runner.sandbox.account.deleted_ids == {"one"}


def test_a_delete_whose_every_answer_is_lost_is_looked_up(cli_runner: CliRunner):
    cli_runner.fault(f.Lost(), method="DELETE")

    assert cli_runner.client.delete("one") is True

    assert (cli_runner.asked("DELETE"), cli_runner.asked("GET")) == (1, 1), (
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
def test_a_delete_that_was_not_done_is_the_error_of_its_last_attempt(cli_runner: CliRunner, fault, error):
    cli_runner.fault(fault, method="DELETE")

    with pytest.raises(error):
        cli_runner.client.delete("one")

    assert cli_runner.sandbox.account.deleted_ids == frozenset()
    assert cli_runner.asked("DELETE") == QUICK.http.attempts
    assert cli_runner.asked("GET") == QUICK.http.attempts, "after each it was still there"


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "text/html"])
@pytest.mark.parametrize("body", ['{"message": "queued"}', "ok", " "])
def test_a_delete_answered_200_with_a_body_is_looked_up(cli_runner: CliRunner, kind, body):
    cli_runner.fault(f.Status(200, body=body, headers={"Content-Type": kind}), method="DELETE", nth=1)

    assert cli_runner.client.delete("one") is True

    assert (cli_runner.asked("DELETE"), cli_runner.asked("GET")) == (2, 1), (
        "it was still there, so it was deleted again"
    )
    assert cli_runner.sandbox.account.deleted_ids == {"one"}


def test_a_delete_that_cannot_be_looked_up_either_is_the_error_of_the_delete(cli_runner: CliRunner):
    cli_runner.fault(f.Status(500, "down"))

    with pytest.raises(ServerFailed, match="DELETE of one: the API returned 500: down"):
        cli_runner.client.delete("one")


@pytest.mark.parametrize(
    ("status", "error"), [(401, AuthenticationFailed), (403, PermissionDenied), (429, RateLimited)]
)
def test_a_refused_delete_is_not_looked_up(cli_runner: CliRunner, status, error):
    cli_runner.fault(f.Status(status), method="DELETE")

    with pytest.raises(error):
        cli_runner.client.delete("one")

    assert cli_runner.asked("GET") == 0


def test_a_404_after_a_connection_that_never_was_says_gone_before(stack, client, scripted_server, monkeypatch):
    """Only an attempt that may have reached the API can have been the delete."""
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
def test_what_is_no_id_is_never_sent(cli_runner: CliRunner, id: str):
    for call in (cli_runner.client.get, cli_runner.client.delete, cli_runner.client.check_result):
        with pytest.raises(UsageError, match="invalid project id"):
            call(id)
    assert len(cli_runner.sandbox.requests) == 0


def test_401_says_where_the_key_came_from(cli_runner: CliRunner, client):
    wrong = Client("mhk_wrong", base_url=cli_runner.sandbox.api_url, key_from="MAGIC_HOUR_API_KEY")

    with wrong, pytest.raises(AuthenticationFailed) as caught:
        wrong.get("one")

    assert caught.value.hint == "check the API key (from MAGIC_HOUR_API_KEY)"


def test_what_the_api_says_is_bounded_escaped_and_scrubbed(cli_runner: CliRunner):
    nasty = f"\x1b[2Jred\u202e {KEY} https://x.example/a?sig=5ecre7\nnext " + "y" * 5000
    cli_runner.fault(f.Status(400, nasty))

    with pytest.raises(RequestInvalid) as caught:
        cli_runner.client.get("one")

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
def test_an_address_that_cannot_be_the_api_is_refused_at_once(url: str, words: str):
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
def test_a_path_of_the_base_url_stands_before_v1(scripted_server, client, path: str):
    server = scripted_server(http_response(404))

    with pytest.raises(ProjectNotFound):
        client(server.url + path).get("one")

    assert server.heads[0].startswith(f"GET {path.rstrip('/')}/v1/audio-projects/one HTTP/1.1\r\n")


def test_a_request_carries_the_key_and_says_who_asks(scripted_server, client):
    server = scripted_server(http_response(404))

    with pytest.raises(ProjectNotFound):
        client(server.url).get("one")

    head = server.heads[0]
    assert f"Authorization: Bearer {KEY}\r\n" in head
    assert "User-Agent: mhsync/" in head


@pytest.mark.parametrize("key", ["", "  ", "two words", "line\nbreak", "tab\tbed", "ключ", "nul\0"])
def test_what_cannot_be_a_key_is_refused_without_being_shown(key: str):
    with pytest.raises(CredentialsMissing) as caught:
        Client(key)
    assert not key.strip() or key.strip() not in str(caught.value)


def test_the_environment_gives_key_address_and_network(cli_runner: CliRunner):
    environ = {"MAGIC_HOUR_API_KEY": f"{KEY}\n", "MHSYNC_API_URL": cli_runner.sandbox.api_url}

    with Client.from_environment(environ) as client:
        assert client.get("one").id == "one"
        assert client.origin == cli_runner.sandbox.api_url

    with Client.from_environment(environ, base_url="https://api.example.test", network=Network()) as client:
        assert client.origin == "https://api.example.test"

    with pytest.raises(CredentialsMissing):
        Client.from_environment({"HOME": "/nonexistent"})


def test_stop_ends_waiting_promptly(cli_runner: CliRunner, client):
    stopped = threading.Event()
    cli_runner.client = client(cli_runner.sandbox.api_url, stop=stopped.is_set)
    cli_runner.fault(f.Status(429, retry_after=60))
    threading.Timer(0.2, stopped.set).start()

    began = time.monotonic()
    with pytest.raises(Interrupted):
        cli_runner.client.get("one")

    assert time.monotonic() - began < 2


def test_many_threads_share_one_client(cli_runner: CliRunner):
    with ThreadPoolExecutor(16) as pool:
        projects = list(pool.map(lambda _: cli_runner.client.get("one"), range(200)))

    assert {project.id for project in projects} == {"one"}
    assert cli_runner.asked("GET") == 200


def test_a_client_can_be_used_again_after_close(cli_runner: CliRunner):
    cli_runner.client.get("one")
    cli_runner.client.close()
    assert cli_runner.client.get("one").id == "one"
