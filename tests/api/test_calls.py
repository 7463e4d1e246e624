"""GET and DELETE with their retries, over real sockets: the result, and the number of requests."""

from __future__ import annotations

import dataclasses
import time

import pytest

from mhsync.core.project import Status
from mhsync.errors import (
    AuthenticationFailed,
    ConnectionFailed,
    PaymentRequired,
    PermissionDenied,
    ProjectNotFound,
    RateLimited,
    RequestInvalid,
    ResponseInvalid,
    ServerFailed,
)
from mhsync.sandbox import faults as f
from mhsync.sandbox.account import AfterDelete
from tests.api.client_fixture import QUICK, ApiFixture
from tests.api.scripted_server import http_response, resets

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
        (f.InvalidJson(), ResponseInvalid, "the response is not JSON"),
        (f.Html(), ResponseInvalid, "the response is text/html, not JSON"),
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
        (f.Status(418), ResponseInvalid, "418"),
        (f.OtherId(), ResponseInvalid, "another project: 'sbx-another'"),
        (f.MissingField("id"), ResponseInvalid, "have no id"),
        (f.MissingField("status"), ResponseInvalid, "have no status"),
        (f.WrongType(), ResponseInvalid, "downloads"),
        (f.Huge(), ResponseInvalid, "too large"),
        (f.Huge(chunked=True), ResponseInvalid, "too large"),
        (f.Redirect("elsewhere"), ResponseInvalid, "a redirect to localhost"),
        (f.Redirect("https://evil.example/x?k=1"), ResponseInvalid, "a redirect to evil.example$"),
        (f.Redirect("//[broken"), ResponseInvalid, "a redirect to an invalid URL"),
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
        (f.Html(), ResponseInvalid),
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
