"""Options of a manifest: names, types, and messages that show no value."""

from __future__ import annotations

import pytest

from mhsync import UsageError
from mhsync.storage_kit import Options, refuse_unknown_options

KNOWN = ("endpoint", "region", "tls", "timeout", "mode")


def options(**values: object) -> Options:
    return Options("shelf", values, KNOWN, "SHELF_TOKEN")


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("regoin", "shelf:// has no storage option 'regoin'", "did you mean region?"),
        ("zzz", "shelf:// has no storage option 'zzz'", "shelf:// has endpoint, mode, region, timeout, tls"),
        ("password", "must not contain secrets: 'password'", "shelf:// reads credentials from SHELF_TOKEN"),
        ("client_secret_file", "must not contain secrets", "remove it from the manifest"),
    ],
)
def test_an_unknown_option_is_refused(name: str, message: str, hint: str):
    with pytest.raises(UsageError) as caught:
        options(**{name: "hunter2"})
    assert message in caught.value.message
    assert hint in str(caught.value.hint)
    assert "hunter2" not in f"{caught.value.message} {caught.value.hint}"


def test_a_long_name_is_shown_in_part():
    with pytest.raises(UsageError) as caught:
        options(**{"x" * 10_000: 1})
    assert len(caught.value.message) < 200


def test_a_storage_without_options_says_so():
    with pytest.raises(UsageError) as caught:
        refuse_unknown_options("shelf", ["region"], (), "nowhere")
    assert caught.value.hint == "shelf:// has no options"


def test_options_are_read_by_type():
    read = options(endpoint="https://a", tls=True, timeout=5, mode="fast")
    assert read.text("endpoint", "https://.+", "https://host") == "https://a"
    assert read.text("region", ".+", "eu") is None
    assert read.flag("tls") is True
    assert read.seconds("timeout", 30) == 5.0
    assert read.choice("mode", ("fast", "safe")) == "fast"
    unset = options()
    assert (unset.flag("tls"), unset.flag("tls", default=True)) == (False, True)
    assert (unset.seconds("timeout", 30), unset.choice("mode", ("fast",))) == (30.0, None)


@pytest.mark.parametrize(
    ("values", "read"),
    [
        ({"region": 5}, lambda o: o.text("region", ".+", "eu")),
        ({"region": "hunter2"}, lambda o: o.text("region", "[a-z]+", "eu")),
        ({"tls": "hunter2"}, lambda o: o.flag("tls")),
        ({"timeout": True}, lambda o: o.seconds("timeout", 30)),
        ({"timeout": 0}, lambda o: o.seconds("timeout", 30)),
        ({"timeout": float("nan")}, lambda o: o.seconds("timeout", 30)),
        ({"mode": "hunter2"}, lambda o: o.choice("mode", ("fast",))),
        ({"mode": ["fast"]}, lambda o: o.choice("mode", ("fast",))),
    ],
)
def test_an_invalid_value_is_refused_and_not_shown(values: dict[str, object], read):
    with pytest.raises(UsageError, match="is not valid") as caught:
        read(options(**values))
    assert caught.value.hint
    assert "hunter2" not in f"{caught.value.message} {caught.value.hint}"
