"""The listing of a folder: at any depth, without unfinished files and links, and without open descriptors."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mhsync.errors import StorageError
from mhsync.storage.local import LocalStorage
from mhsync.testing.content import get, paths, put
from tests.storage.conftest import as_unprivileged_user, on_disk, open_descriptors


def test_unfinished_files_and_the_lock_are_left_out(storage: LocalStorage) -> None:
    put(storage, ".mhsync/receipts/one.json", b"{}")
    with storage.lock(), storage.write("a.wav") as writer:
        writer.write(b"x")
        assert paths(storage) == [".mhsync/receipts/one.json"]
        assert paths(storage, ".mhsync/") == [".mhsync/receipts/one.json"]
        assert paths(storage, ".mhsync/tmp/") == []
        assert paths(storage, ".mhsync/t") == []
        assert paths(storage, ".mhsync/lock") == []


@pytest.mark.parametrize("prefix", ["../", "/", "//", "a/../", "./", "nul\0/x", "a.wav/x", "\ud800/"])
def test_a_prefix_that_no_path_has_lists_nothing(storage: LocalStorage, prefix: str) -> None:
    put(storage, "a.wav", b"x")
    assert paths(storage, prefix) == []


def test_a_deep_folder_is_listed(storage: LocalStorage) -> None:
    folder = storage.folder.joinpath(*["d"] * 150)
    folder.mkdir(parents=True)
    (folder / "a.wav").write_bytes(b"x")
    assert paths(storage) == ["d/" * 150 + "a.wav"]
    storage.remove(paths(storage)[0])
    assert on_disk(storage) == []


def test_a_name_that_is_not_text_is_listed_and_read(storage: LocalStorage) -> None:
    storage.folder.mkdir()
    (storage.folder / os.fsdecode(b"caf\xe9.wav")).write_bytes(b"x")
    (path,) = paths(storage)
    assert get(storage, path) == b"x"


def test_a_folder_that_may_not_be_read_is_an_error(shared: LocalStorage) -> None:
    put(shared, "open/a.wav", b"x")
    put(shared, "closed/b.wav", b"x")
    (shared.folder / "closed").chmod(0)
    with as_unprivileged_user(), pytest.raises(StorageError, match=r"cannot list .*closed: permission denied"):
        paths(shared)
    (shared.folder / "closed").chmod(0o755)


@pytest.mark.parametrize("depth", [1, 15, 16, 17, 40, 200])
def test_files_at_any_depth_are_listed_once(storage: LocalStorage, depth: int) -> None:
    expected = []
    for level in range(depth):
        for name in ("a.wav", "b.wav") if level % 7 == 0 else ("a.wav",):
            expected.append("d/" * level + name)
            put(storage, expected[-1], b"x")
    before = open_descriptors()
    assert paths(storage) == sorted(expected)
    assert open_descriptors() == before


def test_a_listing_that_is_abandoned_leaves_nothing_open(storage: LocalStorage) -> None:
    for number in range(5):
        put(storage, f"a/b/c/{number}/output.wav", b"x")
    before = open_descriptors()
    for stop in range(5):
        for _, _info in zip(range(stop), listing := storage.list(), strict=False):
            pass
        listing.close()
    assert open_descriptors() == before


def test_a_folder_that_cannot_be_read_is_named_at_any_depth(shared: LocalStorage) -> None:
    for path in ("a/secret/output.wav", "/".join("d" * 20) + "/secret/output.wav"):
        put(shared, path, b"x")
        folder = (shared.folder / path).parent
        folder.chmod(0)
        with as_unprivileged_user(), pytest.raises(StorageError, match=f"cannot list {folder}"):
            list(shared.list())
        folder.chmod(0o755)


def test_a_folder_that_is_replaced_by_a_link_is_not_followed(storage: LocalStorage, tmp_path: Path) -> None:
    put(storage, "a/output.wav", b"x")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.wav").write_bytes(b"x")
    (storage.folder / "b").symlink_to(tmp_path / "outside")
    assert paths(storage) == ["a/output.wav"]
