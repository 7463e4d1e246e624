"""The key and the queries of signed links appear in no error, no traceback, no log and no repr."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import traceback
from collections.abc import Callable

import pytest

from mhsync.api.client import Client
from mhsync.core.project import Download
from mhsync.errors import MhsyncError
from mhsync.sandbox import faults as f
from mhsync.sandbox.rules import Rule
from tests.api.client_fixture import HASTY, KEY, ApiFixture, MemoryWriters
from tests.api.scripted_server import http_response

ECHO = f'{{"message": "no: Bearer {KEY} for https://x.example/a?signature=5ecre7"}}'

API_FAULTS = [
    f.Reset(), f.Cut(), f.Html(), f.InvalidJson(), f.OtherId(KEY), f.WrongType(), f.Huge(), f.MissingField(),
    f.Redirect(f"https://evil.example/{KEY}?k={KEY}"), f.Redirect("//["),
    *(f.Status(status, body=ECHO) for status in (400, 401, 402, 403, 404, 409, 422, 429, 500, 503)),
]  # fmt: skip
FILE_FAULTS = [
    f.Reset(), f.Cut(bytes=0), f.Html(), f.Longer(), f.Shorter(), f.Empty(), f.Expired(),
    f.Redirect("loop"), f.Redirect("http://203.0.113.7/a?sig=5ecre7"), f.Redirect("https://[/?sig=5ecre7"),
    *(f.Status(status, body="?signature=") for status in (400, 404, 416, 429, 500, 503)),
]  # fmt: skip


def everything_of(error: BaseException) -> str:
    """All text that an error, its causes and its contexts can show."""
    text = "".join(traceback.format_exception(error))
    seen, pending = set(), [error]
    while pending:
        one = pending.pop()
        if id(one) not in seen:
            seen.add(id(one))
            text += f"\n{one!s}\n{one!r}\n{one.args}\n{getattr(one, 'hint', '')}\n{vars(one)}"
            pending += [other for other in (one.__cause__, one.__context__) if other is not None]
    return text


def failing(call: Callable[[], object]) -> str:
    try:
        call()
    except MhsyncError as error:
        return everything_of(error)
    return ""


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG)
    for name in ("urllib3", "urllib3.connectionpool", "http.client"):
        caplog.set_level(logging.DEBUG, logger=name)
    return caplog


@pytest.mark.parametrize("fault", API_FAULTS, ids=repr)
def test_a_call_that_fails_shows_no_secret(api: ApiFixture, logged, fault: object):
    api.fault(fault)

    text = failing(lambda: api.client.get("one")) + failing(lambda: api.client.delete("one"))

    assert text
    assert KEY not in text + logged.text
    assert "5ecre7" not in text + logged.text


@pytest.mark.parametrize("fault", FILE_FAULTS, ids=repr)
def test_a_download_that_fails_shows_no_signed_query_and_never_carries_the_key(
    api: ApiFixture, logged, fault: object
):
    link = api.link()
    query = link.url.partition("?")[2]
    assert len(query) > 20
    api.fault(fault, host="files")

    text = failing(lambda: api.client.download(link, MemoryWriters().write, renew=lambda: link))

    assert text
    for secret in (*query.split("&"), "5ecre7", KEY):
        assert secret.partition("=")[2] not in ("",) or secret in ("5ecre7", KEY)
        assert secret not in text + logged.text
    assert api.sandbox.requests.leaks == ()


def test_a_download_that_succeeds_logs_no_signed_query(api: ApiFixture, logged):
    api.faults(Rule(f.Redirect("elsewhere"), host="files", nth=1), Rule(f.Cut(bytes=10_000), host="files", nth=1))
    query = api.link().url.partition("?")[2]

    api.fetch()

    assert "/one/output.wav" in logged.text  # urllib3 does log
    assert query not in logged.text
    assert "signature=" not in logged.text.lower()
    assert KEY not in logged.text


def test_the_key_is_sent_only_to_the_api_and_not_for_a_link_to_its_origin(api: ApiFixture):
    """A link to the API's own origin gets no key either."""
    writers = MemoryWriters()
    link = Download(f"{api.sandbox.api_url}/v1/audio-projects/one")
    with pytest.raises(MhsyncError):
        api.client.download(link, writers.write, renew=lambda: link)

    assert api.request_count() > 0
    assert not any(entry.has_key for entry in api.sandbox.requests.of("api"))


def test_no_repr_shows_the_key(api: ApiFixture):
    client = api.client
    for thing in (client, client._calls, client._downloader, client._transport, client._calls.errors):
        assert KEY not in f"{thing!r}{thing!s}"


def test_the_key_is_not_sent_along_a_redirect_of_the_api(scripted_server, client):
    elsewhere = scripted_server(http_response(200))
    api = scripted_server(http_response(307, b"", Location=f"{elsewhere.url}/v1/audio-projects/one"))
    with pytest.raises(MhsyncError, match="a redirect to 127.0.0.1"):
        client(api.url).get("one")
    assert elsewhere.heads == []


def test_a_timeout_shows_no_secret(api: ApiFixture, client, logged):
    hasty_client = client(api.sandbox.api_url, settings=HASTY)
    link = api.link()
    api.faults(Rule(f.Stall()))

    text = failing(lambda: hasty_client.get("one"))
    text += failing(lambda: hasty_client.download(link, MemoryWriters().write, renew=lambda: link))

    assert "the server sent no response in time" in text
    for secret in (link.url.partition("?")[2], KEY):
        assert secret not in text + logged.text


def test_an_invalid_key_is_not_shown_in_its_error():
    key = " key".join(["s3c", "ret"])
    assert key not in failing(lambda: Client(key))


SHOWN = """
import importlib, inspect, pydoc, mhsync
for room in (mhsync, importlib.import_module("mhsync.testing")):
    for name in room.__all__:
        value = getattr(room, name)
        print(repr(value), value.__doc__, pydoc.render_doc(value))
        for member in (value, *(found for _, found in inspect.getmembers(value))):
            print(repr(member), getattr(member, "__doc__", ""))
            try:
                print(inspect.signature(member))
            except (TypeError, ValueError):
                pass
print(repr(mhsync.Client.from_environment()), "the end")
"""


def test_no_signature_repr_or_docstring_shows_a_value_of_the_environment():
    marked = {"MAGIC_HOUR_API_KEY": "mhk_test_m4rk3r", "MHSYNC_TEST_MARKER": "m4rk3r", "HTTPS_PROXY": "m4rk3r:1"}
    run = subprocess.run(
        [sys.executable, "-c", SHOWN], capture_output=True, text=True, env=os.environ | marked, timeout=60
    )

    assert run.returncode == 0, run.stderr
    assert run.stdout.endswith("the end\n")
    assert "from_environment" in run.stdout
    assert "m4rk3r" not in run.stdout + run.stderr
