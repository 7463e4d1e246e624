"""Lock file: stable for git, and strict when it is read."""

from __future__ import annotations

import json

import pytest

from mhsync.core.lock_file import LockedOutput, LockInvalidError, difference, lock_bytes, read_lock
from mhsync.core.pulled import WantedFile
from tests.cli.schemas import assert_valid

SHA = "ab" * 32
ONE, TWO, OTHER = (
    LockedOutput("a", "a/1", 1, SHA),
    LockedOutput("a", "a/2", 2, SHA),
    LockedOutput("b", "b", 3, SHA),
)


def wanted(*outputs):
    return [WantedFile(o.id, o.path, "anywhere", o.size, o.sha256) for o in outputs]


def test_the_order_does_not_matter_and_each_output_has_a_line():
    data = lock_bytes([OTHER, TWO, ONE])
    assert data == lock_bytes([ONE, TWO, OTHER])
    assert len(data.splitlines()) == 3 + 5
    assert read_lock(data) == {"a": {ONE, TWO}, "b": {OTHER}}
    assert_valid(json.loads(data), "lock")


def test_an_empty_lock_file_is_valid():
    assert read_lock(lock_bytes([])) == {}
    assert_valid(json.loads(lock_bytes([])), "lock")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b'{"format": "mhsync.lock/2", "outputs": []}',
        b'{"format": "mhsync.lock/1"}',
        b'{"format": "mhsync.lock/1", "outputs": [{"id": "a"}]}',
        b'{"format": "mhsync.lock/1", "outputs": [{"id": "a", "path": "b", "size": "1", "sha256": "x"}]}',
    ],
)
def test_what_is_not_a_lock_file_is_refused(data):
    with pytest.raises(LockInvalidError):
        read_lock(data)


def test_a_difference_names_the_paths():
    locked = read_lock(lock_bytes([ONE, TWO]))
    assert difference(locked, "a", wanted(TWO, ONE)) is None
    changed = LockedOutput("a", "a/2", 2, "cd" * 32)
    assert difference(locked, "a", wanted(ONE, changed)).startswith("a/2: ")
    assert difference(locked, "a", wanted(ONE)).startswith("a/2: ")
    assert difference(locked, "b", wanted(OTHER)) == "the lock file does not have it"
