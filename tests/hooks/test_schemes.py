"""Schemes: which factory a URL scheme gets, and how a URL is shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from mhsync.hooks.schemes import FALLBACK, Provider, Schemes, is_scheme, matching, scheme_of, shown_url


def factory(url: str, options: Mapping[str, Any]) -> str:
    return url


def schemes(*offers: tuple[str, str]) -> Schemes[str]:
    """Schemes from pairs of a scheme and a plugin."""
    return Schemes((scheme, Provider(plugin, factory)) for scheme, plugin in offers)


@pytest.mark.parametrize(
    ("scheme", "key"),
    [
        ("s3", "s3"),
        ("fsspec+webdav", "fsspec+"),
        ("fsspec+ftp", "fsspec+ftp"),
        ("fsspec", FALLBACK),
        ("x", FALLBACK),
    ],
)
def test_the_scheme_precedes_its_beginning_and_the_fallback(scheme: str, key: str) -> None:
    assert matching(scheme, dict.fromkeys(("s3", "fsspec+", "fsspec+ftp", FALLBACK))) == key


def test_an_unknown_scheme_has_no_key_without_a_fallback() -> None:
    assert matching("x", {"s3": None}) is None


def test_a_scheme_of_two_plugins_is_a_clash_that_names_both() -> None:
    both = schemes(("mine", "one"), ("mine", "two"), ("other", "two"))
    assert str(both.clash("mine")) == "one and two both serve mine://"
    assert both.clash("other") is None
    provider = both.find("other")
    assert provider is not None
    assert provider.plugin == "two"
    assert both.names == ("mine", "other")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("S3://b", "s3"), ("a+b-c.d://", "a+b-c.d"), ("./x", None), ("1a://x", None), ("a_b://", None)],
)
def test_the_scheme_of_a_url_is_in_lower_case(text: str, expected: str | None) -> None:
    assert scheme_of(text) == expected


@pytest.mark.parametrize("text", ["S3", "s3://", "", 1, None, "ä"])
def test_an_invalid_scheme_is_refused(text: object) -> None:
    assert not is_scheme(text, allow_fallback=True)


def test_the_fallback_is_a_scheme_only_where_it_is_allowed() -> None:
    assert is_scheme(FALLBACK, allow_fallback=True)
    assert not is_scheme(FALLBACK, allow_fallback=False)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("s3://bucket/a", "s3://bucket/a"),
        ("sftp://me:secret@host:22/a?token=t#f", "sftp://me@host:22/a"),
        ("x://[", "x://…"),
    ],
)
def test_a_url_is_shown_without_password_query_and_fragment(url: str, shown: str) -> None:
    assert shown_url(url) == shown
