"""The file host: signed links that expire, ranges, and no API key."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import pytest

from mhsync.sandbox.account import Account, Output, SandboxProject, outputs_of

from .conftest import Asker

SIZE = 10_000


def content(account: Account, id: str = "one") -> bytes:
    return b"".join(account.project(id).outputs[0].audio.read())


def test_a_link_gives_the_whole_output(start: Callable[..., Asker], account: Account) -> None:
    ask = start(account)
    (link,) = ask.links("one")
    reply = ask.url(link)
    assert (reply.status, reply.body) == (200, content(account))
    assert reply.headers["content-type"] == "audio/wav"
    assert reply.headers["content-length"] == str(SIZE)
    assert reply.headers["accept-ranges"] == "bytes"
    assert urlsplit(link).path == "/one/output.wav"


def test_the_file_host_has_another_origin_than_the_api(start: Callable[..., Asker], account: Account) -> None:
    ask = start(account)
    (link,) = ask.links("one")
    assert link.startswith(f"{ask.sandbox.files_url}/")
    assert ask.sandbox.files_url != ask.sandbox.api_url


def test_head_has_the_headers_of_get(start: Callable[..., Asker], account: Account) -> None:
    ask = start(account)
    (link,) = ask.links("one")
    head, get = ask.url(link, "HEAD"), ask.url(link)
    assert (head.status, head.body) == (200, b"")
    same = ("content-length", "content-type", "etag", "accept-ranges")
    assert [head.headers[name] for name in same] == [get.headers[name] for name in same]


@pytest.mark.parametrize(
    ("wanted", "start_at", "stop_at"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-", 0, SIZE),
        ("bytes=5000-", 5000, SIZE),
        ("bytes=100-199", 100, 200),
        ("bytes=9999-20000", 9999, SIZE),
        ("bytes=-1", SIZE - 1, SIZE),
        ("bytes=-99999", 0, SIZE),
    ],
)
def test_a_range_can_be_requested(
    start: Callable[..., Asker], account: Account, wanted: str, start_at: int, stop_at: int
) -> None:
    ask = start(account)
    (link,) = ask.links("one")
    reply = ask.url(link, Range=wanted)
    assert (reply.status, reply.body) == (206, content(account)[start_at:stop_at])
    assert reply.headers["content-range"] == f"bytes {start_at}-{stop_at - 1}/{SIZE}"
    assert reply.headers["content-length"] == str(stop_at - start_at)
    assert ask.sandbox.requests.of("files")[-1].range == wanted


@pytest.mark.parametrize("wanted", ["bytes=10000-", "bytes=99999-100000", "bytes=-0"])
def test_a_range_that_cannot_be_satisfied_is_refused_with_the_size(
    start: Callable[..., Asker], account: Account, wanted: str
) -> None:
    ask = start(account)
    (link,) = ask.links("one")
    reply = ask.url(link, Range=wanted)
    assert (reply.status, reply.headers["content-range"]) == (416, f"bytes */{SIZE}")


@pytest.mark.parametrize(
    "wanted", ["bytes=", "bytes=-", "bytes=9-3", "bytes=1-2,5-6", "lines=1-2", "bytes=a-b", "x"]
)
def test_an_invalid_range_is_ignored(start: Callable[..., Asker], account: Account, wanted: str) -> None:
    ask = start(account)
    (link,) = ask.links("one")
    reply = ask.url(link, Range=wanted)
    assert (reply.status, reply.body) == (200, content(account))


def test_if_range_gives_the_range_only_while_the_file_is_unchanged(
    start: Callable[..., Asker], account: Account
) -> None:
    ask = start(account)
    (link,) = ask.links("one")
    etag = ask.url(link, "HEAD").headers["etag"]
    assert ask.url(link, Range="bytes=500-", If_Range=etag).status == 206
    account.rewrite("one", "output.wav")
    reply = ask.url(link, Range="bytes=500-", If_Range=etag)
    assert (reply.status, reply.body) == (200, content(account))
    assert reply.headers["etag"] != etag
    assert ask.url(link, Range="bytes=500-", If_Range="Mon, 23 Nov 2026 17:00:00 GMT").status == 200


def test_a_link_expires_at_its_time_and_a_new_get_gives_a_new_one(
    start: Callable[..., Asker], account: Account
) -> None:
    now = [1_790_000_000.0]
    ask = start(account, clock=lambda: now[0])
    details = ask.api("one").json()
    assert isinstance(details, dict)
    (download,) = details["downloads"]
    expires = datetime.fromisoformat(download["expires_at"])
    assert expires - datetime.fromtimestamp(now[0], expires.tzinfo) == timedelta(hours=24)
    now[0] += 24 * 3600 - 1
    assert ask.url(download["url"]).status == 200
    now[0] += 1
    assert ask.url(download["url"]).status == 403
    (fresh,) = ask.links("one")
    assert ask.url(fresh).status == 200
    assert fresh != download["url"]


def test_a_link_that_was_tampered_with_is_refused(start: Callable[..., Asker]) -> None:
    account = Account([SandboxProject(id, outputs=outputs_of(id, size=100)) for id in ("a", "b")])
    ask = start(account)
    (link,) = ask.links("a")
    bare, _, query = link.partition("?")
    expires, signature = query.split("&")
    tampered = {
        "no query": bare,
        "other path": link.replace("/a/", "/b/"),
        "no signature": f"{bare}?{expires}",
        "other signature": link[:-1] + ("0" if link[-1] != "0" else "1"),
        "later": f"{bare}?{expires[:-1]}9&{signature}" if expires[-1] != "9" else f"{bare}?{expires}9&{signature}",
        "not a time": f"{bare}?expires=x&{signature}",
        "odd digits": f"{bare}?expires=%D9%A1&{signature}",
        "odd signature": f"{bare}?{expires}&signature=%C3%A9",
    }
    assert {what: ask.url(url).status for what, url in tampered.items()} == dict.fromkeys(tampered, 403)
    assert ask.url(link).status == 200


def test_a_link_of_one_sandbox_does_not_work_in_another(start: Callable[..., Asker], account: Account) -> None:
    first, second = start(account), start(account)
    (link,) = first.links("one")
    elsewhere = link.replace(first.sandbox.files_url, second.sandbox.files_url)
    assert (first.url(link).status, second.url(elsewhere).status) == (200, 403)


@pytest.mark.parametrize("place", ["authorization", "other scheme", "header", "twice", "query", "escaped query"])
def test_a_request_that_carries_the_key_is_refused_and_recorded(
    start: Callable[..., Asker], account: Account, place: str
) -> None:
    ask = start(account, key="mhk_secret-1")
    (link,) = ask.links("one")
    url = {"query": f"{link}&k=mhk_secret-1", "escaped query": f"{link}&k=mhk%5fsecret-1"}.get(place, link)
    headers = {
        "authorization": {"Authorization": "Bearer mhk_secret-1"},
        "other scheme": {"Authorization": "Basic dTpw"},
        "header": {"X-Api-Key": "mhk_secret-1"},
        "twice": {"Cookie": "mhk_secret-1", "cookie": "b"},
    }.get(place, {})
    assert not ask.sandbox.requests.leaks
    assert ask.raw(url, **headers)[0].startswith(b"HTTP/1.1 400 ")
    (leak,) = ask.sandbox.requests.leaks
    assert leak.path == "/one/output.wav"
    assert leak.has_key is (place != "other scheme")
    assert leak.has_authorization is (place in ("authorization", "other scheme"))


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PURGE"])
def test_other_methods_get_the_list_of_allowed_methods(
    start: Callable[..., Asker], account: Account, method: str
) -> None:
    ask = start(account)
    (link,) = ask.links("one")
    reply = ask.url(link, method)
    assert (reply.status, reply.headers["allow"]) == (405, "GET, HEAD")


def test_an_output_of_a_deleted_project_is_not_found(start: Callable[..., Asker], account: Account) -> None:
    ask = start(account)
    (link,) = ask.links("one")
    account.delete("one")
    assert ask.url(link).status == 404


@pytest.mark.parametrize(
    "path", ["1/Größe 1.wav", "..%2f..%2fescape.wav", "C%3A%5Cx.wav", "%00.wav", "a%2525.wav"]
)
def test_odd_file_names_can_be_fetched_by_their_links(start: Callable[..., Asker], path: str) -> None:
    account = Account([SandboxProject("a", outputs=(Output(path, outputs_of("a")[0].audio),))])
    ask = start(account)
    (link,) = ask.links("a")
    reply = ask.url(link)
    assert (reply.status, reply.body) == (200, content(account, "a"))
