"""read_back: the size, the checksum and the first bytes of a stored file."""

from __future__ import annotations

import hashlib

import pytest

from mhsync.core.receipt import FileRecord
from mhsync.errors import Interrupted
from mhsync.reconcile.checksum import read_back
from mhsync.storage.local import LocalStorage

DATA = bytes(range(256)) * 40


@pytest.fixture
def storage(tmp_path) -> LocalStorage:
    (tmp_path / "a.wav").write_bytes(DATA)
    return LocalStorage(tmp_path)


@pytest.mark.parametrize("chunk", [7, 4096, 1_000_000])
def test_every_byte_is_read_whatever_the_chunk(storage, chunk):
    found = read_back(storage, "a.wav", chunk=chunk, stop=lambda: False)
    assert (found.size, found.sha256) == (len(DATA), hashlib.sha256(DATA).hexdigest())
    assert DATA.startswith(found.head)
    assert found.head


def test_a_missing_file_is_none(storage):
    assert read_back(storage, "b.wav", chunk=4096, stop=lambda: False) is None


def test_a_stop_interrupts_it(storage):
    with pytest.raises(Interrupted, match="a.wav"):
        read_back(storage, "a.wav", chunk=16, stop=lambda: True)


@pytest.mark.parametrize(
    ("size", "sha256", "same"),
    [(len(DATA), hashlib.sha256(DATA).hexdigest(), True), (len(DATA), "0" * 64, False),
     (1, hashlib.sha256(DATA).hexdigest(), False)],
)  # fmt: skip
def test_a_file_matches_only_with_size_and_checksum(storage, size, sha256, same):
    found = read_back(storage, "a.wav", chunk=4096, stop=lambda: False)
    assert found.is_of(FileRecord("a.wav", size, sha256)) is same
