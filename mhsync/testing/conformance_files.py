"""Conformance of files: listings, names, removal, copies and versions."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor

import pytest

from mhsync.errors import StorageError, StorageNotFound
from mhsync.storage.base import Storage
from mhsync.testing.conformance_setup import ConformanceSetup
from mhsync.testing.content import NAMES, OUTSIDE, content, get, paths, put


class FileConformance(ConformanceSetup):
    """Files are listed, named, removed, copied and given versions in the same way by every storage."""

    # Listing

    def test_a_listing_takes_a_prefix_as_text(self, storage: Storage) -> None:
        for path in ("a.wav", "ab/c.wav", "ab/d/e.wav", "abc.wav", "b/a.wav"):
            put(storage, path, b"x")
        assert paths(storage) == ["a.wav", "ab/c.wav", "ab/d/e.wav", "abc.wav", "b/a.wav"]
        assert paths(storage, "ab") == ["ab/c.wav", "ab/d/e.wav", "abc.wav"]
        assert paths(storage, "ab/") == ["ab/c.wav", "ab/d/e.wav"]
        assert paths(storage, "ab/d/e.w") == ["ab/d/e.wav"]
        assert paths(storage, "nothing/") == []

    def test_a_listing_of_several_pages_is_whole(self, storage: Storage) -> None:
        expected = [f"many/{number:05}.wav" for number in range(self.many)]
        with ThreadPoolExecutor(self.threads) as pool:
            list(pool.map(lambda path: put(storage, path, b"x"), expected))
        assert paths(storage) == expected
        assert paths(storage, "many/00") == [path for path in expected if path.startswith("many/00")]

    # Names

    @pytest.mark.parametrize("path", NAMES)
    def test_an_odd_name_comes_back_as_it_was(self, storage: Storage, path: str) -> None:
        put(storage, path, path.encode())
        assert get(storage, path) == path.encode()
        assert storage.stat(path) is not None
        assert paths(storage) == [path]
        assert paths(storage, path) == [path]
        storage.copy(path, f"copied/{path}")
        assert paths(storage) == sorted([path, f"copied/{path}"])
        storage.remove(path)
        storage.remove(f"copied/{path}")
        assert paths(storage) == []

    def test_long_names_fit(self, storage: Storage) -> None:
        path = "/".join(letter * self.longest for letter in "abc")
        put(storage, path, b"x")
        assert paths(storage) == [path]
        assert get(storage, path) == b"x"

    @pytest.mark.parametrize("path", OUTSIDE)
    def test_a_path_that_leaves_the_storage_is_refused(self, storage: Storage, path: str) -> None:
        put(storage, "inside.wav", b"x")
        with pytest.raises(StorageError), storage.write(path):
            pass
        with pytest.raises(StorageError):
            storage.open(path)
        with pytest.raises(StorageError):
            storage.stat(path)
        with pytest.raises(StorageError):
            storage.remove(path)
        with pytest.raises(StorageError):
            storage.copy(path, "elsewhere.wav")
        with pytest.raises(StorageError):
            storage.copy("inside.wav", path)
        assert paths(storage) == ["inside.wav"]

    # Removing and copying

    def test_what_is_not_there_is_said_so(self, storage: Storage) -> None:
        put(storage, "folder/a.wav", b"x")
        for path in ("none.wav", "none/none.wav", "folder", "folder/a"):
            assert storage.stat(path) is None
            with pytest.raises(StorageNotFound):
                storage.open(path)
            with pytest.raises(StorageNotFound):
                storage.copy(path, "elsewhere.wav")
            storage.remove(path)
        assert paths(storage) == ["folder/a.wav"]

    def test_a_removed_file_is_gone(self, storage: Storage) -> None:
        put(storage, "a/b.wav", b"x")
        put(storage, "a/c.wav", b"y")
        storage.remove("a/b.wav")
        storage.remove("a/b.wav")
        assert storage.stat("a/b.wav") is None
        assert paths(storage) == ["a/c.wav"]

    @pytest.mark.parametrize("size", [0, 100_000])
    def test_a_copy_has_the_same_bytes_and_the_source_is_kept(self, storage: Storage, size: int) -> None:
        put(storage, "a/b.wav", content(size))
        storage.copy("a/b.wav", "c/d/e.wav")
        assert paths(storage) == ["a/b.wav", "c/d/e.wav"]
        assert get(storage, "a/b.wav") == content(size)
        assert get(storage, "c/d/e.wav") == content(size)

    def test_a_large_file_is_copied_completely(self, storage: Storage) -> None:
        put(storage, "large.wav", content(self.large))
        storage.copy("large.wav", "copy.wav")
        assert hashlib.sha256(get(storage, "copy.wav")).digest() == hashlib.sha256(content(self.large)).digest()

    def test_a_copy_replaces_the_file_at_its_target(self, storage: Storage) -> None:
        put(storage, "a.wav", b"copied")
        put(storage, "b.wav", b"replaced, and longer")
        storage.copy("a.wav", "b.wav")
        assert paths(storage) == ["a.wav", "b.wav"]
        assert get(storage, "b.wav") == b"copied"

    def test_a_copy_of_a_missing_file_leaves_the_target_unchanged(self, storage: Storage) -> None:
        put(storage, "b.wav", b"kept")
        with pytest.raises(StorageNotFound):
            storage.copy("missing.wav", "b.wav")
        assert get(storage, "b.wav") == b"kept"
        assert paths(storage) == ["b.wav"]

    def test_a_copy_onto_itself_keeps_the_file(self, storage: Storage) -> None:
        put(storage, "a.wav", b"kept")
        storage.copy("a.wav", "a.wav")
        assert get(storage, "a.wav") == b"kept"

    def test_a_copy_does_not_change_with_its_source(self, storage: Storage) -> None:
        put(storage, "a.wav", b"before")
        storage.copy("a.wav", "b.wav")
        put(storage, "a.wav", b"after")
        assert get(storage, "b.wav") == b"before"

    # Versions

    def test_list_and_stat_give_the_same_version_and_it_changes_with_the_file(self, storage: Storage) -> None:
        """A storage may give None as the version of every file."""
        earlier: set[str] = set()
        has_version: set[bool] = set()
        for seed in ("one", "two", "three", "four"):
            put(storage, "a.wav", content(1000, seed))
            found = [*storage.list(), storage.stat("a.wav"), *storage.list()]
            versions = {info.version for info in found if info is not None}
            assert [info and (info.path, info.size) for info in found] == [("a.wav", 1000)] * 3
            has_version |= {version is not None for version in versions}
            if self.versions_settle:
                versions.discard(None)
            assert len(versions) <= 1
            given = {version for version in versions if version is not None}
            assert not given & earlier
            earlier |= given
        assert self.versions_settle or len(has_version) == 1

    def test_sizes_are_those_of_stat(self, storage: Storage) -> None:
        """A storage need not give any."""
        for number in range(3):
            put(storage, f"a/{number}/output.wav", content(1000 + number))
        asked = ["a/0/output.wav", "a/2/output.wav", "a/2", "a", "a/9/output.wav", "b.wav", "a/0/output.wav/b"]
        sizes = storage.sizes(asked)
        assert sizes is None or dict(sizes) == {"a/0/output.wav": 1000, "a/2/output.wav": 1002}

    def test_the_version_of_a_writer_is_that_of_the_listing(self, storage: Storage) -> None:
        """A writer need not know the version of what it wrote."""
        for seed in ("one", "two"):
            with storage.write("a.wav") as writer:
                writer.write(content(1000, seed))
            version = getattr(writer, "version", None)
            found = {info.version for info in (*storage.list(), storage.stat("a.wav")) if info is not None}
            assert version is None or found == {version}
