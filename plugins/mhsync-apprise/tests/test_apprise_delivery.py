"""Delivery over real sockets: one message for each run, failures, and no secret in messages or logs."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import requests
from mhsync_apprise.notifier import AppriseNotifier
from mhsync_apprise.plugin import open_target
from mhsync_apprise.services import open_services

from mhsync import MhsyncError

OpenInbox = Callable[..., Any]
SendRun = Callable[..., None]
TOKEN = "aaaabbbbccccddddeeeeffff12"
URLS = {
    "json": "json://{address}/hook/s3cr3tt0ken",
    "xml": "xml://{address}/hook/s3cr3tt0ken",
    "form": "form://{address}/hook/s3cr3tt0ken",
    "ntfy": "ntfy://{address}/s3cr3tt0ken",
    "gotify": "gotify://{address}/s3cr3tt0ken",
    "mmost": "mmost://{address}/" + TOKEN,
    "rocket": "rocket://s3cr3tt0ken/" + TOKEN + "@{address}/#audio",
}
HOSTILE = "@everyone <!channel> <b>bold</b> [click](http://evil.example) `x`"


@pytest.mark.parametrize("name", URLS)
def test_a_run_sends_one_message(open_inbox: OpenInbox, send_run: SendRun, name: str) -> None:
    inbox = open_inbox()
    notifier = open_target(URLS[name].format(address=inbox.address), {})
    outcomes = {"clx1": "failed", "clx2": "deleted", "clx3": "downloaded", "clx4": "downloaded"}
    send_run(notifier, outcomes, reasons={"clx1": HOSTILE}, unchanged=3, code=1)
    [body] = inbox.bodies
    text = requests.utils.unquote(body.replace("+", " "))
    for part in ("1 failed, 1 deleted, 2 downloaded", "clx1", "clx2", "3 unchanged"):
        assert part in text
    for part in ("clx3", "@everyone", "<!channel>", "&lt;!channel", "<b>bold", "](", "\\uff20everyone <"):
        assert part not in text


@pytest.mark.parametrize("name", ["json", "mmost"])
def test_the_next_message_does_not_repeat_the_last_one(
    open_inbox: OpenInbox, send_run: SendRun, name: str
) -> None:
    inbox = open_inbox()
    notifier = open_target(URLS[name].format(address=inbox.address), {})
    send_run(notifier, {"clx1": "deleted"})
    send_run(notifier, {"clx2": "deleted"})
    assert "clx1" in inbox.bodies[0]
    assert "clx1" not in inbox.bodies[1]


@pytest.mark.parametrize(
    ("outcomes", "on"),
    [
        ({}, None),
        ({"clx1": "unchanged"}, None),
        ({"clx1": "downloaded", "clx2": "deleted"}, {"failed"}),
        ({}, {"failed", "deleted"}),
    ],
    ids=["nothing", "unchanged", "other outcomes", "nothing, filtered"],
)
def test_no_message_is_sent_when_no_event_matches(
    open_inbox: OpenInbox, send_run: SendRun, outcomes: dict[str, str], on: set[str] | None
) -> None:
    inbox = open_inbox()
    send_run(open_target(URLS["json"].format(address=inbox.address), {}), outcomes, on=on, unchanged=9)
    assert inbox.bodies == []


def test_a_filter_omits_projects_and_keeps_the_totals_of_the_run(open_inbox: OpenInbox, send_run: SendRun) -> None:
    inbox = open_inbox()
    notifier = open_target(URLS["json"].format(address=inbox.address), {})
    send_run(notifier, {"clx1": "failed", "clx2": "deleted", "clx3": "downloaded"}, on={"failed"}, code=1)
    [message] = (json.loads(body) for body in inbox.bodies)
    assert message["title"] == "mhsync: 1 failed"
    assert "clx1" in message["message"]
    assert "clx2" not in message["message"]
    assert "3 projects, 1 failed, 1 deleted, 1 downloaded" in message["message"]
    assert message["type"] == "failure"


def test_several_urls_with_commas_are_several_services(open_inbox: OpenInbox, send_run: SendRun) -> None:
    first, second = open_inbox(), open_inbox(status=403)
    urls = ", ".join(URLS["json"].format(address=inbox.address) + "?retry=0" for inbox in (first, second))
    with pytest.raises(MhsyncError, match=r"^JSON answered 403$"):
        send_run(open_target(urls, {}), {"clx1": "deleted"})
    assert len(first.bodies) == 1


def test_a_hundred_failures_fit_into_a_message(open_inbox: OpenInbox, send_run: SendRun) -> None:
    inbox = open_inbox()
    notifier = open_target(URLS["mmost"].format(address=inbox.address), {})
    outcomes = {f"clx{n}": "failed" for n in range(1000)}
    send_run(notifier, outcomes, reasons=dict.fromkeys(outcomes, "why " * 200))
    [message] = (json.loads(body)["text"] for body in inbox.bodies)
    assert len(message) <= 4100
    assert "more" in message


@pytest.mark.parametrize("status", [500, 429, 401])
def test_a_failing_service_is_named_without_its_url(open_inbox: OpenInbox, send_run: SendRun, status: int) -> None:
    inbox = open_inbox(status=status)
    notifier = open_target(URLS["mmost"].format(address=inbox.address) + "?retry=1&wait=0.1", {})
    with pytest.raises(MhsyncError, match=rf"^Mattermost answered {status}$"):
        send_run(notifier, {"clx1": "deleted"})
    assert len(inbox.bodies) == 2


def test_a_service_that_recovers_receives_the_message(open_inbox: OpenInbox, send_run: SendRun) -> None:
    """If the URL has no `?retry=`, the message is sent again after a pause."""
    inbox = open_inbox(status=503)
    notifier = open_target(URLS["json"].format(address=inbox.address), {})
    inbox.free.set()
    begun = time.monotonic()

    class RecoversAfterFirst(list[str]):
        def append(self, path: str) -> None:
            super().append(path)
            inbox.status = 503 if len(self) == 1 else 200

    inbox.paths = RecoversAfterFirst()
    send_run(notifier, {"clx1": "deleted"})
    assert len(inbox.bodies) == 2
    assert time.monotonic() - begun >= 2


def test_an_unreachable_service_is_reported_in_one_line(send_run: SendRun) -> None:
    notifier = open_target("json://127.0.0.1:9/s3cr3tt0ken?retry=0", {})
    with pytest.raises(MhsyncError, match=r"^JSON could not be reached$"):
        send_run(notifier, {"clx1": "deleted"})


def test_a_service_that_hangs_is_not_waited_for(open_inbox: OpenInbox, send_run: SendRun) -> None:
    inbox = open_inbox(silent=True)
    services = open_services(URLS["json"].format(address=inbox.address) + "?retry=0")
    notifier = AppriseNotifier(replace(services, deadline=0.3), None)
    begun = time.monotonic()
    with pytest.raises(MhsyncError, match=r"^JSON did not answer in time$"):
        send_run(notifier, {"clx1": "deleted"})
    assert time.monotonic() - begun < 3


def test_a_service_that_answers_late_receives_the_message_once(open_inbox: OpenInbox, send_run: SendRun) -> None:
    inbox = open_inbox(silent=True)
    threading.Timer(5, inbox.free.set).start()  # by default Apprise waits 4 s for a response
    send_run(open_target(URLS["json"].format(address=inbox.address), {}), {"clx1": "deleted"})
    assert len(inbox.bodies) == 1


def test_nothing_is_logged_while_apprise_loads() -> None:
    code = (
        "import logging; logging.basicConfig(level=1)\n"
        "from mhsync_apprise.plugin import open_target\n"
        "open_target('json://127.0.0.1/s3cr3tt0ken', {})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True, text=True, check=True, timeout=60, env={**os.environ, "LC_ALL": "C.UTF-8", "LANGUAGE": ""},
    )  # fmt: skip
    assert "asks for no translation" not in done.stderr
    assert "apprise" not in done.stderr


HANGING = """
import sys
from dataclasses import replace
from datetime import datetime, UTC
from mhsync import Event, MhsyncError
from mhsync_apprise.notifier import AppriseNotifier
from mhsync_apprise.services import open_services

notifier = AppriseNotifier(replace(open_services(sys.argv[1]), deadline=0.3), None)
notifier.notify(Event("1", "project.deleted", "https://api", datetime.now(UTC), "clx1", {}))
try:
    notifier.notify(Event("2", "run.finished", "https://api", datetime.now(UTC), None, {"summary": {"deleted": 1}}))
except MhsyncError as error:
    print(error)
"""


def test_the_program_ends_while_a_service_hangs(open_inbox: OpenInbox) -> None:
    inbox = open_inbox(silent=True)
    url = URLS["json"].format(address=inbox.address) + "?retry=0&rto=25"
    begun = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", HANGING, url], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "JSON did not answer in time"
    assert time.monotonic() - begun < 3


@pytest.mark.parametrize(
    "url",
    ["nosuchservice://s3cr3tt0ken@host", "slack://s3cr3tt0ken", "discord://s3cr3tt0ken", "mailto://", "json://",
     "tgram://s3cr3tt0ken/", "json://127.0.0.1/ok,nosuchservice://s3cr3tt0ken", "twilio://s3cr3tt0ken:x@1/2"],
)  # fmt: skip
def test_a_url_that_cannot_be_parsed_is_not_shown(url: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(1), pytest.raises(MhsyncError, match="cannot parse this URL") as caught:
        open_target(url, {})
    assert "s3cr3tt0ken" not in caught.value.message + str(caught.value.hint)
    assert caplog.text == ""


def test_options_are_refused(open_inbox: OpenInbox) -> None:
    with pytest.raises(MhsyncError, match="no option token"):
        open_target("json://127.0.0.1/", {"token": "s3cr3tt0ken"})


@pytest.mark.parametrize("status", [200, 500])
def test_no_log_contains_parts_of_the_url(
    open_inbox: OpenInbox, send_run: SendRun, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    inbox = open_inbox(status=status)
    with caplog.at_level(1):
        notifier = open_target(f"json://user:p4ssw0rd@{inbox.address}/hook/s3cr3tt0ken?retry=0", {})
        try:
            send_run(notifier, {"clx1": "deleted"})
        except MhsyncError as error:
            assert status == 500
            assert "s3cr3tt0ken" not in str(error)
        logging.getLogger("apprise").warning("a record of other code")
    assert len(inbox.bodies) == 1
    assert [record.getMessage() for record in caplog.records] == ["a record of other code"]
    assert "p4ssw0rd" not in repr(notifier) + repr(open_services("json://user:p4ssw0rd@127.0.0.1/"))


SLACK = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#audio"
DISCORD = "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js"
TELEGRAM = "tgram://123456789:abcdefg_hijklmnop/12315544/"


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The requests to services with fixed hosts, which no server on loopback can replace. They are not sent."""
    caught: list[str] = []

    def catch(*_: object, **given: Any) -> requests.Response:
        caught.append(json.dumps(json.loads(given["data"]), ensure_ascii=False))
        answer = requests.Response()
        answer.status_code, answer._content = 200, b"ok"
        return answer

    monkeypatch.setattr(requests, "post", catch)
    monkeypatch.setattr(requests, "request", catch)
    return caught


@pytest.mark.parametrize("url", [SLACK, DISCORD, DISCORD + "?format=markdown", TELEGRAM])
def test_an_error_message_adds_no_markup_and_no_mention(send_run: SendRun, sent: list[str], url: str) -> None:
    send_run(open_target(url, {}), {"clx1": "failed"}, reasons={"clx1": HOSTILE}, code=1)
    [payload] = sent
    assert "clx1" in payload
    for part in ("@everyone", "<!channel>", "&lt;!channel", "<b>bold", "](", "allow_mentions"):
        assert part not in payload


@pytest.mark.parametrize(
    "url", [SLACK, DISCORD, DISCORD + "?format=markdown", TELEGRAM, TELEGRAM + "?format=markdown"]
)
def test_a_message_with_totals_and_link_fits_after_escaping(
    send_run: SendRun, sent: list[str], monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("CI_PIPELINE_URL", "https://ci.test/77")
    outcomes = {f"clx_{n}": "failed" for n in range(100)}
    send_run(open_target(url, {}), outcomes, reasons=dict.fromkeys(outcomes, "a-b.c_d & (e) " * 20), code=1)
    [payload] = sent
    assert "whole run" in payload
    assert "77" in payload
