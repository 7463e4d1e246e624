"""Every fault does what docs/sandbox.md describes; the response is read from the socket."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from mhsync.sandbox import faults as the_faults
from mhsync.sandbox.account import Account
from mhsync.sandbox.faults import (
    FAULTS,
    Changed,
    Chunked,
    Cut,
    Delay,
    Empty,
    Expired,
    Fault,
    Html,
    Huge,
    IgnoreRange,
    InvalidJson,
    Longer,
    Lost,
    MissingField,
    NoLength,
    OtherId,
    Redirect,
    Reset,
    SetHeaders,
    Shorter,
    Stall,
    Status,
    Throttle,
    UnknownStatus,
    WrongType,
)
from mhsync.sandbox.rules import Faults, Rule

from .conftest import TIMEOUT, Asker, read_all

SIZE = 10_000
Start = Callable[..., Asker]


def with_fault(start: Start, account: Account, fault: Fault, **conditions: Any) -> Asker:
    return start(account, faults=Faults(Rule(fault, **conditions)))


def link_of(ask: Asker) -> str:
    """A link that is asked for while nothing goes wrong."""
    faults, ask.sandbox.faults = ask.sandbox.faults, Faults()
    (link,) = ask.links("one")
    ask.sandbox.faults = faults
    return link


def content(account: Account) -> bytes:
    return b"".join(account.project("one").outputs[0].audio.read())


def api_url(ask: Asker) -> str:
    return f"{ask.sandbox.api_url}/v1/audio-projects/one"


def split(raw: bytes) -> tuple[str, dict[str, str], bytes]:
    """Status line, headers and what follows them."""
    head, found, body = raw.partition(b"\r\n\r\n")
    assert found
    first, *lines = head.decode().split("\r\n")
    pairs = (line.split(": ", 1) for line in lines)
    return first, {name.lower(): value for name, value in pairs}, body


def test_every_fault_has_a_name() -> None:
    kinds = {kind for name in the_faults.__all__ if isinstance(kind := getattr(the_faults, name), type)}
    assert kinds - {Fault} == set(FAULTS.values())


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@pytest.mark.parametrize("status", [401, 402, 403, 404, 422, 429, 500, 502, 503])
def test_status_is_sent_and_the_request_is_not_carried_out(
    start: Start, account: Account, status: int, method: str
) -> None:
    reply = with_fault(start, account, Status(status, "because")).api("one", method)
    assert (reply.status, reply.json()) == (status, {"message": "because"})
    assert "retry-after" not in reply.headers
    assert account.deleted_ids == set()


def test_status_may_have_a_body_and_headers_of_its_own(start: Start, account: Account) -> None:
    reply = with_fault(start, account, Status(502, body="<bad>", headers={"Via": "x", "Retry-After": "soon"})).api(
        "one"
    )
    assert (reply.status, reply.body, reply.headers["via"]) == (502, b"<bad>", "x")
    assert reply.headers["retry-after"] == "soon"


def test_retry_after_is_sent_in_seconds_or_as_a_date(start: Start, account: Account) -> None:
    ask = with_fault(start, account, Status(429, retry_after=7))
    assert ask.api("one").headers["retry-after"] == "7"
    ask.sandbox.faults = Faults(Rule(Status(503, retry_after_date=100)))
    moment = parsedate_to_datetime(ask.api("one").headers["retry-after"]).timestamp()
    assert 95 <= moment - time.time() <= 100


def test_reset_comes_before_the_response_and_the_request_is_not_carried_out(
    start: Start, account: Account
) -> None:
    ask = with_fault(start, account, Reset())
    assert ask.raw(api_url(ask), "DELETE") == (b"", True)
    assert account.deleted_ids == set()
    (entry,) = ask.sandbox.requests
    assert (entry.status, entry.fault) == (None, "Reset")


def test_lost_carries_the_request_out_and_sends_no_response(start: Start, account: Account) -> None:
    ask = with_fault(start, account, Lost())
    assert ask.raw(api_url(ask), "DELETE") == (b"", True)
    assert account.deleted_ids == {"one"}


@pytest.mark.parametrize("is_reset", [False, True])
def test_cut_ends_the_body_early_with_its_whole_length_announced(
    start: Start, account: Account, is_reset: bool
) -> None:
    ask = with_fault(start, account, Cut(3_000, reset=is_reset))
    raw, was_reset = ask.raw(link_of(ask))
    first, headers, body = split(raw)
    assert (first, headers["content-length"]) == ("HTTP/1.1 200 OK", str(SIZE))
    assert (body, was_reset) == (content(account)[:3_000], is_reset)


def test_cut_sends_half_by_default_and_does_not_cut_shorter_responses(start: Start, account: Account) -> None:
    ask = with_fault(start, account, Cut())
    assert split(ask.raw(link_of(ask))[0])[2] == content(account)[: SIZE // 2]
    ask.sandbox.faults = Faults(Rule(Cut(SIZE)))
    assert ask.url(link_of(ask)).body == content(account)


def test_cut_applied_each_time_lets_resumed_transfers_progress(start: Start, account: Account) -> None:
    ask = with_fault(start, account, Cut(4_000))
    link, got = link_of(ask), b""
    for _ in range(3):
        got += split(ask.raw(link, Range=f"bytes={len(got)}-")[0])[2]
    assert got == content(account)


def test_cut_cuts_the_head_of_a_response_without_a_body(start: Start, account: Account) -> None:
    ask = with_fault(start, account, Cut())
    raw, _ = ask.raw(api_url(ask), "DELETE")
    assert raw.startswith(b"HTTP/1.1 204 ")
    assert b"\r\n\r\n" not in raw
    assert account.deleted_ids == {"one"}


@pytest.mark.parametrize("sent", [None, 0, 100])
def test_stall_pauses_and_then_closes(start: Start, account: Account, sent: int | None) -> None:
    ask = with_fault(start, account, Stall(0.3, sent))
    link = link_of(ask)
    before = time.monotonic()
    raw, was_reset = ask.raw(link)
    assert time.monotonic() - before >= 0.3
    assert not was_reset
    assert (split(raw)[2] if sent is not None else raw) == content(account)[: sent or 0]


def test_stall_before_the_response_does_not_carry_the_request_out(start: Start, account: Account) -> None:
    ask = with_fault(start, account, Stall(0.05))
    assert ask.raw(api_url(ask), "DELETE") == (b"", False)
    assert account.deleted_ids == set()


def test_delay_sends_the_real_response_late(start: Start, account: Account) -> None:
    ask = with_fault(start, account, Delay(0.2))
    before = time.monotonic()
    assert ask.api("one").status == 200
    assert time.monotonic() - before >= 0.2


def test_latency_delays_every_response(start: Start, account: Account) -> None:
    ask = start(account, latency=0.1)
    before = time.monotonic()
    assert [ask.api("one").status, ask.api("none").status] == [200, 404]
    assert time.monotonic() - before >= 0.2


def test_throttle_limits_the_transfer_rate(start: Start, account: Account) -> None:
    ask = with_fault(start, account, Throttle(20_000))
    link = link_of(ask)
    before = time.monotonic()
    assert ask.url(link).body == content(account)
    assert time.monotonic() - before >= 0.4


@pytest.mark.parametrize("on_api", [True, False])
def test_html_has_a_success_status_and_the_request_is_not_carried_out(
    start: Start, account: Account, on_api: bool
) -> None:
    ask = with_fault(start, account, Html())
    reply = ask.api("one", "DELETE") if on_api else ask.url(link_of(ask))
    assert (reply.status, reply.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert reply.body.startswith(b"<!doctype html>")
    assert account.deleted_ids == set()


@pytest.mark.parametrize("is_chunked", [False, True])
def test_huge_is_valid_json_of_the_given_size(start: Start, account: Account, is_chunked: bool) -> None:
    ask = with_fault(start, account, Huge(3_000_000, chunked=is_chunked))
    reply = ask.api("one")
    assert len(reply.body) == 3_000_000
    assert isinstance(reply.json(), dict)
    assert ("content-length" in reply.headers) is not is_chunked


@pytest.mark.parametrize(
    ("to", "location"),
    [
        ("elsewhere", "http://localhost:{files}{target}"),
        ("api", "http://127.0.0.1:{api}{target}"),
        ("files", "http://127.0.0.1:{files}{target}"),
        ("loop", "http://127.0.0.1:{files}{target}"),
        ("https", "https://127.0.0.1:{files}{target}"),
        ("http://example.com/a.wav", "http://example.com/a.wav"),
    ],
)
def test_redirect_leads_to_the_given_target(start: Start, account: Account, to: str, location: str) -> None:
    ask = with_fault(start, account, Redirect(to, 307))
    link = link_of(ask)
    reply = ask.url(link)
    ports = {
        host: url.rpartition(":")[2]
        for host, url in (("api", ask.sandbox.api_url), ("files", ask.sandbox.files_url))
    }
    target = link.removeprefix(ask.sandbox.files_url)
    assert (reply.status, reply.body) == (307, b"")
    assert reply.headers["location"] == location.format(**ports, target=target)


def test_a_redirect_elsewhere_ends_in_the_real_response(start: Start, account: Account) -> None:
    ask = with_fault(start, account, Redirect())
    reply = ask.url(ask.url(link_of(ask)).headers["location"])
    assert (reply.status, reply.body) == (200, content(account))


def test_a_redirected_delete_deletes_nothing(start: Start, account: Account) -> None:
    assert with_fault(start, account, Redirect()).api("one", "DELETE").status == 302
    assert account.deleted_ids == set()


def test_headers_are_replaced_or_removed(start: Start, account: Account) -> None:
    ask = with_fault(start, account, SetHeaders({"content-type": "text/plain", "X-New": "1"}, ("etag",)))
    reply = ask.url(link_of(ask))
    assert (reply.headers["content-type"], reply.headers["x-new"]) == ("text/plain", "1")
    assert "etag" not in reply.headers
    assert reply.body == content(account)


def test_invalid_json_is_cut_in_the_middle_with_a_matching_length(start: Start, account: Account) -> None:
    reply = with_fault(start, account, InvalidJson()).api("one")
    assert reply.status == 200
    assert reply.body.startswith(b'{"id": "one"')
    with pytest.raises(json.JSONDecodeError):
        reply.json()


@pytest.mark.parametrize(
    ("fault", "field", "value"),
    [
        (OtherId("two"), "id", "two"),
        (UnknownStatus("paused"), "status", "paused"),
        (WrongType("enabled", "yes"), "enabled", "yes"),
        (WrongType(), "downloads", [[]]),
        (MissingField("downloads"), "downloads", None),
    ],
)
def test_details_differ_in_one_field(
    start: Start, account: Account, fault: Fault, field: str, value: object
) -> None:
    ask = start(account)
    real_response = ask.api("one").json()
    ask.sandbox.faults = Faults(Rule(fault))
    details = ask.api("one").json()
    assert isinstance(real_response, dict)
    assert isinstance(details, dict)
    assert details.get(field) == value
    assert (field in details) is not isinstance(fault, MissingField)
    assert {name for name in real_response if name not in ("downloads", field)} == set(details) - {
        "downloads",
        field,
    }
    assert ask.api("none").json() == {"message": "Not Found"}


def test_longer_sends_more_than_it_announces(start: Start, account: Account) -> None:
    ask = with_fault(start, account, Longer(500))
    _, headers, body = split(ask.raw(link_of(ask))[0])
    assert headers["content-length"] == str(SIZE)
    assert (len(body), body[:SIZE]) == (SIZE + 500, content(account))


def test_shorter_announces_more_than_it_sends(start: Start, account: Account) -> None:
    ask = with_fault(start, account, Shorter(500))
    _, headers, body = split(ask.raw(link_of(ask))[0])
    assert (headers["content-length"], body) == (str(SIZE + 500), content(account))


@pytest.mark.parametrize("sent", [None, 2_500])
def test_no_length_ends_with_the_connection(start: Start, account: Account, sent: int | None) -> None:
    ask = with_fault(start, account, NoLength(sent))
    raw, was_reset = ask.raw(link_of(ask))
    _, headers, body = split(raw)
    assert {"content-length", "transfer-encoding"} & set(headers) == set()
    assert (body, was_reset) == (content(account)[:sent], False)


def test_chunked_has_a_last_chunk_unless_it_is_cut(start: Start, account: Account) -> None:
    ask = with_fault(start, account, Chunked())
    link = link_of(ask)
    reply = ask.url(link)
    assert (reply.body, "content-length" in reply.headers) == (content(account), False)
    assert split(ask.raw(link)[0])[2].endswith(b"\r\n0\r\n\r\n")
    ask.sandbox.faults = Faults(Rule(Chunked(2_500)))
    broken = split(ask.raw(link)[0])[2]
    # The first piece is the 80 bytes of the header: a chunk of its own.
    assert broken == b"50\r\n%b\r\n974\r\n%b\r\n" % (content(account)[:80], content(account)[80:2_500])


def test_empty_is_an_empty_file(start: Start, account: Account) -> None:
    ask = with_fault(start, account, Empty())
    reply = ask.url(link_of(ask), Range="bytes=10-")
    assert (reply.status, reply.body, reply.headers["content-length"]) == (200, b"", "0")


@pytest.mark.parametrize("status", [401, 403, 410])
def test_expired_refuses_a_valid_link(start: Start, account: Account, status: int) -> None:
    ask = with_fault(start, account, Expired(status))
    assert ask.url(link_of(ask)).status == status


def test_ignore_range_gives_the_whole_file(start: Start, account: Account) -> None:
    ask = with_fault(start, account, IgnoreRange())
    reply = ask.url(link_of(ask), Range="bytes=100-")
    assert (reply.status, reply.body) == (200, content(account))
    assert ask.sandbox.requests.of("files")[-1].range == "bytes=100-"


def test_changed_gives_other_bytes_from_then_on(start: Start, account: Account) -> None:
    ask = with_fault(start, account, Changed(), nth=2)
    link, before = link_of(ask), content(account)
    first, second, third = (ask.url(link) for _ in range(3))
    assert first.body == before
    assert second.body == third.body != before
    assert first.headers["etag"] != second.headers["etag"] == third.headers["etag"]
    assert ask.url(link, Range="bytes=5-", If_Range=first.headers["etag"]).status == 200


@pytest.mark.parametrize("fault", [Longer(), Shorter(), NoLength(), Chunked(), Empty(), IgnoreRange(), Changed()])
def test_faults_of_files_do_not_change_refusals(start: Start, account: Account, fault: Fault) -> None:
    ask = with_fault(start, account, fault)
    link = link_of(ask)
    real_response = ask.url(link.partition("?")[0])
    assert (real_response.status, len(real_response.body)) == (403, int(real_response.headers["content-length"]))


@pytest.mark.parametrize(
    ("fault", "answers"),
    [
        (Cut(10), 1),
        (Cut(SIZE), 2),
        (Longer(), 1),
        (Shorter(), 1),
        (NoLength(), 1),
        (Chunked(10), 1),
        (Chunked(), 2),
        (Stall(0.01, 10), 1),
    ],
)
def test_a_connection_is_reused_only_after_a_complete_response(
    start: Start, account: Account, fault: Fault, answers: int
) -> None:
    ask = with_fault(start, account, fault)
    target = link_of(ask).removeprefix(ask.sandbox.files_url)
    first, second = (f"GET {target} HTTP/1.1\r\nHost: x\r\n{more}\r\n" for more in ("", "Connection: close\r\n"))
    with socket.create_connection(("127.0.0.1", int(ask.sandbox.files_url.rpartition(":")[2])), TIMEOUT) as sock:
        sock.sendall(f"{first}{second}".encode())
        received, _ = read_all(sock)
    assert received.count(b"HTTP/1.1 200 OK") == answers
