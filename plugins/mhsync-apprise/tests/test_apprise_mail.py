"""Mail to a real server on loopback."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from mhsync_apprise.plugin import open_target

SendRun = Callable[..., None]


def url(port: int, extra: str = "") -> str:
    return f"mailto://127.0.0.1:{port}?from=mhsync@example.com&to=team@example.com&mode=insecure{extra}"


@pytest.mark.parametrize("extra", ["", "&format=text"], ids=["html", "text"])
def test_a_run_sends_one_mail(mailbox: Any, send_run: SendRun, extra: str) -> None:
    reasons = {"clx1": "<img src=http://evil.example/x.png>\r\nBcc: everyone@example.com"}
    outcomes = {"clx1": "failed", "clx2": "deleted", "clx3": "downloaded"}
    send_run(open_target(url(mailbox.port, extra), {}), outcomes, reasons=reasons, code=1)
    [mail] = mailbox.mails
    assert mail["Subject"] == "mhsync: 1 failed, 1 deleted, 1 downloaded"
    assert mail["To"] == "team@example.com"
    assert mail["Bcc"] is None
    for part in mail.walk():
        if part.is_multipart():
            continue
        text = part.get_content()
        assert "clx1" in text
        assert "clx2" in text
        assert "<img" not in text
        assert "everyone@example.com" not in text


def test_no_mail_is_sent_if_nothing_changed(mailbox: Any, send_run: SendRun) -> None:
    send_run(open_target(url(mailbox.port), {}), {}, unchanged=12)
    assert mailbox.mails == []
