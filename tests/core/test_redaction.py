"""Which option names stand for a secret, how a secret is masked, and how queries of URLs are removed."""

from __future__ import annotations

import json
import time
from urllib.parse import urlsplit, urlunsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mhsync.core.redaction import (
    mask_secrets,
    may_name_secret,
    names_secret,
    redact,
    values_without_queries,
    without_queries,
    without_query,
)

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


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("GET https://x.example/a.wav?sig=5ecre7 failed", "GET https://x.example/a.wav failed"),
        ("https://x.example?5ecre7", "https://x.example"),
        ("https://x.example/a#5ecre7", "https://x.example/a"),
        ("s3://bucket/a?X-Amz-Signature=5ecre7&b=5ecre7 and more", "s3://bucket/a and more"),
        ("https://me:5ecre7@x.example/a", "https://x.example/a"),
        ("HTTPS:\\/\\/x.example\\/a?sig=5ecre7", "HTTPS:\\/\\/x.example\\/a"),
        ('{"url":"https://x.example/a?sig=5ecre7"}', '{"url":"https://x.example/a"}'),
        ("see /files/a.wav?sig=5ecre7", "see /files/a.wav"),
        ("x.example/a.wav?X-Sig=5ecre7", "x.example/a.wav"),
        ("https%3A%2F%2Fx.example%2Fa%3Fsig%3D5ecre7", "https%3A%2F%2Fx.example%2Fa"),
        ("https://x.example/a?to=https://y.example/b?sig=5ecre7", "https://x.example/a"),
        ("https://x.example/a?sig='5ecre7'", "https://x.example/a"),
        ("https://x.example/a?sig=\N{ZERO WIDTH SPACE}5ecre7", "https://x.example/a"),
    ],
)
def test_the_query_is_removed_and_the_rest_is_kept(text: str, kept: str):
    assert without_queries(text) == kept


@pytest.mark.parametrize(
    "text",
    ["What now? Nothing = all", "50% of 3 # 4", "me@example.com", "a?", "Is it so?yes", "C#: https://x.example/a"],
)
def test_text_without_a_query_is_unchanged(text: str):
    assert without_queries(text) == text


@given(st.text(), st.text())
def test_a_query_is_removed_from_any_text_around_it(before: str, after: str):
    text = without_queries(f"{before} https://x.example/a?signature=5ecre7&expires=5ecre7 {after}")
    assert "5ecre7" not in text


@pytest.mark.parametrize(
    "part", ["a://", "a", "https://x?", "?a", "?a=", "%3F", "a@", "://", "https://a@", ":", "?%", "\\/"]
)
def test_a_megabyte_of_anything_takes_little_time(part: str):
    text = part * (1_000_000 // len(part)) + "?"
    began = time.process_time()
    without_queries(text)
    assert time.process_time() - began < 3


def test_queries_are_removed_from_every_text_of_a_value_and_its_keys():
    link = "https://x.example/a?sig=5ecre7"
    given_ = {"a": [link, {"b": link, link: 1}], "c": (link,), "d": 3, "e": None, "f": True}
    assert "5ecre7" not in repr(values_without_queries(given_))
    assert values_without_queries({"d": 3, "e": None, "f": True}) == {"d": 3, "e": None, "f": True}


def test_a_value_as_deep_as_json_can_be_read_is_cut():
    value = json.loads("[" * 900 + '"https://x.example/a?sig=5ecre7"' + "]" * 900)
    assert "5ecre7" not in repr(values_without_queries(value))


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("write sftp://user@host/path", "write sftp://user@host/path"),
        ("write sftp://user:5ecre7@host/path?sig=5ecre7", "write sftp://host/path"),
        (
            "https://x.example/a.wav?sig=5ecre7 failed, /b.wav?sig=5ecre7 too",
            "https://x.example/a.wav failed, /b.wav too",
        ),
    ],
)
def test_the_form_of_a_url_in_a_hint_keeps_its_user(text: str, kept: str):
    assert without_queries(text, keep_user=True) == redact(text, keep_user=True) == kept


def test_a_source_holds_neither_query_nor_credentials():
    assert without_query("https://user:pw@h:8443/a/b.wav?x=1#y") == "https://h:8443/a/b.wav"


@given(
    st.lists(
        st.sampled_from(
            [
                "https://",
                "HTTP://",
                "http:",
                "h.example",
                ":8443",
                "u:p@",
                "/",
                "a/b.wav",
                "?x=1",
                "#f",
                "%2F",
                "//",
                "[::1]",
                " ",
                "\t",
                "\u00e9",
                ";p",
                ":",
                "?",
            ]
        )
    ).map("".join)
)
def test_a_url_without_its_query_is_the_same_for_the_usual_and_any_other_form(url: str):
    try:
        parts = urlsplit(url)
    except ValueError:
        return
    host = parts.netloc.rpartition("@")[2]
    assert without_query(url) == urlunsplit((parts.scheme, host, parts.path, "", ""))
