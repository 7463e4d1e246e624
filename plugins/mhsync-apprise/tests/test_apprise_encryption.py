"""Messages, and the credentials in URLs, are sent to other machines only encrypted."""

from __future__ import annotations

import pytest
from mhsync_apprise.plugin import open_target

from mhsync import MhsyncError


@pytest.mark.parametrize(
    ("url", "hint"),
    [
        ("json://evil.example/s3cr3t", "write jsons://"),
        ("json://evil.example:8080/s3cr3t", "write jsons://"),
        ("form://192.0.2.1/s3cr3t", "write forms://"),
        ("xml://[2001:db8::1]/s3cr3t", "write xmls://"),
        ("ntfy://evil.example/s3cr3t", "write ntfys://"),
        ("gotify://evil.example/s3cr3tt0ken", "write gotifys://"),
        ("matrix://user:s3cr3t@evil.example/#room", "write matrixs://"),
        ("rocket://user:s3cr3t@evil.example/#room", "write rockets://"),
        ("rsyslog://evil.example", "choose a service with encryption"),
        ("mailto://a:s3cr3t@evil.example?from=a@x.org&to=b@x.org", "write mailtos://"),
        ("mailtos://a:s3cr3t@evil.example?mode=insecure", "remove mode=insecure"),
        (
            "mailto://a:s3cr3t@localhost?smtp=evil.example&mode=insecure&from=a@x.org&to=b@x.org",
            "write mailtos://",
        ),
        ("json://0x7f000001/s3cr3t", "write jsons://"),
        ("json://2130706433/s3cr3t", "write jsons://"),
        ("json://127.0.0.1@evil.example/s3cr3t", "write jsons://"),
        ("json://evil.example#@127.0.0.1/s3cr3t", "write jsons://"),
        ("json://localhost.example/s3cr3t", "write jsons://"),
        ("json://127.0.0.1/ok,json://evil.example/s3cr3t", "write jsons://"),
    ],
)
def test_plain_text_to_another_machine_is_refused(url: str, hint: str) -> None:
    with pytest.raises(MhsyncError, match="would send messages and credentials in plain text") as caught:
        open_target(url, {})
    assert hint in (caught.value.hint or "")
    assert "s3cr3t" not in f"{caught.value} {caught.value.hint}"
    assert "evil" not in f"{caught.value} {caught.value.hint}"


@pytest.mark.parametrize(
    "url",
    [
        "jsons://ours.example", "ntfy://topic", "ntfys://ours.example/topic", "mailto://user:word@gmail.com",
        "mailtos://user:word@ours.example", "mailto://user:word@ours.example?mode=starttls", "syslog://",
        "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ", "json://127.0.0.1:9/x", "json://[::1]:9/x",
        "json://localhost:9/x", "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js",
        "mailto://127.0.0.1:2525?from=a@example.com&to=b@example.com&mode=insecure",
        "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ",
    ],
)  # fmt: skip
def test_encrypted_services_and_services_on_this_machine_are_accepted(url: str) -> None:
    open_target(url, {})
