"""URLs and options: which ones are refused. No message shows a secret."""

from __future__ import annotations

from typing import Any

import pytest
from mhsync_webhook.options import Options
from mhsync_webhook.plugin import open_webhook
from mhsync_webhook.target import Target

from mhsync import MhsyncError


@pytest.mark.parametrize(
    "url",
    [
        "webhook+https://hooks.example.com/a/b?c=d",
        "webhook+https://hooks.example.com:8443",
        "webhook+https://[2001:db8::1]/x",
        "webhook+http://127.0.0.1:8080/x",
        "webhook+http://127.8.8.8/x",
        "webhook+http://localhost/x",
        "webhook+http://[::1]:9/x",
        "WEBHOOK+HTTPS://hooks.example.com/a",
    ],
)
def test_a_target_is_the_url_after_the_prefix(url: str) -> None:
    assert Target.parse(url).url.lower() == url.lower().removeprefix("webhook+")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("webhook+http://hooks.example.com/s3cr3t", "only for this machine"),
        ("webhook+http://localhost.example.com/s3cr3t", "only for this machine"),
        ("webhook+http://10.0.0.1/s3cr3t", "only for this machine"),
        ("webhook+https://user:s3cr3t@hooks.example.com/", "authorization_env"),
        ("webhook+https://s3cr3t@hooks.example.com/", "authorization_env"),
        ("webhook+https://@hooks.example.com/s3cr3t", "authorization_env"),
        ("webhook+https:///s3cr3t", "has no host"),
        ("webhook+https://hooks.example.com:s3cr3t/", "is malformed"),
        ("webhook+https://[s3cr3t/", "is malformed"),
        ("webhook+https://hooks.example.com/s3cr3t\r\nX: y", "control character"),
        ("webhook+https://hooks.example.com/s3cr3t x", "a space"),
    ],
)
def test_an_invalid_target_is_refused_and_not_shown(url: str, words: str) -> None:
    with pytest.raises(MhsyncError, match=words) as caught:
        open_webhook(url, {})
    assert "s3cr3t" not in str(caught.value)
    assert "example.com" not in str(caught.value)
    assert "s3cr3t" not in repr(Target("https://s3cr3t", "s3cr3t", is_loopback=False))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            {"secret_env": "MHSYNC_NOTIFY_NOT_THERE"},
            "no MHSYNC_NOTIFY_NOT_THERE, which the option secret_env names",
        ),
        ({"secret_env": "MHSYNC_NOTIFY_EMPTY"}, "no MHSYNC_NOTIFY_EMPTY"),
        ({"secret_env": "whsec_s3cr3t/s3cr3t="}, "not the name of an environment variable"),
        ({"secret_env": 5}, "not the name of an environment variable"),
        ({"secret_env": None}, "not the name of an environment variable"),
        ({"secret_env": "MHSYNC_NOTIFY_BAD"}, r"MHSYNC_NOTIFY_BAD \(secret_env\): .* not base64"),
        ({"secret_evn": "MHSYNC_NOTIFY_GOOD"}, "no option 'secret_evn': did you mean secret_env"),
        ({"secret": "s3cr3t"}, "no option 'secret': did you mean secret_env"),
        ({"x": "s3cr3t"}, "it has secret_env and authorization_env"),
        ({"authorization_env": "MHSYNC_NOTIFY_NOT_THERE"}, "no MHSYNC_NOTIFY_NOT_THERE"),
        ({"authorization_env": "MHSYNC_NOTIFY_LINES"}, "is not a valid header value"),
    ],
)
def test_an_invalid_option_is_refused_and_its_value_is_not_shown(options: dict[str, Any], words: str) -> None:
    environ = {
        "MHSYNC_NOTIFY_EMPTY": " ",
        "MHSYNC_NOTIFY_BAD": "whsec_s3cr3t!",
        "MHSYNC_NOTIFY_GOOD": "a-secret",
        "MHSYNC_NOTIFY_LINES": "Bearer s3cr3t\r\nHost: x",
    }
    with pytest.raises(MhsyncError, match=words) as caught:
        Options.read(options, environ)
    assert "s3cr3t" not in str(caught.value)


def test_options_are_read_from_the_variables_that_they_name() -> None:
    options = Options.read(
        {"secret_env": "MHSYNC_NOTIFY_S", "authorization_env": "OURS"},
        {
            "MHSYNC_NOTIFY_S": " a-secret\n",
            "OURS": "Bearer xyz ",
            "MHSYNC_NOTIFY_VARIABLES": "OTHERS, OURS",
        },
    )
    assert options.signer is not None
    assert options.signer.keys == (b"a-secret",)
    assert options.authorization == "Bearer xyz"
    assert "a-secret" not in repr(options)
    assert "xyz" not in repr(options)


@pytest.mark.parametrize("option", ["secret_env", "authorization_env"])
@pytest.mark.parametrize(
    ("name", "listed", "words"),
    [
        ("OURS", "", "not meant for notifications"),
        ("PATH", "", "not meant for notifications"),
        ("OURS", "OUR,S,OURS2", "not meant for notifications"),
        ("MAGIC_HOUR_API_KEY", "MAGIC_HOUR_API_KEY", "reserved for credentials"),
        ("AWS_SECRET_ACCESS_KEY", "AWS_SECRET_ACCESS_KEY", "reserved for credentials"),
        ("GITHUB_TOKEN", "GITHUB_TOKEN", "reserved for credentials"),
        ("MHSYNC_SFTP_PASSWORD", "MHSYNC_SFTP_PASSWORD", "reserved for credentials"),
        ("MHSYNC_NOTIFY_VARIABLES", "x", "reserved for credentials"),
    ],
)
def test_a_manifest_can_name_only_variables_for_notifications(
    option: str, name: str, listed: str, words: str
) -> None:
    environ = {name: "s3cr3t", "MHSYNC_NOTIFY_VARIABLES": listed}
    with pytest.raises(MhsyncError, match=f"the option {option} names {name}, which is {words}") as caught:
        Options.read({option: name}, environ)
    assert "s3cr3t" not in f"{caught.value} {caught.value.hint}"
    assert "MHSYNC_NOTIFY_" in (caught.value.hint or "")
