"""The request log, which tests read while the sandbox runs."""

from __future__ import annotations

from collections.abc import Callable

from mhsync.sandbox import log
from mhsync.sandbox.account import Account
from mhsync.sandbox.log import Entry, RequestLog

from .conftest import Asker


def test_every_request_is_logged_in_order_without_its_query(start: Callable[..., Asker], account: Account) -> None:
    ask = start(account)
    (link,) = ask.links("one")
    ask.url(link, Range="bytes=5-9")
    ask.api("one", "DELETE", key="wrong")
    own = {"has_authorization": True, "has_key": True}
    assert ask.sandbox.requests.all() == (
        Entry("api", "GET", "/v1/audio-projects/one", "one", 200, **own),
        Entry("files", "GET", "/one/output.wav", "one", 206, False, False, "bytes=5-9"),
        Entry("api", "DELETE", "/v1/audio-projects/one", "one", 401, True, False),
    )
    assert "signature" not in repr(ask.sandbox.requests.all())


def test_it_can_be_searched_and_cleared(start: Callable[..., Asker], account: Account) -> None:
    ask = start(account)
    for id, method in (("one", "GET"), ("two", "GET"), ("one", "DELETE")):
        ask.api(id, method)
    requests = ask.sandbox.requests
    assert [len(found) for found in (requests.of(), requests.of("api"), requests.of("files"))] == [3, 3, 0]
    assert [entry.method for entry in requests.of(id="one")] == ["GET", "DELETE"]
    assert [entry.id for entry in requests.of(method="GET", status=404)] == ["two"]
    assert [entry.status for entry in requests] == [200, 404, 204]
    requests.clear()
    assert (len(requests), requests.all()) == (0, ())


def test_the_log_is_bounded() -> None:
    requests = RequestLog()
    entry = Entry("api", "GET", "/", "", 200, True, True)
    for _ in range(log.KEPT + 10):
        requests.add(entry)
    assert len(requests) == log.KEPT
