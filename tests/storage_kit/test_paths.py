"""Paths of files: what a storage accepts."""

from __future__ import annotations

import pytest

from mhsync import StorageError
from mhsync.storage_kit import check_file_path, is_file_path

RESERVED = (".mhsync/tmp", ".mhsync/locks")


@pytest.mark.parametrize("path", ["a.wav", "a/b c.wav", "ümläut.wav", ".mhsync/receipts/a.json", ".mhsync/tmpx"])
def test_a_path_of_a_file_is_returned(path: str):
    assert check_file_path(path, RESERVED) == path
    assert is_file_path(path, RESERVED)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("../a", "not a path inside"), ("", "not a path inside"), ("a\udc80b", "not valid Unicode"),
        (".mhsync/tmp", "reserved"), (".mhsync/tmp/a", "reserved"), (".mhsync/locks/1", "reserved"),
    ],
)  # fmt: skip
def test_another_path_is_refused(path: str, message: str):
    assert not is_file_path(path, RESERVED)
    with pytest.raises(StorageError, match=message) as caught:
        check_file_path(path, RESERVED)
    assert caught.value.message.isprintable()


def test_bytes_that_are_not_unicode_are_accepted_on_request():
    assert check_file_path("a\udc80b", allow_bytes=True) == "a\udc80b"
    assert not is_file_path("a\ud800b", allow_bytes=True)
