"""A manifest may name only environment variables that are meant for mhsync's notifications."""

from __future__ import annotations

import pytest

from mhsync.core.notify_variables import is_credential, read_notify_url, read_notify_variable
from mhsync.errors import MhsyncError

SECRET = "mhk_0123456789"
CREDENTIALS = [
    "MAGIC_HOUR_API_KEY", "MAGICHOUR_TOKEN", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AZURE_CLIENT_SECRET",
    "AZURE_STORAGE_CONNECTION_STRING", "GOOGLE_APPLICATION_CREDENTIALS", "GITHUB_TOKEN", "GH_TOKEN", "CI_JOB_TOKEN",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "GITLAB_TOKEN", "MHSYNC_WEBHOOK_SECRET", "MHSYNC_SFTP_PASSWORD",
    "MHSYNC_FSSPEC_TOKEN", "MHSYNC_CLOUD_ENDPOINTS", "DATABASE_URL", "HTTPS_PROXY", "http_proxy", "PGPASSWORD",
    "MHSYNC_NOTIFY_VARIABLES", "aws_secret_access_key",
]  # fmt: skip


@pytest.mark.parametrize("name", CREDENTIALS)
def test_a_known_credential_is_never_read_even_when_listed(name):
    environ = {name: f"https://{SECRET}", "MHSYNC_NOTIFY_VARIABLES": name} | {name: f"https://{SECRET}"}
    for read in (read_notify_variable, read_notify_url):
        with pytest.raises(MhsyncError, match=f"it names {name}, which is reserved") as caught:
            read(name, environ, "it")
        assert SECRET not in f"{caught.value.message} {caught.value.hint}"


@pytest.mark.parametrize(
    "name", ["SLACK_URL", "MHSYNC_NOTIFY_SECRET", "MAIL_URL", "MHSYNC_HOOK", "CITY", "SECRET"]
)
def test_other_names_are_no_known_credentials(name):
    assert not is_credential(name)


def test_a_value_is_read_from_variables_that_are_meant_for_it_only():
    environ = {"MHSYNC_NOTIFY_A": " a ", "B": "b", "C": "c", "MHSYNC_NOTIFY_VARIABLES": "X, B ,"}
    assert read_notify_variable("MHSYNC_NOTIFY_A", environ, "it") == "a"
    assert read_notify_variable("B", environ, "it") == "b"
    with pytest.raises(MhsyncError, match="it names C, which is not meant for notifications"):
        read_notify_variable("C", environ, "it")
    with pytest.raises(MhsyncError, match="the environment has no MHSYNC_NOTIFY_D"):
        read_notify_variable("MHSYNC_NOTIFY_D", environ, "it")


def test_a_url_is_read_from_any_other_variable():
    assert read_notify_url("SLACK_URL", {"SLACK_URL": " slack://a/b/c\n"}, "it") == "slack://a/b/c"


@pytest.mark.parametrize(
    "value",
    [SECRET, "Bearer x", "javascript:x", "/etc/passwd", "a b://c", "://x", "x://", "json://a b", "a://b\nc"],
)
def test_a_value_that_is_not_a_url_is_never_completed_to_one(value):
    with pytest.raises(MhsyncError, match="not a URL") as caught:
        read_notify_url("OTHER", {"OTHER": value}, "it")
    assert value not in f"{caught.value.message} {caught.value.hint}"
