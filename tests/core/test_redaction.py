"""Which option names stand for a secret, and how a secret is masked."""

from __future__ import annotations

import pytest

from mhsync.core.redaction import mask_secrets, may_name_secret, names_secret, redact

CERTAIN = [
    "secret", "token", "password", "passwd", "passphrase", "pwd", "pass", "SAS_TOKEN", "api-key", "apiKey", "key",
    "accessKeyId", "aws_secret_access_key", "AccountKey", "client.secret", "credentials", "authorization", "bearer",
]  # fmt: skip
REFERENCES = ["token_file", "secret_env", "key_path", "password_var", "credentials_file"]
POSSIBLE = [
    "auth", "cookies", "private", "signature", "connection_string", "connectionString", "sas_url", "ssh_private",
    "oauth2token", "api_key",
]  # fmt: skip
ORDINARY = [
    "region", "endpoint", "timeout", "passive", "keyboard", "monkeys", "checksum", "project", "username", "bucket", "",
]  # fmt: skip


@pytest.mark.parametrize("name", CERTAIN)
def test_a_name_of_a_secret_is_found(name: str):
    assert names_secret(name)
    assert may_name_secret(name)


@pytest.mark.parametrize("name", REFERENCES)
def test_a_name_that_says_where_a_secret_is_stored_is_not_a_secret(name: str):
    assert not names_secret(name)
    assert may_name_secret(name)


@pytest.mark.parametrize("name", POSSIBLE)
def test_a_name_that_may_stand_for_a_secret_is_found(name: str):
    assert may_name_secret(name)


@pytest.mark.parametrize("name", ORDINARY)
def test_an_ordinary_name_is_not_a_secret(name: str):
    assert not names_secret(name)
    assert not may_name_secret(name)


def test_a_secret_that_contains_another_is_masked_as_a_whole():
    assert (
        mask_secrets("login hunter2-long, then hunter2", ["hunter2", "hunter2-long", ""]) == "login ***, then ***"
    )


def test_redaction_also_removes_user_password_and_query_of_a_url():
    text = "GET https://me:pw@host/a?sig=5ecre7 with hunter2"
    assert redact(text, ["hunter2"]) == "GET https://host/a with ***"
