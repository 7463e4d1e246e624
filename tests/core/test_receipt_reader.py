"""Values of a receipt are read by type, and no path of it leaves the storage."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mhsync.core.receipt_reader import HINT, ReceiptReader
from mhsync.errors import ReceiptInvalid


def reader(**values: object) -> ReceiptReader:
    return ReceiptReader(values, "clx1")


@pytest.mark.parametrize("data", [None, [], "x", 1])
def test_only_an_object_is_a_receipt(data: object):
    with pytest.raises(ReceiptInvalid, match="the receipt of clx1 is not a JSON object") as raised:
        ReceiptReader(data, "clx1")
    assert (raised.value.id, raised.value.hint) == ("clx1", HINT)


def test_an_id_that_is_not_valid_is_quoted():
    with pytest.raises(ReceiptInvalid, match=r"the receipt of '\\x1b\[31m' is"):
        ReceiptReader(None, "\x1b[31m")


def test_a_value_has_its_type_and_a_boolean_is_not_a_number():
    assert reader(a=1).take("a", int) == 1
    assert reader(a=True).take("a", bool) is True
    for values in ({}, {"a": None}, {"a": "1"}, {"a": True}):
        with pytest.raises(ReceiptInvalid, match="has an invalid or missing 'a'"):
            reader(**values).take("a", int)


def test_an_optional_value_may_be_missing_or_null():
    assert reader().take_or_none("a", str) is None
    assert reader(a=None).take_or_none("a", str) is None
    with pytest.raises(ReceiptInvalid):
        reader(a=1).take_or_none("a", str)


@pytest.mark.parametrize("path", ["a.wav", "a/b.wav", ".mhsync/moving/clx1-12"])
def test_a_path_inside_the_storage_is_read(path: str):
    assert reader(path=path).path("path") == path


@pytest.mark.parametrize(
    "path",
    ["", "/a", "a/", "../a", "a/../b", "a\\b", "nul\0", ".mhsync/lock", "a/.MHSYNC/x", ".mhsync/moving/clx2-1", ".mhsync/moving/clx1-x"],
)  # fmt: skip
def test_a_path_that_leaves_the_storage_or_is_private_is_refused(path: str):
    with pytest.raises(ReceiptInvalid, match="has a path (that leaves the storage|in mhsync's own folder)"):
        reader(path=path).path("path")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"size": -1, "sha256": "a" * 64}, "negative size"),
        ({"size": 1, "sha256": "A" * 64}, "invalid sha256"),
        ({"size": 1, "sha256": "a" * 63}, "invalid sha256"),
    ],
)
def test_size_and_checksum_are_checked(values: dict[str, object], message: str):
    with pytest.raises(ReceiptInvalid, match=message):
        reader(**values).size()
        reader(**values).sha256()


def test_a_time_is_read_in_utc():
    assert reader(at="2026-11-01T14:00:00+02:00").time("at") == datetime(2026, 11, 1, 12, tzinfo=UTC)
    assert reader(at=None).time("at") is None
    with pytest.raises(ReceiptInvalid, match="'at'"):
        reader(at="yesterday").time("at")


def test_the_keys_that_were_not_read_are_kept():
    one = reader(a=1, b=2, c=None)
    one.take("a", int)
    one.take_or_none("c", int)
    assert one.rest() == {"b": 2}
