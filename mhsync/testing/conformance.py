"""The storage conformance suite: subclass it, say how your storage is opened, and its promises are proved.

    class TestMyStorage(StorageConformance):
        @pytest.fixture
        def opener(self, tmp_path):
            return Opener("my_package:MyStorage", (f"mine://{tmp_path}",))

Each test gets a fresh, empty place: the fixture `opener` sees to that.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import ClassVar

import pytest

from mhsync.core.receipt import Receipt
from mhsync.errors import Locked, StorageError, StorageNotFound
from mhsync.storage.base import Storage
from mhsync.storage.receipts import read_receipt, receipt_path, update_receipt
from mhsync.testing.content import CHUNK, NAMES, OUTSIDE, Unexpected, content, get, paths, put
from mhsync.testing.opener import Opener


class StorageConformance:
    """What every storage promises. A subclass gives the fixture `opener`, and bounds that fit its backend."""

    large: ClassVar[int] = 11 * 1024 * 1024
    """Bytes: more than the backend sends in one request."""
    many: ClassVar[int] = 30
    """Files: more than the backend lists in one page."""
    longest: ClassVar[int] = 200
    """Bytes in one name of a path."""
    threads: ClassVar[int] = 8
    lock_seconds: ClassVar[float] = 20.0
    """Seconds that one try to take a lock may take."""
    kills: ClassVar[int] = 3
    """Moments at which the writing process is killed."""
    versions_settle: ClassVar[bool] = False
    """Whether a file gets its version some time after it was changed. Until then its version is None."""

    @pytest.fixture
    def opener(self) -> Opener:
        pytest.fail("a subclass of StorageConformance gives the fixture `opener`")

    @pytest.fixture
    def storage(self, opener: Opener) -> Iterator[Storage]:
        storage = opener.open()
        yield storage
        storage.close()

    # Reading back

    def test_a_new_storage_is_empty(self, storage: Storage) -> None:
        assert paths(storage) == []
        assert storage.stat("a.wav") is None

    @pytest.mark.parametrize("size", [0, 1, 100_000])
    def test_what_is_written_is_read_back(self, storage: Storage, size: int) -> None:
        put(storage, "clx1/output.wav", content(size))
        assert get(storage, "clx1/output.wav") == content(size)
        info = storage.stat("clx1/output.wav")
        assert info is not None
        assert (info.path, info.size) == ("clx1/output.wav", size)
        assert [(info.path, info.size) for info in storage.list()] == [("clx1/output.wav", size)]

    def test_a_file_of_several_requests_is_read_back(self, storage: Storage) -> None:
        put(storage, "large.wav", content(self.large))
        info = storage.stat("large.wav")
        assert info is not None
        assert info.size == self.large
        assert hashlib.sha256(get(storage, "large.wav")).digest() == hashlib.sha256(content(self.large)).digest()

    def test_writes_of_any_length_join(self, storage: Storage) -> None:
        with storage.write("a.wav") as writer:
            for part in (b"", b"one", b"", content(CHUNK + 1), b"two"):
                writer.write(part)
        assert get(storage, "a.wav") == b"one" + content(CHUNK + 1) + b"two"

    def test_a_reader_reads_in_parts_and_begins_at_the_start(self, storage: Storage) -> None:
        put(storage, "a.wav", content(1000))
        with storage.open("a.wav") as first, storage.open("a.wav") as second:
            assert first.read(10) == content(1000)[:10]
            assert second.read(5) == content(1000)[:5]
            assert first.read() == content(1000)[10:]
            assert first.read(1) == b""

    def test_it_outlives_the_object_it_was_written_through(self, storage: Storage, opener: Opener) -> None:
        put(storage, "a.wav", b"kept")
        again = opener.open()
        assert get(again, "a.wav") == b"kept"
        again.close()

    def test_a_second_write_replaces_the_first(self, storage: Storage) -> None:
        put(storage, "a.wav", b"first, and longer")
        put(storage, "a.wav", b"second")
        assert get(storage, "a.wav") == b"second"
        assert paths(storage) == ["a.wav"]

    # Whole or nothing

    def test_nothing_is_visible_before_the_block_ends(self, storage: Storage) -> None:
        with storage.write("a.wav") as writer:
            writer.write(content(CHUNK))
            assert storage.stat("a.wav") is None
            assert paths(storage) == []
        assert paths(storage) == ["a.wav"]

    @pytest.mark.parametrize("size", [0, 1, 100_000])
    def test_an_exception_leaves_nothing(self, storage: Storage, size: int) -> None:
        with pytest.raises(Unexpected), storage.write("a/b.wav") as writer:
            writer.write(content(size))
            raise Unexpected
        assert storage.stat("a/b.wav") is None
        assert paths(storage) == []

    def test_an_exception_in_a_large_write_leaves_nothing(self, storage: Storage) -> None:
        with pytest.raises(Unexpected), storage.write("a.wav") as writer:
            for _ in range(0, self.large, CHUNK):
                writer.write(bytes(CHUNK))
            raise Unexpected
        assert storage.stat("a.wav") is None
        assert paths(storage) == []

    def test_an_exception_leaves_what_was_there(self, storage: Storage) -> None:
        put(storage, "a.wav", b"before")
        with pytest.raises(Unexpected), storage.write("a.wav") as writer:
            writer.write(content(CHUNK))
            raise Unexpected
        assert get(storage, "a.wav") == b"before"

    def test_a_kill_in_the_middle_of_a_write_leaves_nothing(self, storage: Storage, opener: Opener) -> None:
        with opener.writing("a.wav", before=self.large) as process:
            process.kill()
            process.wait()
        assert storage.stat("a.wav") is None
        assert paths(storage) == []
        storage.sweep()
        put(storage, "a.wav", b"after")
        assert get(storage, "a.wav") == b"after"

    def test_a_kill_in_the_middle_of_a_write_leaves_what_was_there(self, storage: Storage, opener: Opener) -> None:
        put(storage, "a.wav", b"before")
        with opener.writing("a.wav", before=100_000) as process:
            process.kill()
            process.wait()
        assert get(storage, "a.wav") == b"before"
        storage.sweep()
        assert get(storage, "a.wav") == b"before"
        assert paths(storage) == ["a.wav"]

    def test_a_kill_at_any_moment_leaves_a_whole_file(self, storage: Storage, opener: Opener) -> None:
        for number in range(self.kills):
            with opener.writing("a.wav", for_ever=True, size=1_000_000) as process:
                time.sleep(0.05 * number / self.kills)
                process.kill()
                process.wait()
            data = get(storage, "a.wav")
            assert data == data[:1] * 1_000_000

    def test_of_two_writers_of_one_path_one_wins_whole(self, storage: Storage) -> None:
        both_inside, second_ended = threading.Barrier(2), threading.Event()

        def write(data: bytes, *, is_first: bool) -> None:
            with storage.write("a.wav") as writer:
                writer.write(data[:1000])
                both_inside.wait(60)
                if is_first:
                    assert second_ended.wait(60)
                writer.write(data[1000:])
            second_ended.set()

        candidates = [content(200_000, "one"), content(300_000, "two")]
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda data: write(data, is_first=data is candidates[0]), candidates))
        assert get(storage, "a.wav") in candidates
        assert paths(storage) == ["a.wav"]

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

    # Threads, locks, receipts

    def test_many_threads_at_once(self, storage: Storage) -> None:
        started = threading.Barrier(self.threads)

        def work(number: int) -> None:
            started.wait(60)
            for turn in range(4):
                mine = f"own-{number}/{turn}.wav"
                put(storage, mine, content(5000, mine))
                assert get(storage, mine) == content(5000, mine)
                assert mine in paths(storage, f"own-{number}/")
                storage.copy(mine, f"shared/{number}-{turn}.wav")
                storage.remove(mine)
                assert storage.stat(mine) is None
                if turn % 2:
                    storage.remove(f"shared/{number}-{turn}.wav")

        with ThreadPoolExecutor(self.threads) as pool:
            list(pool.map(work, range(self.threads)))
        assert paths(storage) == sorted(f"shared/{n}-{turn}.wav" for n in range(self.threads) for turn in (0, 2))

    def test_a_lock_is_released_at_the_end_of_its_block(self, storage: Storage) -> None:
        for _ in range(2):
            with storage.lock():
                storage.sweep()

    def test_a_lock_that_is_held_is_refused_at_once(self, storage: Storage, opener: Opener) -> None:
        """A storage that cannot lock lets both in; one that can raises `Locked` and does not wait."""
        other = opener.open()
        with storage.lock():
            begin = time.monotonic()
            with suppress(Locked), other.lock():
                pass
            assert time.monotonic() - begin < self.lock_seconds
        with other.lock():
            pass
        other.close()

    def test_receipts_are_kept_apart_whatever_the_case(self, storage: Storage) -> None:
        api, limit = "https://api.example.com", 1024 * 1024
        for id in ("abc", "ABC", "aBc", "con"):
            update_receipt(storage, id, api, lambda receipt: receipt, limit=limit)
        assert [read_receipt(storage, id, limit=limit) for id in ("abc", "ABC", "aBc", "con")] == [
            Receipt.start(id, api) for id in ("abc", "ABC", "aBc", "con")
        ]
        assert paths(storage, ".mhsync/receipts/") == sorted(
            receipt_path(id) for id in ("abc", "ABC", "aBc", "con")
        )
        assert read_receipt(storage, "other", limit=limit) is None
